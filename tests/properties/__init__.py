"""What holds for every checkpoint, tried on ones that nobody thought of."""
