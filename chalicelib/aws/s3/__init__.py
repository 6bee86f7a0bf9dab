"""S3: the buckets of inputs, results and references."""
