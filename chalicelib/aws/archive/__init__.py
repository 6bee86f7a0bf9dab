"""The archive of results files: S3 Glacier or a Glacier vault behind one interface."""
