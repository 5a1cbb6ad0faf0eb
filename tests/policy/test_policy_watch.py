"""The policy in force: reloading keeps the last good one, and says so."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from proxy.policy.watch import PolicyStore, Reload
from proxy.yaml_file import ConfigError

ACME = (Path(__file__).parent / "acme.yaml").read_text()
PRODUCED = frozenset(
    ["PERSON", "LOCATION", "DATE_OF_BIRTH", "IBAN_CODE", "MEDICAL_RECORD", "CREDIT_CARD"]
)


def put(path: Path, text: str) -> None:
    """Write a file as careful editors do: nobody ever sees half of it."""
    draft = path.with_suffix(".draft")
    draft.write_text(text)
    draft.replace(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "policy.yaml"
    put(path, ACME)
    return path


def test_a_valid_change_takes_force(path: Path) -> None:
    store = PolicyStore(path)
    before = store.current
    put(path, ACME.replace("keep_last: 4", "keep_last: 2"))
    reload = store.reload()
    assert reload.changed
    assert (reload.previous, reload.policy) == (before.digest, store.current)
    assert store.current.digest != before.digest


def test_a_comment_is_no_change(path: Path) -> None:
    store = PolicyStore(path)
    put(path, "# reviewed\n" + ACME)
    assert not store.reload().changed


@pytest.mark.parametrize("text", ["", "rules: [", ACME.replace("restricted", "restrcted", 1), None])
def test_a_bad_file_leaves_the_last_good_policy(path: Path, text: str | None) -> None:
    store = PolicyStore(path)
    before = store.current
    if text is None:
        path.unlink()
    else:
        put(path, text)
    reload = store.reload()
    assert store.current is before
    assert reload.problems
    assert not reload.changed


def test_an_entity_that_lost_its_recognizer_keeps_the_last_good_policy(path: Path) -> None:
    store = PolicyStore(path, PRODUCED)
    put(path, ACME.replace("all_of: [PERSON,", "all_of: [EMAIL_ADDRESS,"))
    assert [p.code for p in store.reload().problems] == ["unproduced"]


def test_without_a_valid_first_policy_there_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        PolicyStore(tmp_path / "absent.yaml")


async def test_watch_reports_each_version_once(path: Path) -> None:
    store = PolicyStore(path)
    reports: asyncio.Queue[Reload] = asyncio.Queue()
    watcher = asyncio.create_task(store.watch(0.001, reports.put_nowait))
    try:
        put(path, "rules: [")
        assert (await reports.get()).problems
        put(path, ACME.replace("keep_last: 4", "keep_last: 2"))
        fixed = await reports.get()
        assert fixed.changed
        assert reports.empty()
        assert store.current is fixed.policy
    finally:
        watcher.cancel()
        await asyncio.gather(watcher, return_exceptions=True)
