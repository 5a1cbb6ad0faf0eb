"""The policies that we ship and the design's sample pass their own tests; the schema is current."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest

from proxy.policy.lint import NOTES, WARNINGS, lint
from proxy.policy.load import load, parse
from proxy.policy.schema import schema_text
from proxy.policy.testing import Result, run

HERE = Path(__file__).parent
POLICIES = HERE.parent.parent / "policies"
TODAY = date(2026, 11, 23)
FILES = [HERE / "acme.test.yaml", POLICIES / "starter.test.yaml"]


@pytest.mark.parametrize(
    "result",
    [pytest.param(r, id=f"{file.stem}: {r.name}") for file in FILES for r in run(file, TODAY)],
)
def test_policy(result: Result) -> None:
    assert result.passed, str(result.problem)


def test_every_shipped_policy_has_tests_and_no_warnings() -> None:
    shipped = [p for p in POLICIES.glob("*.yaml") if not p.name.endswith(".test.yaml")]
    assert shipped
    for path in shipped:
        assert path.with_suffix(".test.yaml") in FILES
        assert [p for p in lint(path, None, TODAY) if p.code not in NOTES] == []


WEAKENINGS = [
    ("any_of: [PRIVATE_KEY, API_KEY]", "any_of: [PRIVATE_KEY]"),
    (
        "PERSON: {class: confidential, action: placeholder}",
        "PERSON: {class: public, action: allow}",
    ),
    (
        "entity: {class: confidential, action: placeholder}",
        "entity: {class: public, action: allow}",
    ),
    ("hide: off_premises", "hide: above_clearance"),
    ("unclassified: restricted", "unclassified: public"),
    ("clearance: internal", "clearance: restricted"),
]


@pytest.mark.parametrize(("old", "new"), WEAKENINGS)
def test_a_weaker_starter_policy_fails_its_tests(tmp_path: Path, old: str, new: str) -> None:
    text = (POLICIES / "starter.yaml").read_text()
    assert old in text
    (tmp_path / "starter.yaml").write_text(text.replace(old, new))
    tests = tmp_path / "starter.test.yaml"
    tests.write_text((POLICIES / "starter.test.yaml").read_text())
    assert not all(result.passed for result in run(tests, TODAY))


def test_the_schema_is_current() -> None:
    """Regenerate with: python -m proxy.policy.schema > policies/schema.json"""
    assert (POLICIES / "schema.json").read_text() == schema_text()
    assert json.loads(schema_text())["additionalProperties"] is False


def keys_of_the_format() -> set[str]:
    schema = json.loads(schema_text())
    keys = set(schema["properties"])
    for definition in schema["$defs"].values():
        keys |= set(definition.get("properties", ()))
    return keys


def test_the_readme_names_every_key() -> None:
    """A key that security teams can write is one that they can look up."""
    readme = (POLICIES / "README.md").read_text()
    assert [key for key in sorted(keys_of_the_format()) if f"`{key}`" not in readme] == []


def test_the_readme_names_all_that_lint_says() -> None:
    """Errors explain themselves; what a warning or note means for the policy stands there."""
    readme = (POLICIES / "README.md").read_text()
    assert [code for code in sorted(WARNINGS | NOTES) if f"`{code}`" not in readme] == []


def test_the_readmes_sample_loads_and_uses_every_key() -> None:
    readme = (POLICIES / "README.md").read_text()
    sample = re.search(r"```yaml\n(policy: acme.*?)```", readme, re.DOTALL)
    assert sample is not None
    assert parse(sample[1], "README.md").name == "acme/2026-11"
    keys = sorted(keys_of_the_format())
    assert [key for key in keys if not re.search(rf"\b{key}:\s", sample[1])] == []


def test_sample_classes_are_ordered_as_written() -> None:
    assert load(HERE / "acme.yaml").classes == ("public", "internal", "confidential", "restricted")
