"""The demo is a folder of the repository, not an installed package: its root is put where Python looks."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))
