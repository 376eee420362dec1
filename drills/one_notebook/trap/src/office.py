"""The work of the drill: totals that are appended, and a mail server that is busy twice."""

import json
import sys
from pathlib import Path


def append_totals(folder: str) -> None:
    """Appends one line per country, with what was sold there: an hour of work on a real cluster."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    with Path(folder, "totals.jsonl").open("a") as file:
        for country, sold in {"DE": "120.00", "FR": "80.00", "IT": "50.00"}.items():
            file.write(json.dumps({"country": country, "amount": sold}) + "\n")


def mail(folder: str) -> None:
    """Sends a mail; the first two calls fail."""
    calls = Path(folder, "mails.jsonl")
    with calls.open("a") as file:
        file.write("{}\n")
    if len(calls.read_text().splitlines()) < 3:
        sys.exit("the mail server is busy")
