"""Operators' commands on AWS: deploy, check, redrive, restore."""
