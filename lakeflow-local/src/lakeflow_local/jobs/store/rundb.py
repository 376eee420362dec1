"""The tables of the history of runs. Later versions read them too, so a table is only ever added."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from lakeflow_local.database import open_database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
  run_id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,               -- job | pipeline
  key TEXT NOT NULL,                -- resource key
  name TEXT NOT NULL,
  job_id INTEGER NOT NULL,
  target TEXT NOT NULL,
  parent_run_id INTEGER,            -- the run whose run_job_task started this one
  parent_task_key TEXT,
  life_cycle TEXT NOT NULL,
  result TEXT,
  message TEXT NOT NULL DEFAULT '',
  start INTEGER NOT NULL,           -- epoch milliseconds, as all times
  end INTEGER,
  updated INTEGER NOT NULL,
  source TEXT NOT NULL,             -- the resolved resource
  doc TEXT NOT NULL                 -- parameters, trigger, options, passes
);
CREATE INDEX IF NOT EXISTS runs_by_job ON runs (job_id, life_cycle);
CREATE TABLE IF NOT EXISTS attempts (
  task_run_id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs,
  task_key TEXT NOT NULL,
  iteration INTEGER,
  number INTEGER NOT NULL,
  repair INTEGER NOT NULL,
  life_cycle TEXT NOT NULL,
  result TEXT,
  start INTEGER NOT NULL,
  end INTEGER,
  doc TEXT NOT NULL                 -- message, reason, settings with references resolved, what executors reported
);
CREATE INDEX IF NOT EXISTS attempts_by_run ON attempts (run_id, task_run_id);
CREATE TABLE IF NOT EXISTS task_values (
  run_id INTEGER NOT NULL REFERENCES runs,
  task_key TEXT NOT NULL,
  iteration INTEGER NOT NULL DEFAULT -1,
  name TEXT NOT NULL,
  value TEXT NOT NULL,              -- JSON
  at INTEGER NOT NULL,
  PRIMARY KEY (run_id, task_key, iteration, name)
) WITHOUT ROWID;
"""


def connect(path: Path) -> sqlite3.Connection:
    """Open the database, made if it is not there. Each statement is a transaction unless one is begun.

    Raises:
        sqlite3.DatabaseError: the file is damaged.
    """
    try:
        database = open_database(path)
        database.row_factory = sqlite3.Row
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'task_values'").fetchone():
            database.executescript(_SCHEMA)
    except UnicodeDecodeError:  # SQLite quotes what it cannot read in its message, which is then no text
        raise sqlite3.DatabaseError("its schema is malformed") from None
    return database
