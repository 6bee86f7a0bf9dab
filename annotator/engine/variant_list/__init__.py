"""Lists of variants as people write them (HGVS, SPDI, rs numbers, positions), turned into VCF."""
