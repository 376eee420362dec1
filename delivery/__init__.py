"""From a commit to production: one archive, one plan, one deployment, the way back, and a look for drift.

    release.py      makes the archive of a commit: its files, its wheel, a checksum for each
    archive.py      opens it, and trusts nothing whose checksum is not right
    databricks.py   calls the Databricks CLI in an unpacked archive, so that it builds nothing
    plans.py        what a plan does, to read; and a seal that ties it to the archive that it was made from
    deployment.py   deploys exactly that plan, and looks afterwards
    rehearsal.py    runs the job on made-up data and judges the result; the only module that needs the SDK

No module knows which CI calls it: what it needs comes by arguments, and the workspace by the CLI's own
environment variables (DATABRICKS_HOST and whatever signs in).
"""
