"""P5 Blind writer: the proxy appends to the audit log and can't read back what it wrote before.

Replaced by a no-op: the step of the ratchet (then the last link opens every record).
"""

from __future__ import annotations

import gc
import types
from collections.abc import Iterator
from typing import Any

import pytest

from audit import seal
from audit.keys import load_recipient_key
from audit.reading import Reader
from tests.house import House
from tests.simulator import Simulator


async def ask(privet: House, simulator: Simulator, times: int) -> None:
    for number in range(times):
        simulator.says("Hi")
        await privet.client.chat.completions.create(
            model="gpt-4o-mini",
            messages=[{"role": "user", "content": f"I am Jane Hollander, number {number}."}],
        )


async def test_what_the_process_holds_opens_no_earlier_record(
    privet: House, simulator: Simulator
) -> None:
    await ask(privet, simulator, 2)
    first = await first_record_keys(privet)
    await ask(privet, simulator, 2)
    held = set(secrets_reachable_from(privet.services.recorder))
    assert held, "the walk must see the writer's own link"
    assert first.isdisjoint(held)


async def test_without_the_ratchets_step_the_current_link_is_the_first(
    privet: House, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = seal.Ratchet.step

    def stays(self: Any) -> Any:
        link = self._link
        keys = real(self)
        self._link = link
        return keys

    monkeypatch.setattr(seal.Ratchet, "step", stays)
    await ask(privet, simulator, 1)
    link = current_link(privet)
    await ask(privet, simulator, 3)
    assert current_link(privet) == link


def current_link(privet: House) -> bytes:
    log: Any = privet.services.recorder._log
    link: bytes = log._composer._sealer._ratchet._link
    return link


async def first_record_keys(privet: House) -> set[bytes]:
    """The keys of the first record, as an auditor derives them."""
    key = load_recipient_key(privet.folder / "keys" / "auditor.key")
    with Reader(privet.log_folder, key) as reader:
        opened = next(iter(reader.records())).opened
    return {opened.keys.section, opened.keys.rows, opened.keys.commitment} - {
        opened.keys.commitment
    }


def secrets_reachable_from(root: object) -> Iterator[bytes]:
    """Every byte string that can be reached from an object, modules and classes left out."""
    seen: set[int] = set()
    todo: list[object] = [root]
    while todo:
        node = todo.pop()
        if id(node) in seen or isinstance(node, type | types.ModuleType | types.FunctionType):
            continue
        seen.add(id(node))
        if isinstance(node, bytes | bytearray):
            yield bytes(node)
        todo.extend(gc.get_referents(node))
