"""Each trap as something to run, and the payout protocol under faults. Run from the root of the repository."""
