"""What templates and JSON show of the domain."""
