"""Asks a service for a file: three times a call, because networks fail, and four calls, because services do."""

import sys
from pathlib import Path

Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)


def ask() -> None:
    """The service is down."""
    with Path(sys.argv[1], "calls.jsonl").open("a") as file:
        file.write("{}\n")
    raise ConnectionError


def with_retries(times, call):
    """The decorator that every project has."""
    for left in reversed(range(times)):
        try:
            return call()
        except ConnectionError:
            if not left:
                raise


with_retries(4, lambda: with_retries(3, ask))
