"""VCF files read and checked: from bytes to the columns of a block of records, one by one where a record is unusual."""
