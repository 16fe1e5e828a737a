"""What tests are made of: checkpoints, strategies, servers."""
