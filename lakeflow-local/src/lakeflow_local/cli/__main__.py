"""`python -m lakeflow_local.cli`: the program without its script."""

from lakeflow_local.cli.main import main

main()
