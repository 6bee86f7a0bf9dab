"""Packaging: the deployment artifact and the CloudFormation templates, as data."""
