"""git-theta: version control for machine-learning models, as a git extension."""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
