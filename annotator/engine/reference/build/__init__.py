"""Building reference bundles: public files fetched, gene models read and placed, layers and regions merged."""
