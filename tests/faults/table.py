"""The tables of faults in tests/README.md, made of the cells and expectations that the tests run.

`.venv/bin/python -m tests.faults.table` writes them; a test holds them against what is run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.faults.killable import STEPS
from tests.faults.test_steps import AT_ONCE, CELLS
from tests.faults.test_upstream import WRONGS

README = Path(__file__).parent.parent / "README.md"
_BLOCK = re.compile(r"(?<=<!-- faults -->\n).*?(?=\n<!-- end of faults -->)", re.DOTALL)
_KILLED = "SIGKILL"
_NO_WAIT = "no wait"
#: Why there is no such test, where there is none.
LACKS = {
    ("detect", "full disk"): "writes nothing",
    ("mask", "full disk"): "writes nothing",
    ("receive", "full disk"): "writes nothing",
    ("forward", "full disk"): "writes nothing",
    ("mask", "timeout"): "no limit but the body's size",
}


def faults() -> list[str]:
    """The columns, in the order in which the cells name them."""
    return [*dict.fromkeys(fault for _, fault in CELLS), _KILLED]


def _cell(step: str, fault: str) -> str:
    if (step, fault) in CELLS or fault == _KILLED:
        return "holds"
    if fault == "client takes nothing":
        return "– (says nothing yet)"
    if step in AT_ONCE:
        return f"– ({'writes nothing' if fault == 'full disk' else _NO_WAIT})"
    if fault == "killed process":
        return "– (no process of its own)"
    return f"– ({LACKS[step, fault]})"


def tables() -> str:
    """What goes wrong in each step; what a provider does wrong."""
    return "\n".join([*_steps(), "", *_upstream()])


def _steps() -> Iterator[str]:
    yield "| | " + " | ".join(faults()) + " |"
    yield "|---|" + "---|" * len(faults())
    for step in STEPS:
        yield f"| {step} | " + " | ".join(_cell(step, fault) for fault in faults()) + " |"


def _upstream() -> Iterator[str]:
    yield "| a provider | whole | streamed |"
    yield "|---|---|---|"
    for name, wrong in WRONGS.items():
        yield f"| {name} | {wrong.whole} | {wrong.stream or wrong.whole} |"


def shown() -> str:
    """What the README has."""
    found = _BLOCK.search(README.read_text(encoding="utf-8"))
    return found[0] if found else ""


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    README.write_text(_BLOCK.sub(lambda _: tables(), text), encoding="utf-8")
