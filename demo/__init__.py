"""Three business days of the marketplace on this machine, or one's own landing files: `make demo`."""
