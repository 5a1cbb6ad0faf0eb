"""Tool names that a stream cuts in two.

A name comes whole in a call's first fragment, and clients look it up there and then. Some servers
cut it even so; where that may cut a placeholder, the fragment waits for the next event of its
choice, and the placeholder goes out whole in it.

Invariant: chunks leave in the order in which they came, and none waits but for a placeholder.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from proxy.exchange import Channel
from proxy.wire.answer_strings import objects
from proxy.wire.restoring import Restoring

#: Chunks that wait for one name, of a server that talks of other choices meanwhile.
_MOST_WAITING = 64

_Call = tuple[object, object, str]  # which choice's, which one, which kind


class SplitNames:
    """Holds chunks back while a name in them isn't complete."""

    def __init__(self, restorer: Restoring) -> None:
        self._restorer = restorer
        self._waiting: list[dict[str, Any]] = []
        self._open: dict[_Call, dict[str, Any]] = {}

    def put(self, chunk: dict[str, Any]) -> list[dict[str, Any]]:
        """The chunks that can go on now that this one is here."""
        named = dict(_named(chunk))
        for call, holder in named.items():
            if call in self._open:
                self._open[call]["name"] += holder.pop("name")
            else:
                self._open[call] = holder
        self._waiting.append(chunk)
        if self._open:
            here = set(map(_plain, objects(chunk.get("choices"))))
            self._open = {
                call: holder
                for call, holder in self._open.items()
                if (call in named or call[0] not in here) and self._is_begun(holder["name"])
            }
        waits = self._open and len(self._waiting) < _MOST_WAITING
        return [] if waits else self.drain()

    def drain(self) -> list[dict[str, Any]]:
        """Every chunk that still waits."""
        ready, self._waiting = self._waiting, []
        self._open.clear()
        return ready

    def _is_begun(self, name: str) -> bool:
        """Whether a name ends in what may become a placeholder, or another one."""
        stream = self._restorer.stream(Channel.NAME)
        stream.feed(name)
        return bool(stream.close())


def _named(chunk: dict[str, Any]) -> Iterator[tuple[_Call, dict[str, Any]]]:
    """Each call that a chunk tells a name of, or a part of one, and the object that holds it."""
    for choice in objects(chunk.get("choices")):
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            continue
        for call in (delta, *objects(delta.get("tool_calls"))):
            for kind in ("function", "custom", "function_call"):
                holder = call.get(kind)
                if isinstance(holder, dict) and isinstance(holder.get("name"), str):
                    yield (_plain(choice), None if call is delta else _plain(call), kind), holder


def _plain(holder: dict[str, Any]) -> object:
    index = holder.get("index", 0)
    return index if isinstance(index, int) else None
