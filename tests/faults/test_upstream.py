"""What a provider can do wrong, and what the caller gets of it, whole and streamed.

Each expectation is a status and a code for an answer that hasn't begun, or how the stream ends. The
table in tests/README.md is made of these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from proxy.detect.detector import Detector
from proxy.steps import delivery
from proxy.wire import BY_PATH
from proxy.wire.restoring import Asked
from tests.faults.hurting import CHAT, Hurt, hurting
from tests.simulator import Simulator
from tests.wire.answering import restorer

FAILED = "502 provider_failed"
BROKEN = "an error event"
WHOLE = "the answer"


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing that a provider does, as often as it is asked, and what comes of it."""

    does: Callable[[Simulator], object]
    whole: str
    stream: str = ""
    code: str = "provider_failed"


def _html(simulator: Simulator, status: int) -> object:
    return simulator.sends(b"<html>Jane Hollander</html>", status=status, content_type="text/html")


WRONGS: dict[str, Wrong] = {
    "connection refused": Wrong(lambda s: s._server.close(), FAILED),
    "hangs up": Wrong(lambda s: s.drops(), FAILED),
    "401": Wrong(lambda s: s.fails(401), "502 provider_credentials"),
    "403": Wrong(lambda s: s.fails(403), "502 provider_credentials"),
    "429": Wrong(lambda s: s.fails(429, retry_after=0), "429 provider_refused"),
    "500": Wrong(lambda s: s.fails(500, retry_after=0), "500 provider_refused"),
    "529": Wrong(lambda s: s.fails(529, retry_after=0), "529 provider_refused"),
    "HTML with status 502": Wrong(
        lambda s: _html(s, 502).with_header("retry-after", "0"),  # type: ignore[attr-defined]
        "502 provider_refused",
    ),
    "HTML instead of JSON": Wrong(lambda s: _html(s, 200), FAILED),
    "half an event": Wrong(lambda s: s.says("Dear <PERSON_1>").garbles(2), WHOLE, BROKEN),
    "drops the answer": Wrong(
        lambda s: s.says("Dear <PERSON_1>, bye.").cuts(at=150), FAILED, BROKEN
    ),
    "a redirect": Wrong(lambda s: s.redirects(), FAILED),
    "a cookie": Wrong(
        lambda s: s.says("Dear <PERSON_1>").with_header("set-cookie", "a=b"), WHOLE, WHOLE
    ),
    "a gzip bomb": Wrong(lambda s: s.bombs(1), FAILED),
    "an endless body": Wrong(lambda s: s.never_ends(), FAILED, "goes on until the caller leaves"),
    "a length that is too long": Wrong(
        lambda s: s.says("Dear <PERSON_1>").claims_length(5_000), FAILED, WHOLE
    ),
    "a length that is too short": Wrong(
        lambda s: s.says("Dear <PERSON_1>, bye.").claims_length(150), FAILED, BROKEN
    ),
}


@pytest.mark.parametrize("dialect", [CHAT, "Messages"])
@pytest.mark.parametrize("name", WRONGS)
async def test_a_provider(
    name: str, dialect: str, tmp_path: Path, detector: Detector, simulator: Simulator
) -> None:
    wrong = WRONGS[name]
    async with hurting(tmp_path / "p", detector, simulator, dialect=dialect) as hurt:
        hurt.patch.setattr(delivery, "MAX_ANSWER_BYTES", 100_000)
        for stream, expected in ((False, wrong.whole), (True, wrong.stream or wrong.whole)):
            for _ in range(2):  # it may be asked twice
                wrong.does(simulator)
            await _comes_to(expected, hurt, stream=stream)
            simulator._script.clear()
        await hurt.recorded(*["intent", "outcome"] * 2)
        assert not simulator.followed
        assert all(heard.header("cookie") is None for heard in simulator.journal)


async def _comes_to(expected: str, hurt: Hurt, *, stream: bool) -> None:
    if expected == WHOLE:
        assert (await hurt.ask(stream=stream)).texts == ["Dear Jane Hollander"]
    elif expected == BROKEN:
        await hurt.broken(hurt.begin(stream=stream))
    elif expected.startswith("goes on"):
        asking = hurt.begin(stream=True)
        await hurt.simulator.heard(len(hurt.simulator.journal) + 1)
        await hurt.leaves(asking)
    else:
        status, code = expected.split()
        await hurt.refused(int(status), code, stream=stream)


ASKS = {
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "Who am I?"}]},
    "/v1/messages": {"max_tokens": 9, "messages": [{"role": "user", "content": "Who am I?"}]},
    "/v1/responses": {"input": "Who am I?"},
}


@pytest.mark.parametrize("route", ASKS)
async def test_a_stream_cut_at_every_byte(route: str, simulator: Simulator) -> None:
    """The caller reads whole events and an ending, and no placeholder, wherever it breaks off."""
    simulator.says("Hi <PERSON_1>, bye.").in_fragments(5)
    async with httpx.AsyncClient() as client:
        url = simulator.base_url.removesuffix("/v1") + route
        asked = {"model": "gpt-4o-mini", "stream": True, **ASKS[route]}
        sent = (await client.post(url, json=asked)).content
    begin = BY_PATH[route].stream
    assert begin is not None
    whole = begin(restorer(), Asked())
    assert b"PERSON_1" not in whole.feed(sent) + whole.close()
    assert not whole.failed
    for at in range(len(sent)):
        stream = begin(restorer(), Asked())
        told = stream.feed(sent[:at]) + stream.close()
        assert told.endswith(b"\n\n")
        assert stream.failed == (b'"error"' in told.rsplit(b"data: ", 1)[-1])
        assert stream.failed or at > len(sent) - 20
        assert b"PERSON_1" not in told


async def test_a_connection_cut_here_and_there(
    tmp_path: Path, detector: Detector, simulator: Simulator
) -> None:
    async with hurting(tmp_path / "p", detector, simulator) as hurt:
        simulator.says("Dear <PERSON_1>, bye.").in_fragments(7)
        length = len(await _raw(hurt))
        for at in range(0, length, 97):
            simulator.says("Dear <PERSON_1>, bye.").in_fragments(7).cuts(at=at)
            got = await _raw(hurt)
            last = got.rsplit(b"data: ", 1)[-1]
            assert last == b"[DONE]\n\n" or b'"error"' in last
            assert b"PERSON_1" not in got


async def _raw(hurt: Hurt) -> bytes:
    said = [{"role": "user", "content": "I am Jane Hollander"}]
    response = await hurt.privet.client._client.post(
        f"{hurt.privet.root}/v1/chat/completions",
        json={"model": "gpt-4o-mini", "messages": said, "stream": True},
        headers={"Authorization": f"Bearer {hurt.privet.key}"},
    )
    return bytes(response.content)


async def test_a_provider_that_comes_back(
    tmp_path: Path, detector: Detector, simulator: Simulator
) -> None:
    async with hurting(tmp_path / "p", detector, simulator) as hurt:
        for _ in range(2):
            simulator.drops()
        await hurt.refused(502, "provider_failed")
        await hurt.answered()
