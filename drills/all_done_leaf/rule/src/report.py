"""Reports what was paid, whatever happened."""

import sys

from bank import Bank

print(f"{len(Bank(sys.argv[1]).read('transfers'))} transfers")
