"""The annotator: the annotation engine and the worker that runs it."""
