"""Premium: how it begins and ends, and what the payment service reports."""
