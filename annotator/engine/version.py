"""The version of the engine, which every results file names."""

ENGINE_VERSION = "GAS annotation engine 0.1.0"
