"""Files that change while Privet serves: the policy, the virtual keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from openai import AuthenticationError

from proxy.errors import AuditUnavailable
from proxy.identity.keys import list_keys, revoke_key
from proxy.recording import Recorder
from proxy.serving import watching
from tests.house import House
from tests.simulator import Simulator

ASK: Any = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hi"}]}


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "_EVERY_S", 0.01)


async def until(privet: House, simulator: Simulator, holds: Callable[[], bool]) -> None:
    """Ask until something has happened: each question gives the watch its turn."""
    while not holds():
        simulator.says("Hi")
        await privet.client.chat.completions.create(**ASK)


async def test_a_changed_policy_is_in_force_and_on_record(
    privet: House, simulator: Simulator
) -> None:
    path = privet.folder / "policy.yaml"
    path.write_text(path.read_text().replace("policy: starter/1", "policy: starter/2"))
    await until(privet, simulator, lambda: privet.services.policies.current.name == "starter/2")
    path.write_text("policy: [")
    changes = lambda: [r for r in privet.on_disk() if r.opened.kind.name == "POLICY_CHANGE"]  # noqa: E731
    await until(privet, simulator, lambda: len(changes()) == 3)
    bodies: list[Any] = [change.opened.body for change in changes()]
    assert [body["accepted"] for body in bodies] == [True, True, False]
    assert privet.services.policies.current.name == "starter/2"


async def test_a_revoked_key_is_refused_even_after_an_audit_failure(
    privet: House, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = 0

    async def fails(*_: Any, **__: Any) -> None:
        nonlocal failed
        failed += 1
        raise AuditUnavailable("The audit record can't be written.")

    monkeypatch.setattr(Recorder, "policy_changed", fails)
    path = privet.folder / "policy.yaml"
    path.write_text(path.read_text() + "# a comment\n")
    await until(privet, simulator, lambda: failed == 1)
    (record,) = list_keys(privet.folder / "keys.yaml")
    revoke_key(privet.folder / "keys.yaml", record.id)
    with pytest.raises(AuthenticationError):
        await until(privet, simulator, lambda: False)


async def test_a_file_of_callers_that_is_spoilt_is_counted_and_the_last_one_stays(
    privet: House, simulator: Simulator
) -> None:
    path = privet.folder / "keys.yaml"
    sound, counts = path.read_text(), privet.services.counts
    path.write_text("keys: [")
    await until(privet, simulator, lambda: counts["reload", "callers", "refused"] == 1)
    path.write_text(sound)
    await until(privet, simulator, lambda: counts["reload", "callers", "loaded"] == 1)
