"""What tests in every directory can ask for."""
pytest_plugins = ["tests.packaged_stack"]
