"""The JSON Schema as an editor uses it: what loads is valid, and what is misspelt is underlined."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from proxy.cli import main
from proxy.policy.schema import schema_text
from proxy.yaml_file import Document
from tests.properties.policy_space import Data
from tests.properties.policy_whole import whole_policies

POLICIES = Path(__file__).parent.parent.parent / "policies"
SCHEMA = json.loads(schema_text())
EDITOR = Draft202012Validator(SCHEMA)
ACME = (Path(__file__).parent / "acme.yaml").read_text()


def written(text: str) -> Any:
    """A file as an editor reads it: YAML's core schema, in which days are text."""
    return Document(text, "policy.yaml").value


def readme_sample() -> str:
    found = re.search(
        r"```yaml\n(policy: acme.*?)```", (POLICIES / "README.md").read_text(), re.DOTALL
    )
    assert found is not None
    return found[1]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


SHIPPED = sorted(p for p in POLICIES.rglob("*.yaml") if not p.name.endswith(".test.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_we_ship_is_valid(path: Path) -> None:
    EDITOR.validate(written(path.read_text()))


def test_the_sample_with_every_key_is_valid() -> None:
    EDITOR.validate(written(readme_sample()))


@given(whole_policies())
@settings(max_examples=50, deadline=None)
def test_whatever_loads_is_valid(data: Data) -> None:
    EDITOR.validate(data)


#: What is misspelt in the sample, and where an editor underlines it.
MISSPELT = [
    ("hide: off_premises", "hide: of_premises", ["default", "hide"]),
    ("PERSON:        {class", "person:        {class", ["entities"]),
    ("min_score: 0.5", "min_score: 5", ["entities", "EMAIL_ADDRESS", "min_score"]),
    ("{generalise: year}", "{generalise: month}", ["entities", "DATE_OF_BIRTH", "action"]),
    ("on_prem: true", "on_prem: yes", ["providers", "vllm-frankfurt", "on_prem"]),
    ("retention: none", "retention: 30 days", ["providers", "vllm-frankfurt", "retention"]),
    ("until: 2027-01-31", "untill: 2027-01-31", ["rules", 4]),
    ("lifts: require", "lifts: permit", ["rules", 4, "waive", "lifts"]),
]


@pytest.mark.parametrize(("old", "new", "place"), MISSPELT)
def test_what_is_misspelt_is_underlined(old: str, new: str, place: list[Any]) -> None:
    assert old in ACME
    errors = EDITOR.iter_errors(written(ACME.replace(old, new, 1)))
    assert place in [list(error.absolute_path) for error in every(errors)]


def every(errors: Any) -> Iterator[Any]:
    """Errors, and those of each choice that there was."""
    for error in errors:
        yield error
        yield from every(error.context)


def test_every_key_of_every_part_is_known_and_no_other() -> None:
    """An unknown key is an error wherever there are keys that the author doesn't choose."""
    sample = written(readme_sample())
    for path in places(sample):
        wrong = copy.deepcopy(sample)
        node = wrong
        for step in path:
            node = node[step]
        node["unheard_of"] = "x"
        assert not EDITOR.is_valid(wrong), path


#: Mappings whose keys are names that their author chooses.
BY_NAME = ("tools", "labels", "opaque", "providers", "recognizers", "output")


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every mapping of the format's own keys."""
    if isinstance(node, dict):
        if not path or path[-1] not in BY_NAME:
            yield path
        for key, value in node.items():
            yield from places(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from places(value, (*path, index))


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["policy", "schema"]) == 0
    assert capsys.readouterr().out == (POLICIES / "schema.json").read_text()
