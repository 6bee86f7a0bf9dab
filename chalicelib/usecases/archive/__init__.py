"""Results move into the archive and back: archive, restore, thaw."""
