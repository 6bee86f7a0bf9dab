"""Who takes the money for Premium: one interface (`service.py`), behind it nobody or Stripe."""
