"""Consequences of one allele on one transcript: every rule, for the pairs that the vector paths turn away."""
