"""Publishes the rows if these very rows were judged good; the server is down the first time."""

import sys
from pathlib import Path

state, verdict, judged = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
rows = (state / "rows.jsonl").read_text()
if verdict != "good":
    sys.exit(f"the verdict is {verdict}")
if len(rows.splitlines()) != judged:
    sys.exit(f"judged were {judged} rows, and there are {len(rows.splitlines())}: repair it with judge")
if not (state / "server_is_up").exists():
    sys.exit("the server is down")
(state / "published.jsonl").write_text(rows)
