"""Adds up the day."""

import sys

from office import append_totals

append_totals(sys.argv[1])
