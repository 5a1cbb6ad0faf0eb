"""What became of a conversation so far, for the turn that follows: places and numbers, no text.

A conversation comes back whole with every turn. What detection, numbering and planning made of its
parts is kept under a hash over all of them; the next request finds the longest beginning that it
shares with an earlier one and goes on from there, so a turn pays for its own text (P7).

Invariants: what is kept holds no text and no value; its tags are keyed with a key that dies with
the process, so nobody can test a guess against them; a principal finds only what its own requests
left under the same policy; going on from what is kept gives what starting anew gives.
"""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from proxy.exchange import Action, Principal, TextPart, Treatment
from proxy.mask.numbered import NOTHING, Numbered
from proxy.mask.plan import Plan
from proxy.records.keeping import Filed

_PIECE_BYTES = 300
_PASSED = 16
_JOIN = "\0"  # the strict parse lets no text hold it

Treated = frozenset[tuple[str, Action]]


@dataclass(frozen=True, slots=True)
class Known:
    """What became of some parts.

    Attributes:
        numbered: their numbered findings.
        plans: treatment of their entities -> what it hides in them.
        filed: what the last intent keeps of them, where their texts don't depend on each other.
        passed: bodies made of them that the guard let pass: with what hidden, and their SHA-256.
    """

    numbered: Numbered = NOTHING
    plans: dict[Treated, Plan] = field(default_factory=dict)
    filed: dict[Treated, Filed] = field(default_factory=dict)
    passed: set[tuple[Treated, bytes]] = field(default_factory=set)

    def treated(self, treatment: Treatment) -> Treated:
        """What of a treatment counts for these parts."""
        found = self.numbered.entities
        return frozenset((name, action) for name, action in treatment.items() if name in found)


class Turn:
    """One request in its conversation: what was known of its beginning, and what becomes of it."""

    def __init__(self, memory: Memory, tag: bytes, earlier: Known) -> None:
        """Use `Memory.turn`."""
        self._memory = memory
        self._tag = tag
        self._earlier = self._known = earlier

    @property
    def before(self) -> Numbered:
        """What numbering made of the parts that an earlier request had."""
        return self._earlier.numbered

    def numbered(self, numbered: Numbered) -> None:
        """Keep what numbering made of all parts."""
        if numbered is not self._earlier.numbered:
            self._known = Known(numbered)
            self._memory.keep(self._tag, self._known)

    def plan(self, treatment: Treatment) -> Plan | None:
        """What `treatment` hides in the earlier parts, if it was planned for them."""
        return self._earlier.plans.get(self._earlier.treated(treatment))

    def masked(self, treatment: Treatment, plan: Plan) -> None:
        """Keep what `treatment` hides in all parts."""
        self._known.plans[self._known.treated(treatment)] = plan

    def filed(self, treatment: Treatment, plan: Plan) -> Filed | None:
        """What an earlier intent keeps of the earlier parts, if `plan` leaves them as they were."""
        treated = self._earlier.treated(treatment)
        filed, before = self._earlier.filed.get(treated), self._earlier.plans.get(treated)
        if filed is None or before is None or plan.hidden[: filed.parts] != before.hidden:
            return None
        return filed

    def file(self, treatment: Treatment, filed: Filed) -> None:
        """Keep what an intent keeps of all parts."""
        self._known.filed[self._known.treated(treatment)] = filed

    def passed(self, treatment: Treatment, digest: bytes) -> bool:
        """Whether the guard let the body with this SHA-256 pass, with the same values hidden."""
        return (self._known.treated(treatment), digest) in self._known.passed

    def guarded(self, treatment: Treatment, digest: bytes) -> None:
        """The guard lets this body pass."""
        passed = self._known.passed
        if len(passed) == _PASSED:  # the same parts, each time in another body
            passed.clear()
        passed.add((self._known.treated(treatment), digest))


class Memory:
    """Bounded by what is kept; the least recently used goes first."""

    def __init__(self, room: int = 0) -> None:
        """`room`: for how much, in bytes; what is kept is weighed, not counted (`_size`)."""
        self._key = os.urandom(32)
        self._room = room
        self._known: OrderedDict[bytes, Known] = OrderedDict()

    def turn(self, principal: Principal, under: Sequence[str], parts: Sequence[TextPart]) -> Turn:
        """What is known of the longest beginning of these parts that an earlier request left.

        Args:
            under: what decides what is found (digests of detection and policy), and how long a
                number lasts.
        """
        tags = self._tags(principal, under, parts)
        for tag in reversed(tags):
            known = self._known.get(tag)
            if known is not None:
                self._known.move_to_end(tag)
                return Turn(self, tags[-1], known)
        return Turn(self, tags[-1] if tags else b"", Known())

    def keep(self, tag: bytes, known: Known) -> None:
        """Keep what became of all parts up to this tag."""
        replaced = self._known.pop(tag, None)
        self._room += _size(replaced) - _size(known)
        self._known[tag] = known
        while self._room < 0:
            _, oldest = self._known.popitem(last=False)
            self._room += _size(oldest)

    def _tags(
        self, principal: Principal, under: Sequence[str], parts: Sequence[TextPart]
    ) -> list[bytes]:
        """The tag of every beginning of these parts: what it says, and to whom it belongs."""
        owner = (*principal.identity, *under)
        state = hashlib.blake2b(_JOIN.join(owner).encode(), key=self._key, digest_size=16)
        tags = []
        for part in parts:
            # The path only names what records keep; its own hash is enough to tell two apart.
            how = f"\1{part.reach}{part.alphabet}{hash(part.path)}{_JOIN}{part.context}{_JOIN}"
            state.update(f"{how}{part.text}".encode())
            tags.append(state.digest())
        return tags


def _size(known: Known | None) -> int:
    """About how many bytes, as measured: a value with its places weighs four parts."""
    if known is None:
        return 0
    return _PIECE_BYTES * (3 + len(known.numbered.placed) + 4 * len(known.numbered.values))
