"""A user's profile and personal data, and the deletion of both."""
