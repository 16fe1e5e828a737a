"""Side by side with git-lfs: `models` makes the files, `arena` the repositories, `side_by_side` the table."""
