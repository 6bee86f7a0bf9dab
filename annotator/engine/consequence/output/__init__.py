"""What is written about consequences: CSQ as Ensembl VEP writes it, and BCSQ as bcftools csq does."""
