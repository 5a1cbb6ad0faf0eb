"""`privet serve` itself, with its work counted.

Nothing is left out or replaced: a counter stands before some functions, and each line that is read
from standard input is answered with the counts so far, as JSON.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import orjson

from audit import sealer
from audit.rows import Rows
from proxy.cli import main
from proxy.detect.processes.pool import Pool

#: What is counted -> where it happens. SQLite syncs keys.db once for each commit, out of sight.
COUNTED: dict[str, tuple[tuple[Any, str], ...]] = {
    "chunks analysed": ((Pool, "submit"),),
    "file syncs": ((os, "fdatasync"), (os, "fsync")),
    "key commits": ((Rows, "add"),),
    "HPKE seals": ((sealer, "seal_seed"),),
}


def _count(counts: Counter[str]) -> None:
    """Put a counter before every function in COUNTED."""
    for name, places in COUNTED.items():
        counts[name] = 0
        for owner, attribute in places:
            setattr(owner, attribute, _counted(getattr(owner, attribute), name, counts))


def _counted(function: Callable[..., Any], name: str, counts: Counter[str]) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        counts[name] += 1
        return function(*arguments, **named)

    return call


def _answer(counts: Counter[str]) -> None:
    for _ in sys.stdin:
        print(orjson.dumps(counts).decode(), flush=True)


if __name__ == "__main__":
    so_far: Counter[str] = Counter()
    _count(so_far)
    threading.Thread(target=_answer, args=(so_far,), daemon=True).start()
    sys.exit(main(["serve", "--config", sys.argv[1]]))
