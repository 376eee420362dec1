"""Beside the fixtures of lakeflow-local: `pipeline`, `job`, `bundle`, `spark`."""

import os
import time

os.environ["TZ"] = "UTC"  # collect() gives datetimes in the process's zone
time.tzset()
