"""What a bundle means, read without running it: graphs, operands, calendars, code."""
