"""A bank for the drills: a folder with one line per transfer. Its first answer about an account can be lost.

Copied into the `src/` of each version of a drill, so that both meet the same bank.
"""

import json
from pathlib import Path


class Timeout(Exception):
    """The request left, and no answer came: the transfer may have been made."""


class Bank:
    """Transfers in `transfers.jsonl`, every request in `requests.jsonl`.

    Args:
        silent: Account to the transfers of which no answer comes the first `times` times.
    """

    def __init__(self, folder: str, silent: str = "", times: int = 1):
        self._folder = Path(folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._silent, self._times = silent, times

    def transfer(self, account: str, amount: str, key: str = "") -> None:
        """Moves money. A key that is known is answered, and moves nothing."""
        self._add("requests", {"account": account, "key": key})
        if not (key and self.knows(key)):
            self._add("transfers", {"account": account, "amount": amount, "key": key})
        asked = sum(request["account"] == account for request in self.read("requests"))
        if account == self._silent and asked <= self._times:
            raise Timeout(f"no answer about {amount} to {account}")

    def knows(self, key: str) -> bool:
        """Whether a transfer was made under this key."""
        return any(line["key"] == key for line in self.read("transfers"))

    def read(self, name: str) -> list[dict]:
        """The lines of one kind."""
        path = self._folder / f"{name}.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def _add(self, name: str, line: dict) -> None:
        with (self._folder / f"{name}.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
