"""What records say: of a request, of how an attempt ended, of who asked for a stored response.

The body of a record is sealed; it says who, where, under which rule and how hidden. Contents are
the strings that carry data, grouped by message, so that a conversation stores each turn once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from proxy.exchange import (
    Endpoint,
    Exchange,
    Facts,
    Finding,
    Inside,
    Key,
    Path,
    Principal,
    Terms,
    TextPart,
    Verdict,
)


@dataclass(slots=True)
class Request:
    """What every record of one exchange says about it: all that decisions were made from.

    Filled in from step to step, so that a refusal's record says what was known by then.

    `found` counts findings, `shown` those of them that an allow list shows. `shadows` are what
    other policies, or rules in shadow, would have done otherwise; `enforced` is False while the
    whole policy is only counted. `candidates` are the endpoints that were decided about.
    """

    exchange: Exchange
    principal: Principal
    policy_name: str
    policy_digest: str
    data_class: str = ""
    found: Mapping[str, int] | None = None
    shown: Mapping[str, int] | None = None
    facts: Facts = field(default_factory=Facts)
    shadows: Sequence[Mapping[str, Any]] = ()
    enforced: bool = True
    candidates: Sequence[Endpoint] = ()

    def classified(
        self, data_class: str, facts: Facts, findings: Sequence[Sequence[Finding]]
    ) -> None:
        """Learn what steps 4 and 5 made of the request."""
        self.data_class, self.facts = data_class, facts
        self.found = Counter(one.entity for part in findings for one in part)
        self.shown = Counter(one.entity for part in findings for one in part if one.shown)

    def body(self) -> dict[str, Any]:
        """The common members of a record's body."""
        return {
            **whom(self.principal),
            "dialect": self.exchange.dialect,
            "model": self.exchange.model,
            "policy": {"name": self.policy_name, "digest": self.policy_digest},
            "class": self.data_class,
            "found": dict(self.found or {}),
            "shown": dict(self.shown or {}),
            "opaque": sorted(self.facts.opaque | {part.kind for part in self.exchange.opaque}),
            **_said(self.facts),
            **({"shadows": list(self.shadows)} if self.shadows else {}),
            **({} if self.enforced else {"enforced": False}),
        }

    @property
    def retain_key(self) -> str:
        """The scope in which equal content is stored once."""
        who = self.principal
        return f"{who.tenant}\x1f{who.team}\x1f{who.app}\x1f{who.user}"


@dataclass(frozen=True, slots=True)
class Access:
    """One thing that a caller does with something that it has stored.

    Attributes:
        id: of the request for it.
        action: retrieve, delete, cancel or input_items.
        entry_id: what it names, which needn't exist.
    """

    id: str
    principal: Principal
    action: str
    entry_id: str


@dataclass(slots=True)
class Outcome:
    """How an attempt ended, filled in while it runs.

    `produced` counts the values in the answer that the model produced, where policy asks for them.
    """

    status: str = "client_left"
    http_status: int = 0
    code: str = ""
    received: int = 0
    delivered: int = 0
    produced: Mapping[str, int] = field(default_factory=dict)


def ended(verdict: Verdict, attempt: int, outcome: Outcome) -> dict[str, Any]:
    """The body of an outcome."""
    return {
        "attempt": attempt,
        "endpoint": endpoint_of(verdict),
        "status": outcome.status,
        "http_status": outcome.http_status,
        "code": outcome.code,
        "received_bytes": outcome.received,
        "delivered_bytes": outcome.delivered,
        **({"produced": dict(outcome.produced)} if outcome.produced else {}),
    }


def whom(who: Principal) -> dict[str, Any]:
    """The members that say who asked."""
    return {
        "principal": {"tenant": who.tenant, "team": who.team, "app": who.app, "user": who.user},
        "key_id": who.key_id,
    }


def _said(facts: Facts) -> dict[str, Any]:
    """What decisions were made from besides findings, as far as there is any of it."""
    said: dict[str, Any] = {}
    if facts.labels:
        said |= {"labels": dict(facts.labels), "attested": sorted(facts.attested)}
    if facts.counts:
        said["different"] = dict(facts.counts)
    if facts.sources:
        said["sources"] = sorted(facts.sources)
    if facts.at is not None:
        said["at"] = facts.at.isoformat("minutes")
    return said


def agreed(terms: Terms) -> dict[str, Any]:
    """The terms of the answer, as far as there are any."""
    agreed: dict[str, Any] = {}
    if terms.rules:
        agreed["terms"] = list(terms.rules)
    if terms.withheld:
        agreed["withheld"] = sorted(terms.withheld)
    return agreed


def endpoint_of(verdict: Verdict) -> dict[str, str]:
    """Who is asked."""
    return {"provider": verdict.endpoint.provider, "model": verdict.endpoint.model}


def utf8(text: str) -> bytes:
    """A value as contents keep it, with the halves of surrogate pairs that it may hold."""
    return text.encode("utf-8", "surrogatepass")


def contents_of(
    prefix: str, parts: Sequence[TextPart], texts: Sequence[str]
) -> Iterator[tuple[str, bytes]]:
    """One content per message (or other top-level field): its strings, by their path.

    Paths name an object's members as `texts` do: a key that was masked stands masked there too.
    """
    members: dict[Path, str] = {}
    for part, text in zip(parts, texts, strict=True):
        *above, last = part.path
        if isinstance(last, Key) and text != part.text:
            members[(*above, last.name)] = text
    groups: dict[str, list[tuple[str, str]]] = {}
    for part, text in zip(parts, texts, strict=True):
        words = _words(part.path, members)
        head = 2 if part.path[0] in ("messages", "input", "prompt") else 1
        groups.setdefault(".".join(words[:head]), []).append((".".join(words[head:]), text))
    for name, strings in groups.items():
        yield f"{prefix}/{name}", orjson.dumps(strings)


def _words(path: Path, members: Mapping[Path, str]) -> list[str]:
    """The steps of a path in words; `members` are those whose key reads otherwise now."""
    words = []
    for depth, step in enumerate(path, start=1):
        if isinstance(step, Key):
            words.append("(key)")
        elif isinstance(step, Inside):
            words.append(f"({step.value})")
        else:
            words.append(members.get(path[:depth], str(step)))
    return words
