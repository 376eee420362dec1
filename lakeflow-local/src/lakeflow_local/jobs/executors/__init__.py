"""One small executor per task type: each starts the work of an attempt and reports how it ended."""
