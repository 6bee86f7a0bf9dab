"""The command line: ``python -m annotator annotate``, ``reference`` and ``compare``."""
