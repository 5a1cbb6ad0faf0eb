"""A copy of a serving Privet's audit folder that verifies: `python deploy/backup.py AUDIT TARGET`.

Nothing stops meanwhile. Each log is copied in the order opposite to the one in which it is written:
checkpoints first, then what they cover, key rows last. So whatever was added in between, the copy
lacks nothing that its checkpoint counts. The standard library is enough.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sqlite3
from pathlib import Path

_CHECKPOINTS = ("checkpoint", "checkpoints")
_ROWS = "keys.db"


def copy(audit: Path, target: Path) -> None:
    """Copy a site's folder; the target must not exist, so that two backups never mix."""
    target.mkdir(parents=True)
    for log in sorted(path for path in audit.iterdir() if path.is_dir()):
        _copy_log(log, target / log.name)


def _copy_log(log: Path, target: Path) -> None:
    target.mkdir()
    for name in filter(lambda name: (log / name).exists(), _CHECKPOINTS):
        shutil.copy2(log / name, target / name)
    shutil.copytree(
        log,
        target,
        ignore=shutil.ignore_patterns(*_CHECKPOINTS, f"{_ROWS}*", "lock", "*.tmp"),
        dirs_exist_ok=True,
    )
    if (log / _ROWS).exists():
        with (
            contextlib.closing(sqlite3.connect(f"file:{log / _ROWS}?mode=ro", uri=True)) as rows,
            contextlib.closing(sqlite3.connect(target / _ROWS)) as copied,
        ):
            rows.backup(copied)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("audit", type=Path, help="the folder that `audit: dir` names")
    parser.add_argument("target", type=Path, help="a folder that isn't there yet")
    given = parser.parse_args()
    copy(given.audit, given.target)
    print(f"{given.target}: copied; `privet audit verify` says whether it is whole")
