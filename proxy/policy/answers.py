"""What a change of policy changes for answers and records: who gets what back, what the log keeps.

Rules about answers only narrow, and match more when more is found (answering.py). So what makes
them match is all that has to be asked, as with what providers get (diff.py), and only where both
policies send the request: elsewhere nobody answers. That an entity is withheld counts wherever it
is found, whether or not it is hidden from that provider.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import get_args

from proxy.exchange import ANY, Keep, OutputAction, Terms, ToolRestore
from proxy.policy.answering import agreed
from proxy.policy.axes import Where
from proxy.policy.compiled import Policy
from proxy.policy.corners import OTHER_ENTITY, entity, triggers
from proxy.policy.rules import Answering, Withhold
from proxy.policy.side import Side, holding
from proxy.policy.space import Cell, Corner

_OUTPUTS = get_args(OutputAction)  # from loosest to strictest
_KEEPS = get_args(Keep)  # from least to most
_TOOLS = get_args(ToolRestore)  # from loosest to strictest

Bits = Sequence[tuple[Answering, int]]


@dataclass(frozen=True, slots=True)
class Altered:
    """Something about answers or records that changed.

    Attributes:
        subject: what it is about, in words.
        where: one place at which it changes so; `cell` are all such places.
        everyone: whether it changes so for everybody who gets an answer there.
    """

    subject: str
    corner: Corner
    provider: str
    cell: Cell
    where: Where
    everyone: bool
    before: str
    after: str
    loosens: bool


class Answers:
    """Two policies' terms side by side.

    Args:
        before, after: the rules about answers that each has, with their bits in the space.
    """

    def __init__(self, old: Side, new: Side, before: Bits, after: Bits) -> None:
        self._old, self._new, self._space = old, new, old.space
        self._before, self._after = before, after

    def at(self, provider: str) -> Iterator[Altered]:
        """Every smallest change at one provider."""
        told: list[Altered] = []
        both = {Corner()}
        both.update(_corners(self._old.policy, self._before))
        both.update(_corners(self._new.policy, self._after))
        for corner in sorted(both, key=lambda corner: corner.order):
            for altered in self._altered(corner, provider):
                if not any(_says(smaller, altered) for smaller in told):
                    told.append(altered)
        return iter(told)

    def _altered(self, corner: Corner, provider: str) -> Iterator[Altered]:
        matter = holding(self._before, corner) | holding(self._after, corner)
        changes = {}
        for cell in self._space.cells(matter):
            old = _terms(self._old.policy, self._before, cell)
            new = _terms(self._new.policy, self._after, cell)
            changes[cell.holds] = (cell, list(_changes(old, new, corner)))
        if not any(change for _, change in changes.values()):
            return
        sent = self._sent(corner, provider, matter)
        answered = [changes[holds][1] for holds in sent]
        for holds, where in sent.items():
            cell, some = changes[holds]
            for change in some:
                everyone = all(change in others for others in answered)
                yield Altered(change[0], corner, provider, cell, where, everyone, *change[1:])

    def _sent(self, corner: Corner, provider: str, matter: int) -> dict[int, Where]:
        """Which of the rules that matter hold together in a request that both policies send."""
        old, new = self._old.relevant(corner, provider), self._new.relevant(corner, provider)
        before = self._old.asked(corner, provider, old)
        after = self._new.asked(corner, provider, new)
        sent: dict[int, Where] = {}
        for cell in self._space.cells(matter | old | new):
            holds = cell.holds & matter
            if holds not in sent and before(cell).allowed and after(cell).allowed:
                sent[holds] = cell.where
        return sent


def _terms(policy: Policy, bits: Bits, cell: Cell) -> Terms:
    return agreed(policy, [rule for rule, bit in bits if cell.holds & bit])


def _corners(policy: Policy, bits: Bits) -> Iterator[Corner]:
    """The smallest contents for which any rule about answers says something."""
    for rule, _ in bits:
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
        and (smaller.everyone or str(smaller.cell) == str(altered.cell))
        and _change(smaller) == _change(altered)
    )


def _change(altered: Altered) -> tuple[str, str, str]:
    return altered.subject, altered.before, altered.after


_Change = tuple[str, str, str, bool]


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
