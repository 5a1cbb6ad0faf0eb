"""nginx and HAProxy in front of Privet, with the files that operators copy: streams stay streams.

What differs from those files are addresses, ports and the certificate.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from openai import AsyncOpenAI, PermissionDeniedError

from proxy import admin
from proxy.assistant import Reply
from proxy.reporting import report
from tests.attacks.test_smuggling import AMBIGUOUS, good, request, statuses
from tests.authority import Authority
from tests.deploy.debian import program
from tests.house import House
from tests.simulator import Simulator

NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{ include {folder}/privet.conf; }}
"""

SECRET = "AKIA" + "IOSFODNN7" + "EXAMPLE"  # in the form of a key, and nobody's


@dataclass(frozen=True, slots=True)
class Front:
    port: int
    trust: ssl.SSLContext
    process: asyncio.subprocess.Process
    printed: asyncio.Task[bytes]

    @property
    def root(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def client(self, privet: House) -> AsyncOpenAI:
        http = httpx.AsyncClient(verify=self.trust, trust_env=False)
        return AsyncOpenAI(
            base_url=f"{self.root}/v1", api_key=privet.key, max_retries=0, http_client=http
        )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def told(text: str, **changes: str) -> str:
    """An example with other places in it, each of which must be there."""
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def nginx(folder: Path, port: int, privet: str, operators: int) -> list[str]:
    assert operators
    example = told(
        Path("deploy/nginx.conf").read_text(),
        **{
            "listen 443": f"listen 127.0.0.1:{port}",
            "127.0.0.1:8080": privet,
            "/etc/nginx/tls": str(folder),
            "/var/log/nginx/privet.log": "/dev/stderr",
        },
    )
    (folder / "privet.conf").write_text(example)
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder))
    return [program("nginx", "nginx-light"), "-c", str(folder / "nginx.conf")]


def haproxy(folder: Path, port: int, privet: str, operators: int) -> list[str]:
    example = told(
        Path("deploy/haproxy.cfg").read_text(),
        **{
            "bind :443": f"bind 127.0.0.1:{port}",
            "127.0.0.1:8080": privet,
            "port 8081": f"port {operators}",
            "/etc/haproxy/tls": str(folder),
        },
    )
    (folder / "haproxy.cfg").write_text(example)
    return [program("haproxy", "haproxy"), "-db", "-f", str(folder / "haproxy.cfg")]


@asynccontextmanager
async def administered(privet: House) -> AsyncIterator[int]:
    async def ask() -> dict[str, object]:
        return {"0": await report(privet.services)}

    async with admin.listening(ask, "127.0.0.1", 0) as url:  # type: ignore[arg-type]
        yield int(url.rpartition(":")[2])


@pytest.fixture(params=[nginx, haproxy], ids=["nginx", "haproxy"])
async def front(
    request: pytest.FixtureRequest, privet: House, tmp_path: Path
) -> AsyncIterator[Front]:
    """One of the two, serving."""
    folder = tmp_path / "front"
    folder.mkdir()
    authority, port = Authority(folder), free_port()
    certificate, key = authority.issue("privet", "CN=privet.example")
    with certificate.open("a") as chain:  # HAProxy reads both from one file
        chain.write(key.read_text())
    async with administered(privet) as operators:
        command = request.param(folder, port, privet.root.removeprefix("http://"), operators)
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        assert process.stdout is not None
        printed = asyncio.create_task(process.stdout.read())
        while not listens(port):
            assert process.returncode is None, await printed
            await asyncio.sleep(0.01)
        yield Front(port, authority.client(), process, printed)
        if process.returncode is None:
            process.terminate()
        await process.wait()
        await printed


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def test_chunks_arrive_as_they_are_sent(
    front: Front, privet: House, simulator: Simulator
) -> None:
    """The rest waits for the test; the first half is here before it."""
    go_on = asyncio.Event()
    simulator.says("One two three four five six seven eight").in_fragments(8).waits(go_on, at=700)
    # What is held back comes never, since the rest is waited for: this ends the wait.
    async with asyncio.timeout(60), front.client(privet) as client:
        stream = await client.chat.completions.create(
            model="gpt-4o-mini",
            messages=[{"role": "user", "content": "Count for Jane Doe."}],
            stream=True,
        )
        said = ""
        async for chunk in stream:
            said += chunk.choices[0].delta.content or ""
            if said.startswith("One two"):
                assert not simulator.journal[0].body.count(b"Jane")
                go_on.set()
    assert said == "One two three four five six seven eight"


async def test_who_leaves_ends_the_providers_work(
    front: Front, privet: House, simulator: Simulator
) -> None:
    never = asyncio.Event()
    scene = simulator.says("One two three four five").in_fragments(4).waits(never, at=700)
    async with asyncio.timeout(60), front.client(privet) as client:
        stream = await client.chat.completions.create(
            model="gpt-4o-mini", messages=[{"role": "user", "content": "Count."}], stream=True
        )
        async for _ in stream:
            break
        await stream.close()
        await scene.abandoned.wait()


async def test_bodies_refusals_and_logs(front: Front, privet: House, simulator: Simulator) -> None:
    """A long body passes, a refusal comes back as Privet wrote it, and no log holds the query."""
    simulator.says("Long.")
    async with front.client(privet) as client:
        await client.chat.completions.create(
            model="gpt-4o-mini", messages=[{"role": "user", "content": "Nothing new. " * 20_000}]
        )
        with pytest.raises(PermissionDeniedError) as refused:
            await client.chat.completions.create(
                model="gpt-4o-mini", messages=[{"role": "user", "content": f"Use {SECRET} now."}]
            )
        assert refused.value.code == "policy_refused"
        assert refused.value.response.headers["x-privet-request-id"]
        await client._client.get(f"{front.root}/v1/models?key={privet.key}")
    assert len(simulator.journal[0].body) > 200_000
    front.process.terminate()
    printed = (await front.printed).decode()
    assert "/v1/models" in printed
    assert refused.value.response.headers["x-privet-request-id"] in printed
    assert privet.key not in printed


async def test_both_part_requests_alike(front: Front, privet: House, simulator: Simulator) -> None:
    """Whatever stands in front makes of ambiguous bytes, the provider hears what was answered."""
    simulator.otherwise(lambda _asked: Reply("Fine."))
    for how, (fields, body) in AMBIGUOUS.items():
        before = len(simulator.journal)
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", front.port, ssl=front.trust, server_hostname="127.0.0.1"
        )
        writer.write(request(privet, fields, body) + good(privet))
        answer = await reader.read()
        writer.close()
        heard = len(simulator.journal) - before
        assert heard == statuses(answer).count(200), (how, statuses(answer))
        assert statuses(answer)[-1:] != [200] or heard <= 2, how
    texts = {json.dumps(heard.json["messages"]) for heard in simulator.journal}
    assert texts <= {json.dumps([{"role": "user", "content": "hi"}])}
