"""The scheduled sweeps, which finish or report what was interrupted."""
