"""A diff in words and as JSON: what loosens first, of that what waivers let through first of all.

Changes that differ only in the entity, or only in the provider, share a line.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from proxy.exchange import Verdict
from proxy.ladder import spell
from proxy.policy.answers import Altered
from proxy.policy.axes import Where
from proxy.policy.compiled import Policy
from proxy.policy.diff import Diff, Flow, fate_of
from proxy.policy.space import Corner


def render_diff(diff: Diff, old: Policy, new: Policy) -> str:
    """The diff as plain text for a terminal or a review comment."""
    lines = [f"from {old.name} ({old.digest[:12]}) to {new.name} ({new.digest[:12]})"]
    for title, flows, loosens in (
        ("LOOSENS", diff.loosenings, True),
        ("tightens", diff.tightenings, False),
    ):
        besides = [f"  {one.what}" for one in diff.besides if one.loosens == loosens]
        answers = [altered for altered in diff.answers if altered.loosens == loosens]
        if flows or answers or besides:
            lines += ["", f"{title}:", *besides, *_lines(flows), *_answer_lines(answers)]
    if not diff.flows and not diff.answers and not diff.besides:
        same = old.digest == new.digest
        why = "they say the same" if same else "the texts differ, the flows don't"
        lines.append(f"nothing changes in effect: {why}")
    lines += ["", f"compared at {diff.corners} sets of facts, in {diff.cells} cells of callers"]
    return "\n".join(lines) + "\n"


def diff_as_dict(diff: Diff) -> dict[str, Any]:
    """The diff as JSON-able values, every flow by itself."""
    return {
        "loosens": [_as_dict(flow) for flow in diff.loosenings],
        "tightens": [_as_dict(flow) for flow in diff.tightenings],
        "answers": [_altered(one) for one in diff.answers],
        "besides": [{"what": one.what, "loosens": one.loosens} for one in diff.besides],
        "corners": diff.corners,
        "cells": diff.cells,
    }


def _as_dict(flow: Flow) -> dict[str, Any]:
    return {
        "facts": _facts(flow.corner) | {"missed_by": dict(flow.unseen)},
        "provider": flow.provider,
        "everyone": flow.everyone,
        **_place(flow.cell.where),
        "days": flow.cell.days,
        "before": _verdict(flow.before),
        "after": _verdict(flow.after),
        "waivers": list(flow.waivers),
    }


def _altered(altered: Altered) -> dict[str, Any]:
    return {
        "what": altered.subject,
        "loosens": altered.loosens,
        "facts": _facts(altered.corner) | {"missed_by": dict(altered.unseen)},
        "provider": altered.provider,
        "everyone": altered.everyone,
        **_place(altered.where),
        "days": altered.cell.days,
        "before": altered.before,
        "after": altered.after,
    }


def _facts(corner: Corner) -> dict[str, Any]:
    return {
        "entities": sorted(corner.entities),
        "opaque": sorted(corner.opaque),
        "counts": dict(sorted(corner.counts)),
        "found_by": sorted(corner.sources),
        "declared_class": corner.data_class,
    }


def _place(where: Where) -> dict[str, Any]:
    return {
        "caller": dict(where.values),
        "labels": dict(where.labels),
        "attested": sorted(where.attested),
        "from": where.on.isoformat(),
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    treatment = {entity: spell(action) for entity, action in verdict.treatment.items()}
    return {"allowed": verdict.allowed, "rules": list(verdict.rules), "treatment": treatment}


def _lines(flows: Sequence[Flow]) -> Iterator[str]:
    """One line for all flows that differ only in subject, and then only in provider."""
    by_subject: dict[tuple[str, ...], list[str]] = {}
    for flow in flows:
        before, after = _fates(flow)
        key = (_waived(flow), flow.provider, _who(flow), before, after)
        by_subject.setdefault(key, []).append(_subject(flow))
    by_provider: dict[tuple[str, ...], list[str]] = {}
    for (waived, provider, *rest), subjects in by_subject.items():
        by_provider.setdefault((waived, ", ".join(subjects), *rest), []).append(provider)
    for (waived, subject, who, before, after), providers in by_provider.items():
        yield f"  {waived}{subject} to {', '.join(providers)} for {who}: {before} -> {after}"


def _answer_lines(answers: Sequence[Altered]) -> Iterator[str]:
    """One line for all changes that differ only in the provider who answers."""
    by_provider: dict[tuple[str, ...], list[str]] = {}
    for one in answers:
        found = f", {_contents(one.corner, one.unseen)} found" if one.corner != Corner() else ""
        key = (one.subject + found, _who(one), one.before, one.after)
        by_provider.setdefault(key, []).append(one.provider)
    for (what, who, before, after), providers in by_provider.items():
        yield f"  {what}, from {', '.join(providers)} for {who}: {before} -> {after}"


def _waived(flow: Flow) -> str:
    return f"waiver {', '.join(flow.waivers)}: " if flow.waivers else ""


def _who(flow: Flow | Altered) -> str:
    if flow.everyone:
        return "everyone"
    return " ".join(filter(None, (str(flow.cell), flow.cell.days)))


def _subject(flow: Flow) -> str:
    return _contents(flow.corner, flow.unseen)


def _contents(corner: Corner, unseen: Collection[str] = ()) -> str:
    """What is found, in words; `unseen` with a low score."""
    counts, sources = dict(corner.counts), sorted(corner.sources)
    words = []
    for name in sorted(corner.entities):
        by = " and ".join(source for entity, source in sources if entity == name)
        faint = " with a low score" if name in unseen else ""
        many = f"{counts[name]} of " if name in counts else ""
        words.append(f"{many}{name}" + (f" found by {by}" if by else "") + faint)
    words += [f"unread {kind}" for kind in sorted(corner.opaque)]
    if corner.data_class:
        words.append(f"a request declared {corner.data_class}")
    return " beside ".join(words) or "a request in which nothing is found"


def _fates(flow: Flow) -> tuple[str, str]:
    """What becomes of it before and after: of one entity, or of several."""
    names = sorted(flow.corner.entities)
    if len(names) == 1:
        before, after = (fate_of(verdict, names[0]) for verdict in (flow.before, flow.after))
    else:
        before, after = (_told(verdict, names) for verdict in (flow.before, flow.after))
    return before, after


def _told(verdict: Verdict, names: Sequence[str]) -> str:
    if not verdict.allowed or not names:
        return "sent" if verdict.allowed else f"refused by {', '.join(verdict.rules)}"
    return ", ".join(f"{name} {fate_of(verdict, name)}" for name in names)
