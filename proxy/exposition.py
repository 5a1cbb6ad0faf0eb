"""Reports as Prometheus reads them: its text format, written by its own library.

Counts and durations of several processes add up; what is so just now carries the process's name.
The library's own counters aren't used: each costs a lock and a look-up on the hot path, and several
processes would have to share files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from proxy.metrics import BOUNDS
from proxy.reporting import Report

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

#: What metrics.py and its likes count -> the metric, what it is, and its labels.
COUNTERS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "requests": (
        *("privet_requests", "Requests by how they ended."),
        ("dialect", "status", "code"),
    ),
    "refusals": (
        *("privet_refusals", "Understood requests that weren't forwarded."),
        ("rule", "code"),
    ),
    "attempts": (
        *("privet_attempts", "Turns of endpoints by how they ended."),
        ("provider", "model", "outcome", "status"),
    ),
    "entities": ("privet_entities", "Values found, by what became of them.", ("entity", "action")),
    "tokens": (
        *("privet_tokens", "Tokens, as providers reported them."),
        ("provider", "model", "tenant", "team", "app", "user", "kind"),
    ),
    "chunks": ("privet_detect_chunks", "Chunks of text by what answered.", ("by",)),
    "reload": ("privet_reloads", "Changed files by what came of them.", ("what", "result")),
    "shadow": (
        *("privet_shadow_differences", "Decisions that a policy in shadow makes otherwise."),
        ("policy", "differs"),
    ),
    "sinks": (
        *("privet_audit_sink_checkpoints", "Checkpoints for sinks by what came of them."),
        ("sink", "result"),
    ),
    "restarts": ("privet_worker_restarts", "Workers that ended and were replaced.", ("worker",)),
}
#: The same for durations.
HISTOGRAMS: dict[str, tuple[str, str, str]] = {
    "request": (
        "privet_request_seconds",
        "Requests until their answer's end.",
        "dialect",
    ),
    "step": ("privet_step_seconds", "Steps of the journey.", "step"),
    "audit": ("privet_audit_seconds", "Making a batch of records durable, and its sync.", "part"),
}
#: The same for what is so just now, besides `worker`.
GAUGES: dict[str, tuple[str, str, str]] = {
    "audit_waiting": ("privet_audit_waiting_records", "Records that aren't durable yet.", ""),
    "audit_lag": ("privet_audit_lag_seconds", "How long the oldest of them waits.", ""),
    "audit_unprotected": ("privet_audit_unprotected_records", "Without a checkpoint yet.", ""),
    "audit_sink_up": ("privet_audit_sink_up", "0 while it lacks what it was offered.", "sink"),
    "detector_processes": ("privet_detector_processes", "Detector processes that are ready.", ""),
    "detector_waiting": ("privet_detector_waiting_chunks", "Chunks that wait for one.", ""),
    "provider_up": ("privet_provider_up", "0 for a while after no answer came.", "provider"),
}


def expose(reports: Mapping[str, Report]) -> bytes:
    """The metrics of these processes, by their names."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Reports(reports))
    return generate_latest(registry)


class _Reports(Collector):
    def __init__(self, reports: Mapping[str, Report]) -> None:
        self._reports = reports

    def collect(self) -> Iterator[Metric]:
        yield from _counters(list(self._reports.values()))
        yield from _histograms(list(self._reports.values()))
        yield from _gauges(self._reports)


def _counters(reports: Sequence[Report]) -> Iterator[Metric]:
    sums: Counter[tuple[str, ...]] = Counter()
    for report in reports:
        sums.update({tuple(key): number for key, number in report.counts})
    for name, (metric, told, labels) in COUNTERS.items():
        family = CounterMetricFamily(metric, told, labels=labels)
        for key in sorted(key for key in sums if key[0] == name):
            family.add_metric(key[1:], sums[key])
        yield family


def _histograms(reports: Sequence[Report]) -> Iterator[Metric]:
    sums: dict[tuple[str, str], list[float]] = {}
    for report in reports:
        for (name, label), row in report.times:
            before = sums.get((name, label), [0.0] * len(row))
            sums[name, label] = [a + b for a, b in zip(before, row, strict=True)]
    for name, (metric, told, label) in HISTOGRAMS.items():
        family = HistogramMetricFamily(metric, told, labels=[label])
        for key in sorted(key for key in sums if key[0] == name):
            *counted, total = sums[key]
            family.add_metric([key[1]], _cumulative(counted), total)
        yield family


def _cumulative(counted: Sequence[float]) -> list[tuple[str, float]]:
    """Buckets as the format has them: each holds all that took no longer."""
    buckets, so_far = [], 0.0
    for bound, number in zip((*map(str, BOUNDS), "+Inf"), counted, strict=True):
        so_far += number
        buckets.append((bound, so_far))
    return buckets


def _gauges(reports: Mapping[str, Report]) -> Iterator[Metric]:
    for name, (metric, told, label) in GAUGES.items():
        family = GaugeMetricFamily(metric, told, labels=["worker", *filter(None, [label])])
        for worker, report in reports.items():
            for (gauge, value_of), value in report.gauges:
                if gauge == name:
                    family.add_metric([worker, *filter(None, [value_of])], value)
        yield family
    ready = GaugeMetricFamily("privet_ready", "Whether a check holds.", labels=["worker", "check"])
    policy = GaugeMetricFamily("privet_policy", "The one in force.", labels=["worker", "policy"])
    enforced = GaugeMetricFamily(
        "privet_policy_enforced", "0 while a whole policy is only counted.", labels=["worker"]
    )
    for worker, report in reports.items():
        for check, said in report.checks.items():
            ready.add_metric([worker, check], float(said == "ok"))
        policy.add_metric([worker, report.policy], 1.0)
        enforced.add_metric([worker], float(not report.shadow))
    yield from (ready, policy, enforced)
