"""Logs never hold user text: at DEBUG, with failures at every step, and other libraries' loggers on.

Replaced by a no-op: the filter of foreign records (then aiohttp's lines bring the text in).
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from proxy import logs
from tests.house import House
from tests.promises.planted import INTRODUCTION, VALUES
from tests.simulator import Simulator

ASK: Any = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": INTRODUCTION}]}

#: Every function of the journey that can fail, and what happens then.
STEPS = (
    "pipeline.sweep",
    "pipeline.number",
    "steps.departure.check",
    "pipeline.decide",
    "pipeline.prepare",
    "pipeline.gather",
    "steps.departure.Restorer",
    "pipeline.deliver",
    "recording.Recorder.intent",
    "records.keeping.contents_of",
    "detect.detector.Detector.detect",
    "providers.http.Reply.chunks",
    "wire.openai_chat_answer.map_strings",
)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Everything that is logged anywhere in this process, as it would be written."""
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    logs.configure("debug", "json")
    for name in ("aiohttp", "aiohttp.access", "aiohttp.client", "presidio-analyzer", "asyncio"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield stream
    root.handlers, root.level = before, level
    structlog.reset_defaults()


async def everything(privet: House, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Conversations that go well, and one failure at each step whose exception quotes the text."""
    client = privet.client._client
    headers = {"Authorization": f"Bearer {privet.key}"}
    url = f"{privet.root}/v1/chat/completions"
    simulator.says("Dear <PERSON_1>")
    await client.post(url, json=ASK, headers=headers)
    simulator.says("Dear <PERSON_1>").garbles(1)
    await client.post(url, json={**ASK, "stream": True}, headers=headers)
    simulator.sends(INTRODUCTION.encode())
    await client.post(url, json=ASK, headers=headers)
    simulator.fails(500, INTRODUCTION, retry_after=0)
    simulator.fails(500, INTRODUCTION, retry_after=0)
    await client.post(url, json=ASK, headers=headers)
    await client.post(url, content=b'{"messages": "' + INTRODUCTION.encode(), headers=headers)
    await client.post(url + "?q=" + VALUES["mail"], content=b"{}", headers=headers)
    await client.get(f"{privet.root}/{VALUES['mail']}")

    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError(INTRODUCTION)

    for step in STEPS:
        with monkeypatch.context() as patch:
            patch.setattr(f"proxy.{step}", broken)
            simulator.says("Dear <PERSON_1>")
            asked = [*ASK["messages"], {"role": "user", "content": f"and now {step}"}]
            failed = await client.post(url, json={**ASK, "messages": asked}, headers=headers)
            assert failed.status_code == 500, step
            assert INTRODUCTION not in failed.text
    for name in ("aiohttp.server", "presidio-analyzer", "anything"):
        logging.getLogger(name).error("candidate %s", INTRODUCTION)
        logging.getLogger(name).debug(INTRODUCTION, exc_info=ValueError(INTRODUCTION))


async def test_no_planted_value_is_ever_written(
    privet: House,
    simulator: Simulator,
    written: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    await everything(privet, simulator, monkeypatch)
    text = written.getvalue() + "".join(capfd.readouterr())
    assert "request_id" in text
    assert "library event" in text
    for value in (*VALUES.values(), privet.key, "Hollander"):
        assert value not in text


async def test_without_the_filter_other_libraries_bring_the_text_in(
    privet: House,
    simulator: Simulator,
    written: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for handler in logging.getLogger().handlers:
        handler.setFormatter(logging.Formatter())
    await everything(privet, simulator, monkeypatch)
    assert VALUES["person"] in written.getvalue()
