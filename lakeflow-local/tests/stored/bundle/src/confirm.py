"""The leaf."""

import sys

if sys.argv[1] != "success":
    raise SystemExit(f"not everything was sent: {sys.argv[1]}")
