"""``python -m annotator``: the annotation engine's command line."""

import sys

from annotator.engine.cli import main

if __name__ == "__main__":
    sys.exit(main())
