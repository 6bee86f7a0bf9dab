"""The local stack: an AWS emulator, a development identity provider and workers, on this machine only.

Nothing in here is part of what is deployed: `chalice package` does not take `infra/`.
"""
