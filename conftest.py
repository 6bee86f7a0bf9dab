"""What tests in every directory can ask for, however pytest is called."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
pytest_plugins = ["tests.packaged_stack"]
