"""Which spans of each part one treatment hides, and with which action; places and no text.

Invariants: spans of one part are disjoint, and every letter and digit of what is hidden lies in
one; a spelling has one action in all parts; planning more parts after the earlier ones gives what
planning them all gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import NamedTuple

from proxy.exchange import Action, ActionKind, TextPart, Treatment
from proxy.ladder import ALLOW, PLACEHOLDER, join
from proxy.mask import spans
from proxy.mask.grammar import LITERAL
from proxy.mask.numbered import Numbered, Place


class Hidden(NamedTuple):
    """Characters ``[start, end)`` of a part that are written anew: the spelling there, and how."""

    start: int
    end: int
    spelling: int
    action: Action


@dataclass(frozen=True, slots=True)
class Plan:
    """What one treatment hides in each part; places and no text, as `Numbered`.

    Attributes:
        hidden: per part, the spans that are written anew.
        secret: where the values that are hidden were first found, each spelling once.
        local: no part decided how another one is written, so more parts can be planned after these.
    """

    hidden: tuple[tuple[Hidden, ...], ...]
    secret: tuple[Place, ...]
    local: bool


def plan(
    parts: Sequence[TextPart], numbered: Numbered, treatment: Treatment, before: Plan | None = None
) -> Plan:
    """Which spans `treatment` hides.

    Args:
        before: the plan for the parts that `numbered` goes on from, if this treatment does to
            their entities what that one did.
    """
    if before is not None and len(before.hidden) == len(parts):
        return before
    treated = {**treatment, LITERAL: PLACEHOLDER}
    of_value = [_strongest(value.entities, treated) for value in numbered.values]
    actions = [reduce(join, (of_value[at] for at in one.values)) for one in numbered.spellings]
    known = before.hidden if before is not None and before.local else ()
    raised: dict[int, Action] = {}
    hidden = [
        known[index]
        if index < len(known) and index not in numbered.changed
        else _hidden(parts[index].text, numbered, index, actions, raised)
        for index in range(len(parts))
    ]
    if raised:
        # A span made stronger by one inside it is so everywhere: one value, one token.
        hidden = [
            tuple(one._replace(action=raised.get(one.spelling, one.action)) for one in some)
            for some in hidden
        ]
    secret = tuple(
        place for place, value in numbered.found if of_value[value].kind is not ActionKind.ALLOW
    )
    return Plan(tuple(hidden), secret, local=not raised)


def _strongest(entities: Iterable[str], treatment: Treatment) -> Action:
    return reduce(join, (treatment[one] for one in entities if one in treatment), ALLOW)


def _hidden(
    text: str,
    numbered: Numbered,
    index: int,
    actions: Sequence[Action],
    raised: dict[int, Action],
) -> tuple[Hidden, ...]:
    """The spans of a part that are written anew; `raised` learns which get a stronger action."""
    placed = numbered.placed[index]
    hidden = [
        Hidden(*span, spelling, action)
        for span, spelling in sorted(placed.items())
        if (action := actions[spelling]).kind is not ActionKind.ALLOW
    ]
    if spans.disjoint([(one.start, one.end) for one in hidden]):
        return tuple(hidden)
    edges = sorted({edge for span in placed for edge in span})
    competing = [spans.Span(one.start, one.end, one.action) for one in hidden]
    resolved = []
    for start, end, action in spans.resolve(text, competing, edges):
        spelling = placed.get((start, end))
        if spelling is None:
            spelling = numbered.rests[index][start, end]
        stronger = join(raised.get(spelling, actions[spelling]), action)
        if stronger != actions[spelling]:
            raised[spelling] = stronger
        resolved.append(Hidden(start, end, spelling, action))
    return tuple(resolved)
