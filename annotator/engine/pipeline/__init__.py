"""One file annotated from its first line to the files of the result, by any number of processes."""
