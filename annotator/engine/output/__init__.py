"""What an annotation writes: INFO of the VCF file and its index, the table of variants, counts, summary and log."""
