"""SECURITY.md's threat model: every threat names a test, and there is one of that name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

TEXT = Path("SECURITY.md").read_text()
NAMED = re.compile(r"`((?:\w+/)*test_\w+\.py)(?:::(\w+))?`")


def rows() -> Iterator[tuple[str, str]]:
    """Each threat: its letters, and the cell of its tests."""
    for line in TEXT.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and re.fullmatch(r"[STRIDE](, [STRIDE])*", cells[0]):
            assert len(cells) == 4, line
            yield cells[0], cells[3]


def defined_in(file: Path) -> set[str]:
    tree = ast.parse(file.read_text())
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, functions)}


def test_every_threat_names_tests_that_exist() -> None:
    for letters, cell in rows():
        named = NAMED.findall(cell)
        assert named, (letters, cell)
        assert NAMED.sub("", cell).strip(", ") == "", cell
        for file, function in named:
            path = Path("tests", file)
            assert path.exists(), file
            assert not function or function in defined_in(path), f"{file}::{function}"


def test_every_boundary_is_there_with_every_letter_somewhere() -> None:
    assert TEXT.count("\n### ") == 8
    letters = {letter for threat, _ in rows() for letter in threat.split(", ")}
    assert letters == set("STRIDE")
    assert len(list(rows())) > 40
