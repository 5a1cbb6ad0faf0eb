"""`make soak` for some seconds: everything that it judges, once."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import RawTestServer

from tests.soak.__main__ import soak
from tests.soak.judging import ENDED, UNFORESEEN, Verdict
from tests.soak.traffic import Callers


async def test_a_short_soak_is_good() -> None:
    verdict = await soak(minutes=0.1, callers=1, seed=7, disk_mb=64)
    assert verdict.problems == [], "\n".join(verdict.lines)
    assert any("killed" in line for line in verdict.lines), verdict.lines


@pytest.mark.parametrize("rubbish", ["{}", '{"choices": []}', "data: [DONE]\n\n", "Fine.", "[]"])
async def test_an_answer_that_is_none_is_judged(rubbish: str) -> None:
    """Whatever is answered with 200 to those who should be refused, and rubbish to all others."""

    async def answer(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text=rubbish, content_type="application/json")

    async with (
        RawTestServer(answer) as server,
        ClientSession(server.make_url("/")) as session,
    ):
        callers = Callers(session, 1)
        for kind in callers.kinds:
            await callers.call(kind)
    judged = {line.partition(" ")[0].rstrip(":") for line in callers.seen.wrong}
    assert judged == {kind.__name__ for kind in callers.kinds} - {"leaving"}, callers.seen.wrong


def test_who_ends_without_a_word_is_seen(tmp_path: Path) -> None:
    verdict = Verdict()
    good = b'{"ended": {}, "whole": ["pvr-1"], "wrong": []}\n'
    assert verdict.judge_callers([good]) == ["pvr-1"]
    verdict.judge_provider(b'http://a\n{"heard": {"whole": 1}, "leaks": []}\n')
    diary = tmp_path / "privet.log"
    diary.write_text('{"level": "info", "event": "serving"}\n')
    verdict.judge_diary(diary, killed=0)
    assert verdict.problems == []
    verdict.judge_callers([good, b""])
    verdict.judge_callers([good.replace(b'"wrong": []', b'"wrong": ["plain"]')])
    verdict.judge_provider(b"http://a\n")
    verdict.judge_provider(b'{"heard": {"whole": 1}, "leaks": ["Hollander"]}\n')
    verdict.judge_diary(diary, killed=1)
    diary.write_text('Traceback\n{"level": "error", "event": "internal error"}\n')
    verdict.judge_diary(diary, killed=0)
    assert len(verdict.problems) == 7, verdict.problems


def test_what_is_looked_for_in_privets_log_is_what_it_says() -> None:
    code = "".join(path.read_text() for path in Path("proxy").rglob("*.py"))
    assert [event for event in (*UNFORESEEN, ENDED) if f'"{event}"' not in code] == []


def test_what_grows_is_seen() -> None:
    verdict = Verdict()
    verdict.judge_growth({"flat": (90_000, 95_000, 40, 44)})
    assert verdict.problems == []
    verdict.judge_growth({"memory": (90_000, 120_000, 40, 40), "files": (90_000, 90_000, 40, 90)})
    assert len(verdict.problems) == 2


@pytest.mark.parametrize("text", ["x@planted.example", "HOLLANDER", "4929-1234 5678 9012"])
def test_what_is_planted_is_seen(text: str) -> None:
    from tests.soak.planted import leaks

    assert leaks(f"so much for {text}.")
