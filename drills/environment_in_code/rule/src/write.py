"""Writes the totals of the day to the schema that it is given; without one it does not start."""

import argparse
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("state", type=Path)
parser.add_argument("--schema", required=True)
arguments = parser.parse_args()
arguments.state.mkdir(parents=True, exist_ok=True)
with (arguments.state / f"{arguments.schema}.jsonl").open("a") as file:
    file.write('{"country": "XX", "amount": "1.00"}\n' * 3)
