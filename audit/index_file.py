"""index.db: what the compliance officer searches. Values stand in it as keyed hashes only.

It lives with the officer, never with the proxy, and can be made anew from the log at any time.
What stands clear in it: times, teams, applications, providers, models, rules, classes, entities and
counts. Invariant: an erased value leaves no row and no byte behind (secure deletion, then VACUUM).
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

_APPLICATION_ID = 0x50564958  # "PVIX"
_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS logs (
    id INTEGER PRIMARY KEY,
    origin TEXT NOT NULL UNIQUE,
    folder TEXT NOT NULL,        -- of the slot, in its site
    next INTEGER NOT NULL        -- the first sequence that isn't in the index
) STRICT;
CREATE TABLE IF NOT EXISTS records (
    log INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    time INTEGER NOT NULL,
    exchange TEXT NOT NULL,
    team TEXT, app TEXT, provider TEXT, model TEXT, class TEXT,
    status TEXT,                 -- of outcomes; the error code of refusals
    indexed INTEGER,             -- of intents: whether all values are known, 1 or 0
    PRIMARY KEY (log, sequence)
) WITHOUT ROWID, STRICT;
CREATE INDEX IF NOT EXISTS by_exchange ON records (exchange);
CREATE INDEX IF NOT EXISTS by_time ON records (kind, time);
CREATE INDEX IF NOT EXISTS by_unrecorded ON records (time, indexed) WHERE indexed = 0;
CREATE INDEX IF NOT EXISTS by_team ON records (team, time);
CREATE INDEX IF NOT EXISTS by_provider ON records (provider, time);
CREATE TABLE IF NOT EXISTS rules (
    rule TEXT NOT NULL, log INTEGER NOT NULL, sequence INTEGER NOT NULL,
    PRIMARY KEY (rule, log, sequence)
) WITHOUT ROWID, STRICT;
CREATE INDEX IF NOT EXISTS by_ruled ON rules (log, sequence);
CREATE TABLE IF NOT EXISTS found (
    entity TEXT NOT NULL, log INTEGER NOT NULL, sequence INTEGER NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (log, sequence, entity)
) WITHOUT ROWID, STRICT;
CREATE TABLE IF NOT EXISTS stored (  -- values, where they were stored
    log INTEGER NOT NULL, sequence INTEGER NOT NULL, place INTEGER NOT NULL, tag BLOB NOT NULL,
    PRIMARY KEY (log, sequence, place)
) WITHOUT ROWID, STRICT;
CREATE INDEX IF NOT EXISTS by_tag ON stored (tag);
CREATE TABLE IF NOT EXISTS uses (    -- the records that have them, and at which place
    log INTEGER NOT NULL, sequence INTEGER NOT NULL, place INTEGER NOT NULL,
    of_sequence INTEGER NOT NULL, of_place INTEGER NOT NULL,
    PRIMARY KEY (log, sequence, place)
) WITHOUT ROWID, STRICT;
CREATE INDEX IF NOT EXISTS by_stored ON uses (log, of_sequence, of_place);
CREATE TABLE IF NOT EXISTS waivers (
    id TEXT NOT NULL, lifts TEXT NOT NULL, until TEXT NOT NULL, approved_by TEXT NOT NULL,
    scope TEXT NOT NULL, why TEXT NOT NULL, seen INTEGER NOT NULL,
    PRIMARY KEY (id, until, approved_by)
) WITHOUT ROWID, STRICT;
"""


def open_index(path: Path) -> sqlite3.Connection:
    """Open or create an index; raises sqlite3.Error, also for another version's."""
    new = not path.exists()
    path.touch(mode=0o600)
    database = sqlite3.connect(path, isolation_level=None)
    if new:
        database.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        database.execute(f"PRAGMA user_version = {_VERSION}")
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if (application, version) != (_APPLICATION_ID, _VERSION):
        database.close()
        raise sqlite3.DatabaseError(f"{path} is not an index of this version")
    database.execute("PRAGMA secure_delete = ON")
    database.execute("PRAGMA temp_store = MEMORY")
    database.execute("PRAGMA cache_size = -65536")
    database.executescript(_SCHEMA)
    return database
