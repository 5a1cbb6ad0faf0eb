"""What another policy would have decided: recorded decisions, decided again.

The audit log says of each request what decisions were made from (who asked, what was found, what
couldn't be read, labels, day and hour) and what came of it. Texts aren't needed, nor kept.

What the log can't tell: a finding that the policy of that day dropped for its low score isn't on
record, so a lower `min_score` shows nothing here; and different values were counted only where the
policy of that day counted them, so for another policy every finding counts as a different value: a
rule that counts fires at most as often as is said here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any

from proxy.exchange import Action, ActionKind, Endpoint, Facts, Principal, Verdict
from proxy.ladder import ALLOW, GENERALISATIONS, spell, weaker_or_equal
from proxy.policy.compiled import Policy
from proxy.policy.decide import decide

INTENT, REFUSAL = "intent", "refusal"
#: The code of a refusal that a policy decided; others (a bad body, say) aren't decisions.
_BY_POLICY = "policy_refused"

_ACTIONS = [
    *(Action(kind) for kind in ActionKind if kind not in (ActionKind.GENERALISE, ActionKind.MASK)),
    *(Action(ActionKind.GENERALISE, to=to) for row in GENERALISATIONS for to in row),
    *(Action(ActionKind.MASK, keep_last=kept) for kept in range(9)),
]
#: An action as records spell it.
_SPELT = {spell(action): action for action in _ACTIONS}


@dataclass(frozen=True, slots=True)
class Recorded:
    """One decision of the past: what it was made from, and what it was.

    `endpoints` are those that were refused, or the one that it went to; `rules` those that decided;
    `digest` is the policy's; `found` counts findings.
    """

    exchange: str
    on: date
    digest: str
    found: Mapping[str, int]
    principal: Principal
    facts: Facts
    endpoints: tuple[Endpoint, ...]
    allowed: bool
    rules: tuple[str, ...]
    treatment: Mapping[str, Action]


@dataclass(frozen=True, slots=True)
class Change:
    """A decision that would be another one: `kind` says how, `rules` because of which."""

    recorded: Recorded
    kind: str
    rules: tuple[str, ...]
    entities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of it; `skipped` are records that hold no decision, or not all of one."""

    policy: str
    digest: str
    replayed: int
    skipped: int
    changes: tuple[Change, ...]

    def counts(self) -> Counter[tuple[str, str, str]]:
        """How often each kind of change, by team and rule."""
        return Counter(
            (change.kind, change.recorded.principal.team or "(no team)", rule)
            for change in self.changes
            for rule in change.rules or ("(no rule)",)
        )

    def as_dict(self) -> dict[str, Any]:
        """For JSON: every change with its exchange id, and the counts."""
        return {
            "policy": self.policy,
            "digest": self.digest,
            "replayed": self.replayed,
            "skipped": self.skipped,
            "changes": [
                {
                    "exchange": change.recorded.exchange,
                    "day": change.recorded.on.isoformat(),
                    "team": change.recorded.principal.team,
                    "change": change.kind,
                    "rules": list(change.rules),
                    "entities": list(change.entities),
                }
                for change in self.changes
            ],
        }

    def render(self) -> str:
        """For a terminal: what opens comes first."""
        against = f"{self.policy} ({self.digest[:12]})"
        differ = len(self.changes)
        lines = [f"{self.replayed} decisions against {against}: {differ} would differ"]
        if self.skipped:
            lines.append(f"{self.skipped} records hold no decision of a policy: passed over")
        examples: dict[tuple[str, str, str], str] = {}
        for change in self.changes:
            for rule in change.rules or ("(no rule)",):
                team = change.recorded.principal.team or "(no team)"
                examples.setdefault((change.kind, team, rule), change.recorded.exchange)
        counts = self.counts()
        for key in sorted(counts, key=lambda key: (_KINDS.index(key[0]), -counts[key], key)):
            kind, team, rule = key
            lines.append(
                f"  {kind:<14} {counts[key]:>6}  team {team}, rule {rule}"
                f"  (for instance {examples[key]})"
            )
        return "\n".join(lines) + "\n"


#: The kinds of change, from what opens most to what closes most.
_KINDS = ("sent now", "shown more", "treated otherwise", "hidden more", "refused now")


def read_record(kind: str, time_ns: int, exchange: str, body: Mapping[str, Any]) -> Recorded | None:
    """The decision in an opened audit record, None if it holds none.

    Args:
        time_ns: nanoseconds since 1970, as the record's leaf has it.
    """
    if kind == INTENT:
        asked = [body["endpoint"]]
    elif kind == REFUSAL and body.get("code") == _BY_POLICY and body.get("candidates"):
        asked = body["candidates"]
    else:
        return None
    who, day = body["principal"], datetime.fromtimestamp(time_ns / 1e9, UTC)
    attested = frozenset(body.get("attested", ()))
    return Recorded(
        exchange=exchange,
        on=day.date(),
        digest=body["policy"]["digest"],
        found=body["found"],
        principal=Principal(**who, key_id=body.get("key_id", "")),
        facts=Facts(
            entities=frozenset(body["found"]),
            opaque=frozenset(body["opaque"]),
            labels=body.get("labels", {}),
            attested=attested,
            counts=body.get("different", {}),
            sources=frozenset((name, source) for name, source in body.get("sources", ())),
            dialect=body["dialect"],
            at=time.fromisoformat(body["at"]) if "at" in body else None,
        ),
        endpoints=tuple(Endpoint(one["provider"], one["model"]) for one in asked),
        allowed=kind == INTENT,
        rules=tuple(body["rules"]) if kind == INTENT else (body["rule"],),
        treatment={name: _SPELT[said] for name, said in body.get("treatment", {}).items()},
    )


def replay(records: Iterable[Recorded | None], policy: Policy) -> Replay:
    """Decide every recorded request again under `policy`."""
    replayed = skipped = 0
    changes: list[Change] = []
    for recorded in records:
        if recorded is None:
            skipped += 1
            continue
        replayed += 1
        facts = recorded.facts
        if recorded.digest != policy.digest:
            at_most = {name: count for name, count in recorded.found.items() if count > 1}
            facts = replace(facts, counts={**at_most, **facts.counts})
        verdicts = [
            decide(policy, facts, recorded.principal, endpoint, recorded.on)
            for endpoint in recorded.endpoints
        ]
        changes += _changes(recorded, verdicts)
    return Replay(policy.name, policy.digest, replayed, skipped, tuple(changes))


def _changes(recorded: Recorded, verdicts: Sequence[Verdict]) -> Iterator[Change]:
    allowed = [verdict for verdict in verdicts if verdict.allowed]
    if not recorded.allowed:
        if allowed:
            yield Change(recorded, "sent now", recorded.rules)
        return
    if not allowed:
        yield Change(recorded, "refused now", verdicts[0].rules)
        return
    verdict = allowed[0]
    names = sorted(recorded.facts.entities | recorded.treatment.keys())
    pairs = {n: (recorded.treatment.get(n, ALLOW), verdict.treatment.get(n, ALLOW)) for n in names}
    differing = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    if differing:
        yield Change(recorded, _kind(differing.values()), verdict.rules, tuple(differing))


def _kind(pairs: Iterable[tuple[Action, Action]]) -> str:
    pairs = list(pairs)
    if all(weaker_or_equal(was, now) for was, now in pairs):
        return "hidden more"
    less = all(weaker_or_equal(now, was) for was, now in pairs)
    return "shown more" if less else "treated otherwise"
