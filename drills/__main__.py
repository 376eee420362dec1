"""`python -m drills [NAME…]`: runs drills, all of them unless named, and prints both outcomes side by side."""

import argparse
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from drills.runner import NAMES, WITH_SPARK, play, title
from lakeflow_local import SparkServer


def main() -> None:
    """Prints one table, a block for each drill."""
    parser = argparse.ArgumentParser(prog="python -m drills", description=__doc__.split(": ", 1)[1])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    names = parser.parse_args().names or list(NAMES)
    if unknown := [name for name in names if name not in NAMES]:
        parser.error(f"there is no drill {', '.join(unknown)}; there are {', '.join(NAMES)}")
    print(f"{'':34}{'trap':>30}{'rule':>30}")
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        spark = None
        for name in names:
            start = time.monotonic()
            if name in WITH_SPARK and spark is None:
                spark = stack.enter_context(SparkServer(Path(folder), connect=False)).spark
            found = play(name, Path(folder, name), spark if name in WITH_SPARK else None)
            print(f"\n{name}: {title(name)} ({time.monotonic() - start:.0f} s)")
            for figure, value in found["trap"].items():
                print(f"  {figure:32}{value:>30}{found['rule'][figure]:>30}", flush=True)


if __name__ == "__main__":
    main()
