"""Reference bundles: what is in one, known variants and regions in it, and which build a file was called on."""
