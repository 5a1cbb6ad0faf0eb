"""What a change of policy changes for answers and records: who gets what back, what the log keeps.

Rules about answers only narrow, and match more when more is found (answering.py). So what makes
them match is all that has to be asked, as with what providers get (diff.py), and only where both
policies send the request: elsewhere nobody answers. That an entity is withheld counts wherever it
is found, whether or not it is hidden from that provider; that one policy needs a higher score to
find something counts too (faint.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, get_args

from proxy.exchange import ANY, Keep, OutputAction, Terms, ToolRestore
from proxy.policy.answering import agreed
from proxy.policy.axes import Where
from proxy.policy.compiled import Policy
from proxy.policy.corners import OTHER_ENTITY, entity, triggers
from proxy.policy.faint import Faint, Unseen, as_found
from proxy.policy.rules import Answering, Withhold
from proxy.policy.side import Side, holding
from proxy.policy.space import Cell, Corner

_OUTPUTS = get_args(OutputAction)  # from loosest to strictest
_KEEPS = get_args(Keep)  # from least to most
_TOOLS = get_args(ToolRestore)  # from loosest to strictest

#: What is changed, what it was, what it is now, and whether that loosens.
_Change = tuple[str, str, str, bool]


class Said(NamedTuple):
    """What a policy says of answers: the terms of each, and rules (with bits) that narrow them."""

    terms: Terms
    rules: Sequence[tuple[Answering, int]]

    def holding(self, corner: Corner) -> int:
        """The rules (bits) that these contents make match, for somebody."""
        return holding(self.rules, corner)

    def at(self, holds: int) -> Terms:
        """The terms where these rules (bits) hold."""
        return agreed(self.terms, [rule for rule, bit in self.rules if holds & bit])


@dataclass(frozen=True, slots=True)
class Altered:
    """Something about answers or records that changed.

    Attributes:
        subject: what it is about, in words.
        unseen: entities that only one of the policies finds.
        where: one place at which it changes so; `cell` are all such places.
        everyone: whether it changes so for everybody who gets an answer there.
    """

    subject: str
    corner: Corner
    unseen: Unseen
    provider: str
    cell: Cell
    where: Where
    everyone: bool
    before: str
    after: str
    loosens: bool


class _Turn(NamedTuple):
    """Contents, as each policy finds them, and what changes by the rules (bits) that hold then."""

    corner: Corner
    unseen: Unseen
    here: Corner
    there: Corner
    matter: int
    changes: Mapping[int, tuple[Cell, list[_Change]]]


class Answers:
    """Two policies' terms side by side.

    Args:
        before, after: what each says of answers, with its rules' bits in the space.
        faint: how contents may look to the two.
    """

    def __init__(self, old: Side, new: Side, before: Said, after: Said, faint: Faint) -> None:
        self._old, self._new, self._space = old, new, old.space
        self._before, self._after, self._faint = before, after, faint

    def at(self, provider: str) -> Iterator[Altered]:
        """Every smallest change at one provider."""
        told: list[Altered] = []
        for turn in self._turns:
            for altered in self._altered(turn, provider):
                if not any(_says(smaller, altered) for smaller in told):
                    told.append(altered)
        return iter(told)

    @cached_property
    def _turns(self) -> list[_Turn]:
        """Where anything changes for whoever gets an answer, whichever provider gives it."""
        both = {Corner()}
        both.update(_corners(self._old.policy, self._before))
        both.update(_corners(self._new.policy, self._after))
        views = (
            view
            for corner in sorted(both, key=lambda corner: corner.order)
            for view in self._faint.views(corner)
        )
        return [turn for view in views if (turn := self._turn(*view)).changes]

    def _turn(self, corner: Corner, unseen: Unseen) -> _Turn:
        here, there = as_found("old", corner, unseen), as_found("new", corner, unseen)
        matter = self._before.holding(here) | self._after.holding(there)
        changes = {}
        for cell in self._space.cells(matter):
            old, new = self._before.at(cell.holds), self._after.at(cell.holds)
            changes[cell.holds] = (cell, list(_changes(old, new, corner)))
        if not any(change for _, change in changes.values()):
            changes = {}
        return _Turn(corner, unseen, here, there, matter, changes)

    def _altered(self, turn: _Turn, provider: str) -> Iterator[Altered]:
        sent = self._sent(turn.here, turn.there, provider, turn.matter)
        answered = [turn.changes[holds][1] for holds in sent]
        for holds, where in sent.items():
            cell, some = turn.changes[holds]
            for change in some:
                everyone = all(change in others for others in answered)
                place = (turn.corner, turn.unseen, provider, cell, where, everyone)
                yield Altered(change[0], *place, *change[1:])

    def _sent(self, here: Corner, there: Corner, provider: str, matter: int) -> dict[int, Where]:
        """Which of the rules that matter hold together in a request that both policies send."""
        old, new = self._old.relevant(here, provider), self._new.relevant(there, provider)
        before = self._old.asked(here, provider, old)
        after = self._new.asked(there, provider, new)
        sent: dict[int, Where] = {}
        for cell in self._space.cells(matter | old | new):
            holds = cell.holds & matter
            if holds not in sent and before(cell).allowed and after(cell).allowed:
                sent[holds] = cell.where
        return sent


def _corners(policy: Policy, said: Said) -> Iterator[Corner]:
    """The smallest contents for which any rule about answers says something."""
    for rule, _ in said.rules:
        for trigger in triggers(rule):
            yield trigger
            if isinstance(rule, Withhold):
                every = (*policy.entities, OTHER_ENTITY)
                for name in every if ANY in rule.entities else rule.entities:
                    yield trigger | entity(name)


def _says(smaller: Altered, altered: Altered) -> bool:
    """Whether a change goes without saying, after one in fewer contents."""
    return (
        smaller.corner <= altered.corner
        and smaller.unseen.items() <= altered.unseen.items()
        and (smaller.everyone or str(smaller.cell) == str(altered.cell))
        and _change(smaller) == _change(altered)
    )


def _change(altered: Altered) -> tuple[str, str, str]:
    return altered.subject, altered.before, altered.after


def _changes(old: Terms, new: Terms, corner: Corner) -> Iterator[_Change]:
    """What differs between two terms: subject, before, after, and whether it loosens."""
    yield from _outputs(old, new)
    for name in sorted(corner.entities):
        before, after = (_withheld(name, terms) for terms in (old, new))
        if before != after:
            said = [("restored", "withheld")[held] for held in (before, after)]
            yield f"{name} in the answer", said[0], said[1], before
    for name in sorted({*old.tools, *new.tools, ANY}):
        was, now = (terms.tool(name) for terms in (old, new))
        if was != now:
            tool = "any other tool" if name == ANY else f"tool {name}"
            yield f"arguments of {tool}", was, now, _TOOLS.index(now) < _TOOLS.index(was)
    for host in sorted(old.hosts ^ new.hosts):
        said = ["left hidden", "restored"]
        opened = host in new.hosts
        yield f"values in URLs of {host}", said[not opened], said[opened], opened
    if (old.keep, old.audit) != (new.keep, new.audit):
        kept = [(old.kept(keep), new.kept(keep)) for keep in _KEEPS]
        if any(was != now for was, now in kept):
            loosens = any(_KEEPS.index(now) > _KEEPS.index(was) for was, now in kept)
            yield "what the audit log keeps", _keeps(old), _keeps(new), loosens


def _outputs(old: Terms, new: Terms) -> Iterator[_Change]:
    """What is done with what the model writes itself."""
    said = {name for terms in (old, new) for rule in terms.outputs.values() for name in rule}
    if ANY in said:  # then it counts for all of them from which score on they do
        said |= {name for name, _ in old.min_scores.items() ^ new.min_scores.items()}
    for name in sorted(said):
        subject = OTHER_ENTITY if name == ANY else name
        was, now = (terms.output(subject) for terms in (old, new))
        least, leasts = (terms.min_scores.get(subject, 0.0) for terms in (old, new))
        if was == now and (was == "leave" or least == leasts):
            continue
        loosens = _OUTPUTS.index(now) < _OUTPUTS.index(was) or (was != "leave" and leasts > least)
        scores = [f" from a score of {score:g}" for score in (least, leasts)]
        if least == leasts:
            scores = ["", ""]
        yield f"{subject} that the model writes", was + scores[0], now + scores[1], loosens


def _withheld(name: str, terms: Terms) -> bool:
    return name in terms.withheld or ANY in terms.withheld


def _keeps(terms: Terms) -> str:
    """What is kept, where privet.yaml has a say in it too."""
    most, least = terms.kept("full"), terms.kept("metadata")
    if most == least:
        return most
    return "what privet.yaml says" if most == "full" else f"{most} at most"
