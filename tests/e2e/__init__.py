"""Real git, real git-lfs, whole workflows."""
