"""Outputs of the engine that no change may alter without saying so: sums of them are kept in `sums.json`."""
