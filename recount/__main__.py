"""Prints the differences; exit 1 if there is one."""

import argparse
import sys
from pathlib import Path

from recount.balance import recount


def main() -> int:
    parser = argparse.ArgumentParser(prog="recount", description=__doc__)
    parser.add_argument("--root", type=Path, default=Path(), help="the folder that holds .lakeflow/")
    parser.add_argument("--landing", type=Path, help="a folder in which every file must have been read by now")
    parser.add_argument("--timezone", default="Europe/Berlin", help="the zone in which days are settled")
    parser.add_argument("--pipeline-schema", default="payouts")
    parser.add_argument("--ledger-schema", default="ledger")
    arguments = parser.parse_args()
    if not (arguments.root / ".lakeflow/balance.json").is_file():
        print(
            f"recount: {arguments.root / '.lakeflow/balance.json'} is missing; `make demo` writes it", file=sys.stderr
        )
        return 2
    differences = recount(
        arguments.root,
        timezone=arguments.timezone,
        pipeline_schema=arguments.pipeline_schema,
        ledger_schema=arguments.ledger_schema,
        landing=arguments.landing,
    )
    print("\n".join(differences) or "recount: no difference; both contracts hold")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
