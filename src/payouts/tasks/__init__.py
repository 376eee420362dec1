"""Entry points of the job's tasks: read arguments and tables, call the library, set task values. No rule lives here."""
