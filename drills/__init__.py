"""Each trap as something to run. Run from the root of the repository."""
