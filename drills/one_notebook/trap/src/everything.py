"""Adds up the day, and tells somebody by mail."""

import sys

from office import append_totals, mail

append_totals(sys.argv[1])
mail(sys.argv[1])
