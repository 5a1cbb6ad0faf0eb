"""The admin listener: whether Privet can take requests, and what it has counted, without a name."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from openai import APIStatusError, AsyncOpenAI
from prometheus_client.parser import text_string_to_metric_families

import audit.log
from proxy import admin
from proxy.commands import scaffold
from proxy.detect.detector import Detector
from proxy.detect.processes.nursery import Nursery
from proxy.detect.settings import DetectSettings
from proxy.exposition import COUNTERS, GAUGES, HISTOGRAMS
from proxy.identity.keys import create_key
from proxy.metrics import BOUNDS, Times
from proxy.reporting import report
from proxy.steps.journey import Services
from proxy.wire import DIALECTS
from tests.house import House, house
from tests.promises.planted import INTRODUCTION, leaks
from tests.simulator import Simulator
from tests.speakers import SPEAKERS

ASK: Any = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": INTRODUCTION}]}

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


class Operator:
    """Looks at the admin listener."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def get(self, path: str) -> tuple[int, str]:
        async with self._session.get(path) as response:
            assert response.headers["server"] == "privet"
            return response.status, await response.text()

    async def ready(self) -> tuple[int, dict[str, Any]]:
        """Status of /readyz, and what the one process says."""
        async with self._session.get("/readyz") as response:
            said = await response.json()
            assert said["ready"] == (response.status == 200)
            return response.status, said["workers"]["0"]

    async def samples(self) -> Samples:
        """All of /metrics, as Prometheus' own library reads it."""
        status, text = await self.get("/metrics")
        assert status == 200
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    async def value(self, name: str, **labels: str) -> float | None:
        return (await self.samples()).get((name, frozenset(labels.items())))


@asynccontextmanager
async def operating(services: Services) -> AsyncIterator[Operator]:
    async def ask() -> Any:
        return {"0": await report(services)}

    async with (
        admin.listening(ask, "127.0.0.1", 0) as base_url,
        aiohttp.ClientSession(base_url) as session,
    ):
        yield Operator(session)


@pytest.fixture
async def operator(privet: House) -> AsyncIterator[Operator]:
    async with operating(privet.services) as running:
        yield running


async def test_a_sound_privet_is_ready(privet: House, operator: Operator) -> None:
    assert await operator.get("/healthz") == (200, "ok\n")
    status, said = await operator.ready()
    assert (status, said["ready"], "shadow" in said) == (200, True, False)
    names = ["serving", "policy", "detector", "audit", "keys", "vault"]
    assert said["checks"] == dict.fromkeys(names, "ok")
    policy = privet.services.policies.current
    assert said["policy"] == f"{policy.name}@{policy.digest[:12]}"


async def test_it_is_apart_from_the_serving_listener(privet: House, operator: Operator) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        response = await privet.client._client.get(privet.root + path)
        assert (response.status_code, response.json()["error"]["code"]) == (404, "not_found")
    assert (await operator.get("/v1/models"))[0] == 404
    async with operator._session.post("/metrics") as response:
        assert response.status == 405


