"""Consequences of many pairs of an allele and a transcript at once, with numpy."""
