"""What others may rely on, checked with their own readers."""
