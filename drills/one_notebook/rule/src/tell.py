"""Tells somebody by mail."""

import sys

from office import mail

mail(sys.argv[1])