async def test_not_ready_while_the_audit_disk_is_full(
    privet: House, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fdatasync

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fdatasync", full)
    status, said = await operator.ready()
    assert (status, said["checks"]["audit"]) == (503, "The audit disk takes no records.")
    assert await operator.value("privet_ready", worker="0", check="audit") == 0
    monkeypatch.setattr(os, "fdatasync", real)
    assert (await operator.ready())[0] == 200, "no traffic is needed to see that there is room"
    assert (await privet.verify()).findings == [], "a probe leaves nothing behind"


async def test_not_ready_while_the_audit_disk_hangs(
    privet: House, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit.log, "PROBE_SECONDS", 0.05)
    real, answers = os.fdatasync, threading.Event()

    def hang(descriptor: int) -> None:
        answers.wait()
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", hang)
    try:
        for _ in range(2):
            status, said = await operator.ready()
            assert (status, said["checks"]["audit"]) == (503, "The audit disk doesn't answer.")
    finally:
        answers.set()
    monkeypatch.undo()
    assert (await operator.ready())[0] == 200
    assert (await privet.verify()).findings == []


async def test_not_ready_without_a_detector(
    tmp_path: Path, simulator: Simulator, joined: Callable[[], Nursery]
) -> None:
    detector = Detector(DetectSettings(), bytes(32), nursery=joined())
    await detector.start()
    async with (
        house(tmp_path / "privet", detector, simulator.base_url) as privet,
        operating(privet.services) as operator,
    ):
        assert (await operator.ready())[0] == 200
        await detector.stop()
        status, said = await operator.ready()
        assert (status, said["checks"]["detector"]) == (503, "no detector process is ready")
        assert await operator.value("privet_detector_processes", worker="0") == 0


async def test_not_ready_while_the_keys_cant_be_read(privet: House, operator: Operator) -> None:
    keys = privet.folder / "keys.yaml"
    good = keys.read_text()
    keys.write_text("keys: [")
    callers = privet.services.callers
    assert callers is not None
    with pytest.raises(Exception, match=r"keys\.yaml"):
        callers.reload_if_changed()
    status, said = await operator.ready()
    assert (status, said["checks"]["keys"]) == (503, "the file of callers can't be read")
    keys.write_text(good)
    assert callers.reload_if_changed()
    assert (await operator.ready())[0] == 200


async def test_a_policy_that_isnt_enforced_is_said(
    tmp_path: Path, detector: Detector, simulator: Simulator
) -> None:
    shadow = "shadow: {until: 2099-01-31, approved_by: [ciso@acme, dpo@acme]}\n"
    policy = scaffold.starter_policy() + shadow
    async with (
        house(
            tmp_path / "p", detector, simulator.base_url, policy=policy, allow_shadow=True
        ) as privet,
        operating(privet.services) as operator,
    ):
        status, said = await operator.ready()
        assert (status, said["ready"]) == (200, True)
        assert said["shadow"] == "THE POLICY ISN'T ENFORCED until 2099-01-31: nothing is hidden"
        assert await operator.value("privet_policy_enforced", worker="0") == 0


async def test_what_is_counted_of_requests(
    privet: House, simulator: Simulator, operator: Operator
) -> None:
    simulator.says("Dear <PERSON_1>")
    await privet.client.chat.completions.create(**ASK)
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" + "k1L2m3N4o5P6q7R8"
    with pytest.raises(APIStatusError):
        await privet.client.chat.completions.create(
            model="gpt-4o-mini", messages=[{"role": "user", "content": f"my token is {token}"}]
        )
    with pytest.raises(APIStatusError):
        await privet.client.chat.completions.create(**{**ASK, "model": "no-such-model"})
    samples = await operator.samples()

    def value(name: str, **labels: str) -> float:
        return samples[name, frozenset(labels.items())]

    chat = DIALECTS[0].name
    assert value("privet_requests_total", dialect=chat, status="200", code="") == 1
    assert value("privet_requests_total", dialect=chat, status="404", code="model_not_found") == 1
    refused = [
        (dict(labels), number)
        for (name, labels), number in samples.items()
        if name == "privet_refusals_total"
    ]
    assert {labels["code"]: number for labels, number in refused} == {
        "policy_refused": 1,
        "model_not_found": 1,
    }
    assert next(one["rule"] for one, _ in refused if one["code"] == "policy_refused")
    assert (
        value(
            "privet_attempts_total",
            provider="cloud",
            model="gpt-4o-mini",
            outcome="delivered",
            status="200",
        )
        == 1
    )
    # Her name, and her name in her address.
    assert value("privet_entities_total", entity="PERSON", action="placeholder") == 2
    assert value("privet_detect_chunks_total", by="process") >= 1
    assert value("privet_provider_up", worker="0", provider="cloud") == 1
    assert value("privet_audit_waiting_records", worker="0") == 0
    for part in ("write", "sync"):
        assert value("privet_audit_seconds_count", part=part) >= 3
    steps = {
        dict(labels)["step"] for name, labels in samples if name == "privet_step_seconds_count"
    }
    assert steps == {
        *("receive", "identify", "parse", "detect", "classify", "decide", "route", "mask"),
        *("record intent", "forward", "restore", "record outcome"),
    }
    bucket = {"step": "parse", "le": "+Inf"}
    assert value("privet_step_seconds_bucket", **bucket) == value(
        "privet_step_seconds_count", step="parse"
    )


async def test_a_provider_that_fails_is_down_for_a_while(
    privet: House, simulator: Simulator, operator: Operator
) -> None:
    for _ in range(2):
        simulator.drops()
    with pytest.raises(APIStatusError):
        await privet.client.chat.completions.create(**ASK)
    assert await operator.value("privet_provider_up", worker="0", provider="cloud") == 0
    simulator.says("Fine.")
    await privet.client.chat.completions.create(**ASK)
    assert await operator.value("privet_provider_up", worker="0", provider="cloud") == 1


def reports_if_asked(name: str) -> bool:
    return name in {"Chat Completions", "Completions"}


@pytest.mark.parametrize(
    ("name", "stream"),
    [
        (name, stream)
        for name, speaker in SPEAKERS.items()
        for stream in (False, True)
        if not (stream and "stream" in speaker.lacks)
    ],
)
async def test_tokens_are_counted_in_every_dialect(
    tmp_path: Path, detector: Detector, simulator: Simulator, name: str, *, stream: bool
) -> None:
    speaker = SPEAKERS[name]
    async with (
        house(tmp_path / "p", detector, simulator.base_url, cloud_type=speaker.provider) as privet,
        operating(privet.services) as operator,
    ):
        simulator.says("Dear <PERSON_1>")
        usage = {"stream_options": {"include_usage": True}} if reports_if_asked(name) else {}
        await speaker.ask(privet, INTRODUCTION, stream=stream, extra=usage if stream else None)
        while "outcome" not in await privet.kinds():  # a stream's follows its last event
            await asyncio.sleep(0)
        tokens = {
            dict(labels)["kind"]: number
            for (metric, labels), number in (await operator.samples()).items()
            if metric == "privet_tokens_total"
        }
        embeds = name == "Embeddings"
        assert tokens.keys() == ({"input"} if embeds else {"input", "output"})
        assert all(number > 0 for number in tokens.values())


async def test_no_callers_word_is_in_the_metrics(
    tmp_path: Path, detector: Detector, simulator: Simulator
) -> None:
    """Not a value, not a user's name, not a model name that somebody made up."""
    extra = "any_model: cloud\n"
    user = "jane.hollander@example.com"
    async with (
        house(tmp_path / "p", detector, simulator.base_url, extra=extra) as privet,
        operating(privet.services) as operator,
    ):
        key, _ = create_key(privet.folder / "keys.yaml", "support", "desk", user=user)
        assert privet.services.callers is not None
        privet.services.callers.reload_if_changed()
        async with AsyncOpenAI(base_url=f"{privet.root}/v1", api_key=key, max_retries=0) as client:
            for model in ("gpt-4o-mini", "hollander-model"):
                simulator.says("Dear <PERSON_1>")
                await client.chat.completions.create(**{**ASK, "model": model})
        _, text = await operator.get("/metrics")
        _, ready = await operator.get("/readyz")
    assert leaks(text.encode() + ready.encode()) == []
    assert "ollander" not in text
    assert 'model="other"' in text
    assert 'user="user-' in text
    assert str(tmp_path) not in text + ready


def test_the_operators_page_lists_every_metric_with_its_labels() -> None:
    page = (Path(admin.__file__).parents[1] / "deploy" / "README.md").read_text("utf-8")
    rows = [line.split("|")[1:3] for line in page.splitlines() if line.startswith("| `privet_")]
    listed = {name: labels for names, labels in rows for name in re.findall(r"`(\w+)`", names)}
    counters = {f"{name}_total": labels for name, _, labels in COUNTERS.values()}
    for name, labels in counters.items():
        assert listed.pop(name).strip() == ", ".join(labels)
    for name, _, label in HISTOGRAMS.values():
        assert listed.pop(name).strip() == label
    for name, _, label in GAUGES.values():
        assert listed.pop(name).strip() == ", ".join(filter(None, ["worker", label]))
    assert listed.keys() == {"privet_ready", "privet_policy", "privet_policy_enforced"}


def test_a_duration_is_counted_in_the_first_bucket_that_holds_it() -> None:
    times = Times()
    for seconds in (BOUNDS[0], BOUNDS[1] - 1e-9, BOUNDS[-1] * 2):
        times.took("step", "parse", seconds)
    *buckets, beyond, total = times.rows["step", "parse"]
    assert (buckets[0], buckets[1], sum(buckets[2:]), beyond) == (1, 1, 0, 1)
    assert total == pytest.approx(BOUNDS[0] + BOUNDS[1] + BOUNDS[-1] * 2)
