"""The subcommands of `lakeflow-local` that run something or tell of runs."""
