"""What happens to a job between its upload and its deletion, and what its owner does with it."""
