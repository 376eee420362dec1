"""One HTML page about one run, made from the stored history alone."""
