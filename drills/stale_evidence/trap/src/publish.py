"""Publishes the rows if they were judged good; the server is down the first time."""

import sys
from pathlib import Path

state, verdict = Path(sys.argv[1]), sys.argv[2]
if verdict != "good":
    sys.exit(f"the verdict is {verdict}")
if not (state / "server_is_up").exists():
    sys.exit("the server is down")
(state / "published.jsonl").write_text((state / "rows.jsonl").read_text())
