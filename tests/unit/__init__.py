"""One file for each module of git_theta, and for the support code that needs proof."""
