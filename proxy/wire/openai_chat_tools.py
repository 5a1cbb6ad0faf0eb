"""Which tool the strings of a Chat Completions answer are for: policy may say who gets real values.

Source: OpenAI API reference, "The chat completion object", `tool_calls` and `function_call`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from proxy.exchange import Channel, Path
from proxy.wire.restoring import Restoring


class Tools:
    """The tools that an answer calls, learned from its names; a name comes before its arguments."""

    def __init__(self, restorer: Restoring) -> None:
        self._restorer = restorer
        self._called: dict[Path, Restoring] = {}

    def learn(self, answer: dict[str, Any]) -> None:
        """Note the names in a whole answer, or in one chunk of a stream, before its strings."""
        for path, name in _names(answer):
            real = self._restorer.text(name, Channel.NAME)
            self._called.setdefault(path, self._restorer.for_tool(real))

    def at(self, path: Path) -> Restoring:
        """What restores the string at `path`: the one for its tool, if it is for one."""
        return self._called.get(path[:5], self._called.get(path[:4], self._restorer))


def _names(answer: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    for at, choice in _items(answer.get("choices")):
        for place in ("message", "delta"):
            said = choice.get(place)
            if not isinstance(said, dict):
                continue
            for number, call in _items(said.get("tool_calls")):
                for kind in ("function", "custom"):
                    yield from _name(call.get(kind), ("choices", at, place, "tool_calls", number))
            yield from _name(said.get("function_call"), ("choices", at, place, "function_call"))


def _name(called: Any, path: Path) -> Iterator[tuple[Path, str]]:
    name = called.get("name") if isinstance(called, dict) else None
    if isinstance(name, str) and name:
        yield path, name


def _items(items: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of an array under the step that `map_strings` finds them at."""
    for position, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict):
            index = item.get("index", position)
            yield (index if isinstance(index, int) else position), item
