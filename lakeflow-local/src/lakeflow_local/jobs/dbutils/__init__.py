"""Stand-ins for dbutils: task values, widgets, secrets, files."""
