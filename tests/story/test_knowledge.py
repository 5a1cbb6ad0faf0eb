"""What a company knows about itself: hidden, shown, changed while serving, and tested by its makers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from proxy.commands.scaffold import starter_policy
from proxy.detect.detector import Detector
from proxy.detect.knowledge.read import Knowledge
from proxy.serving import watching
from tests.house import House, house, said_to
from tests.simulator import Simulator

KNOWLEDGE = """\
dictionaries:
  - {entity: PROJECT_NAME, file: projects.txt}
allow:
  - {entities: [PERSON, ORGANIZATION], terms: [Anna Service]}
public_figures:
  - {shipped: true}
tests:
  - text: Anna Service says that Nightjar ships.
    finds: {PROJECT_NAME: [Nightjar]}
    shows: [Anna Service]
"""
BLOCKED = """
  - id: projects-stay
    when: {entities: {any_of: [PROJECT_NAME]}}
    require: {provider: {on_prem: true}}
"""


def blocking(policy: str) -> str:
    """A policy whose rules need what only the knowledge file yields."""
    entry = "entities:\n  PROJECT_NAME: {class: confidential, action: placeholder}\n"
    return policy.replace("starter/1", "starter/2").replace("entities:\n", entry, 1) + BLOCKED


@pytest_asyncio.fixture
async def knowing(
    tmp_path: Path, detector: Detector, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    """A Privet with a knowledge file, whose changes are looked for often."""
    monkeypatch.setattr(watching, "_EVERY_S", 0.01)
    folder = tmp_path / "privet"
    folder.mkdir()
    (folder / "knowledge.yaml").write_text(KNOWLEDGE)
    (folder / "projects.txt").write_text("Nightjar\n")
    extra = "detect: {knowledge: [knowledge.yaml]}\n"
    try:
        async with house(folder, detector, simulator.base_url, extra=extra) as running:
            yield running
    finally:
        detector.learn(Knowledge())


async def said(privet: House, simulator: Simulator, text: str) -> str:
    """What the provider reads of a message."""
    simulator.says("Hi")
    ask: Any = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}]}
    await privet.client.chat.completions.create(**ask)
    return said_to(simulator.journal[-1].body)


def put(file: Path, text: str) -> None:
    """Write a file anew as operators do: nobody reads half of it."""
    fresh = file.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(file)


async def until(privet: House, simulator: Simulator, holds: Callable[[], bool]) -> None:
    for _ in range(1_000):
        if holds():
            return
        await said(privet, simulator, "Hi")
    pytest.fail("it never happened")


def on_record(privet: House) -> list[Any]:
    """What the audit log says of knowledge: at the start, and at each change."""
    bodies: list[Any] = [record.opened.body for record in privet.on_disk()]
    return [body for body in bodies if "knowledge" in body]


async def test_terms_are_hidden_and_allowed_values_shown(
    knowing: House, simulator: Simulator
) -> None:
    text = "Anna Service told Bob Jones that nightjar ships."
    read = await said(knowing, simulator, text)
    assert "Anna Service told <PERSON_2> that <PROJECT_NAME_1> ships." in read
    (intent,) = [one for one in await knowing.records() if one.opened.kind.name == "INTENT"]
    body: Any = intent.opened.body
    assert body["found"]["PERSON"] == 2
    assert body["found"]["PROJECT_NAME"] == 1
    assert body["shown"]["PERSON"] == 1, "shown, and on record as such"


async def test_a_public_figure_is_spoken_of_until_somebody_else_is(
    knowing: House, simulator: Simulator
) -> None:
    asked = "When did Angela Merkel become chancellor of Germany?"
    assert asked in await said(knowing, simulator, asked)
    read = await said(knowing, simulator, asked + " My colleague Bob Jones wonders.")
    assert "Merkel" not in read


async def test_changed_terms_are_in_force_and_bad_ones_are_not(
    knowing: House, simulator: Simulator
) -> None:
    detector = knowing.services.detector
    before = detector.knowledge.digest
    put(knowing.folder / "projects.txt", "Nightowl\n")
    await until(knowing, simulator, lambda: detector.knowledge.digest != before)
    assert "Is <PROJECT_NAME_1> or nightjar late?" in await said(
        knowing, simulator, "Is nightowl or nightjar late?"
    )
    kept = detector.knowledge.digest
    put(knowing.folder / "projects.txt", "x\n")
    await until(knowing, simulator, lambda: not on_record(knowing)[-1]["accepted"])
    assert detector.knowledge.digest == kept
    told = [(body["knowledge"]["digest"], body["accepted"]) for body in on_record(knowing)]
    assert told == [(before.hex(), True), (kept.hex(), True), (kept.hex(), False)]


async def test_an_entity_that_policy_needs_is_not_taken_away(
    knowing: House, simulator: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    detector, policies = knowing.services.detector, knowing.services.policies
    path = knowing.folder / "policy.yaml"
    path.write_text(blocking(path.read_text()))
    await until(knowing, simulator, lambda: policies.current.name == "starter/2")
    kept = detector.knowledge
    put(knowing.folder / "knowledge.yaml", "tests: [{text: a, leaves: [a]}]\n")
    for _ in range(20):
        await said(knowing, simulator, "Hi")
    assert detector.knowledge is kept
    assert "PROJECT_NAME" in detector.produced


def privet(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "proxy", *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(Path.cwd()), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_its_makers_test_it(tmp_path: Path) -> None:
    (tmp_path / "knowledge.yaml").write_text(KNOWLEDGE)
    (tmp_path / "projects.txt").write_text("Nightjar\n")
    good = privet(tmp_path, "detect", "test", "knowledge.yaml", "--tier", "fast")
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout == "passed  knowledge.yaml: tests[0]\n1 passed, 0 failed\n"
    (tmp_path / "projects.txt").write_text("Nightowl\n")
    bad = privet(tmp_path, "detect", "test", "knowledge.yaml", "--tier", "fast")
    assert bad.returncode == 1
    assert "FAILED  knowledge.yaml: tests[0]" in bad.stdout
    assert "knowledge.yaml:8:5: 'Nightjar' isn't found as PROJECT_NAME: " in bad.stdout
    wrong = privet(tmp_path, "detect", "test", "projects.txt")
    assert wrong.returncode == 2
    assert "projects.txt:1:1" in wrong.stderr


def test_policy_lint_knows_what_the_company_knows(tmp_path: Path) -> None:
    assert privet(tmp_path, "init", "here").returncode == 0
    here = tmp_path / "here"
    (here / "policy.yaml").write_text(blocking(starter_policy()))
    missing = privet(here, "policy", "lint", "policy.yaml", "--config", "privet.yaml")
    assert "no enabled recognizer produces 'PROJECT_NAME'" in missing.stdout
    (here / "knowledge.yaml").write_text(KNOWLEDGE)
    (here / "projects.txt").write_text("Nightjar\n")
    settings = (here / "privet.yaml").read_text()
    (here / "privet.yaml").write_text(settings + "detect: {knowledge: [knowledge.yaml]}\n")
    known = privet(here, "policy", "lint", "policy.yaml", "--config", "privet.yaml")
    assert "no enabled recognizer produces 'PROJECT_NAME'" not in known.stdout
    told = privet(here, "detect", "explain", "Nightjar", "--config", "privet.yaml")
    assert "PROJECT_NAME" in told.stdout
