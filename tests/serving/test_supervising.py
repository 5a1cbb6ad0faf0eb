"""What a parent makes of its workers' answers."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import orjson
import pytest

from proxy import config
from proxy.reporting import Report
from proxy.serving import supervising
from proxy.serving.supervising import Worker
from proxy.serving.working import Order
from tests.house import write_configuration


async def test_an_answer_that_came_too_late_isnt_the_next_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: config.Settings = write_configuration(tmp_path, "http://127.0.0.1:9").settings
    worker = Worker(
        "0", Order(settings, tmp_path, control=-1, found=-1, key=b"", allow_shadow=False)
    )
    ours, theirs = socket.socketpair()
    worker._reader, worker._writer = await asyncio.open_unix_connection(sock=ours)
    asked, answers = await asyncio.open_unix_connection(sock=theirs)

    def answer(policy: str) -> None:
        counted = [(["requests"], int(policy[-1]))]
        said = Report({"serving": "ok"}, policy, "", counts=counted).as_dict()
        answers.write(orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE))

    monkeypatch.setattr(supervising, "_ANSWER_S", 0.05)
    for _ in range(2):
        assert (await worker.report()).checks == {"worker": "the worker doesn't answer"}
    monkeypatch.setattr(supervising, "_ANSWER_S", 30.0)
    asking = asyncio.create_task(worker.report())
    for question in range(3):
        assert await asked.readline() == b"report\n"
        answer(f"policy {question}")
    assert (await asking).policy == "policy 2"
    monkeypatch.setattr(supervising, "_ANSWER_S", 0.05)
    silent = await worker.report()
    assert (silent.ready, silent.counts) == (False, [(["requests"], 2)]), "counts never fall"
    answers.close()
    worker._writer.close()
