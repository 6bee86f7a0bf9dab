"""Breakages of one line that a test must notice (`mutants.toml`), and what tries them (`make mutants`)."""
