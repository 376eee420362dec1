"""The last word: red unless everybody who was due has been paid."""

import sys

from bank import Bank

DUE = {"alice", "bob", "carol"}
if missing := DUE - {line["account"] for line in Bank(sys.argv[1]).read("transfers")}:
    sys.exit(f"not paid: {', '.join(sorted(missing))}")
