"""Who may see what, at a glance: each entity at each provider, for one caller.

A cell says what becomes of the entity when it is found alone; `varies` when other callers, models
or days get something else there (diff and explain say what).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from proxy.exchange import Endpoint, Principal, Verdict
from proxy.policy.compiled import Policy
from proxy.policy.corners import KINDS, OTHER_ENTITY, entity, unreadable
from proxy.policy.decide import decide
from proxy.policy.diff import fate_of
from proxy.policy.side import Side, rules_of
from proxy.policy.space import Corner, Space


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a row's facts at a column's provider."""

    fate: str
    varies: bool
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows are facts by name, columns are providers."""

    policy: str
    providers: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Fate, ...]], ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON: row -> provider -> what becomes of it."""
        return {
            name: {
                provider: {
                    "fate": fate.fate,
                    "varies": fate.varies,
                    "rules": list(fate.verdict.rules),
                }
                for provider, fate in zip(self.providers, fates, strict=True)
            }
            for name, fates in self.rows
        }

    def render(self) -> str:
        """As a table for a terminal; rows that are alike share a line."""
        alike: dict[tuple[str, ...], list[str]] = {}
        for name, fates in self.rows:
            words = tuple(_word(fate) for fate in fates)
            alike.setdefault(words, []).append(name)
        widths = [
            max([len(provider), *(len(words[i]) for words in alike)])
            for i, provider in enumerate(self.providers)
        ]
        lines = [_line(self.providers, widths) + "  found"]
        lines += [f"{_line(words, widths)}  {', '.join(names)}" for words, names in alike.items()]
        if any(fate.varies for _, fates in self.rows for fate in fates):
            lines += ["", "* otherwise for other callers, models or days: see `policy explain`"]
        return "\n".join(lines) + "\n"


def matrix(policy: Policy, principal: Principal, model: str, on: date) -> Matrix:
    """The matrix for one caller and model, on one day (UTC)."""
    side = Side(policy, Space(rules_of(policy), on))
    corners = [("nothing", Corner())]
    corners += [(name, entity(name)) for name in (*policy.entities, OTHER_ENTITY)]
    corners += [(f"unread {kind}", unreadable(kind)) for kind in KINDS]
    rows = []
    for name, corner in corners:
        fates = []
        for provider in policy.providers:
            verdict = decide(policy, corner.facts, principal, Endpoint(provider, model), on)
            fate = _fate(verdict, corner)
            fates.append(Fate(fate, _varies(side, corner, provider, fate), verdict))
        rows.append((name, tuple(fates)))
    return Matrix(policy.name, tuple(policy.providers), tuple(rows))


def _fate(verdict: Verdict, corner: Corner) -> str:
    """What becomes of the one entity there; of a request without any, whether it is sent."""
    if verdict.allowed and not corner.entities:
        return "sent"
    return fate_of(verdict, next(iter(corner.entities), ""))


def _varies(side: Side, corner: Corner, provider: str, fate: str) -> bool:
    relevant = side.relevant(corner, provider)
    return any(
        _fate(side.verdict(corner, provider, cell.where, relevant), corner) != fate
        for cell in side.space.cells(relevant)
    )


def _word(fate: Fate) -> str:
    word = "REFUSED" if not fate.verdict.allowed else fate.fate
    return word + ("*" if fate.varies else "")


def _line(words: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(f"{word:<{width}}" for word, width in zip(words, widths, strict=True))
