"""Software is nobody: tools, models and formats, and the people who are called like them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from proxy.detect.names.given import is_given_name
from proxy.detect.names.products import Subject, _products, is_product, subject_of

Find = Callable[..., list[tuple[str, str]]]
NAMES = {"PERSON", "LOCATION", "ORGANIZATION", "NRP"}

NOTHING, SOFTWARE, ASSISTANTS = Subject(False, False), Subject(True, False), Subject(False, True)
ABOUT_TOOLS = (
    "Run `make lint` with --fix, then open src/main.py and README.md in Vim; see get_user()."
)


@pytest.mark.parametrize(
    ("name", "subject", "expected"),
    [
        ("Docker", NOTHING, True),
        ("Claude Code", NOTHING, True),
        ("Postgres and Redis", NOTHING, True),
        ("Bump Django", NOTHING, True),
        ("Django Reinhardt", NOTHING, False),
        ("Anna Docker", NOTHING, False),
        ("Jenkins", NOTHING, False),
        ("Jenkins", SOFTWARE, True),
        ("Claude", NOTHING, False),
        ("Claude", ASSISTANTS, True),
        ("Claude Monet", ASSISTANTS, False),
        ("Anna Jenkins", SOFTWARE, False),
        ("Ravensworth", SOFTWARE, False),
        ("42", SOFTWARE, False),
    ],
)
def test_what_is_a_product(name: str, subject: Subject, expected: bool) -> None:
    assert is_product(name, subject) is expected


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        (ABOUT_TOOLS, SOFTWARE),
        ("You are Claude, an assistant made by Anthropic.", ASSISTANTS),
        ("Mr Jenkins will go to the spring fair with his teams.", NOTHING),
        (ABOUT_TOOLS + " The weather was fine, and they went out to sea. " * 60, NOTHING),
    ],
)
def test_what_a_text_is_about(text: str, subject: Subject) -> None:
    assert subject_of(text) == subject


def test_a_certain_product_is_nobodys_given_name() -> None:
    alone = [name for name in _products().certain if " " not in name]
    assert len(alone) > 500
    assert [name for name in alone if is_given_name(name.capitalize())] == []


@pytest.mark.parametrize(
    "text",
    [
        "You are Claude Code. Use Grep and Glob, not Bash; prefer Edit to Write. Task: run Ruff.",
        "Use TodoWrite often. The Task tool starts a Subagent. Ask the User before you use Bash.",
        "You are an agent in Cursor. Read AGENTS.md and README.md, then `src/app.py`, before Editing.",
    ],
)
def test_a_coding_agents_prompt_names_nobody(find: Find, text: str) -> None:
    assert [found for found in find(text, models=True) if found[0] in {*NAMES, "URL"}] == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"{ABOUT_TOOLS}\nAsk Anna Jenkins about it.", "Anna Jenkins"),
        (f"{ABOUT_TOOLS}\nReviewed by Thandiwe Okonkwo.", "Thandiwe Okonkwo"),
        ("Mr Jenkins called about the boiler.", "Jenkins"),
        ("Claude Dupont called about the boiler; the agent rang back.", "Claude Dupont"),
    ],
)
def test_people_stay_people_beside_software(find: Find, text: str, name: str) -> None:
    assert ("PERSON", name) in find(text, models=True)
