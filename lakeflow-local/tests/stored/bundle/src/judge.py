"""A day is good when revenue has a row; its parts are sent one by one."""

import sys
from pathlib import Path

from databricks.sdk.runtime import dbutils

good = not Path("closed").exists()
print(f"day {sys.argv[1]} is {'good' if good else 'bad'}")
dbutils.jobs.taskValues.set(key="good", value="true" if good else "false")
dbutils.jobs.taskValues.set(key="parts", value=["a", "b"])
