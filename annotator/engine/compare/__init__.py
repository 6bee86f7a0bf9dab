"""Two annotations of the same variants compared with each other."""
