"""Adapters to AWS: tables, files, topics, queues, secrets. Nothing else in GAS speaks to AWS."""
