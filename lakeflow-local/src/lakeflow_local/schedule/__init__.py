"""When the jobs of a bundle would run: triggers and where their runs would collide."""
