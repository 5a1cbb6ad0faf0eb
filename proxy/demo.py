"""`privet demo`: the real proxy on scratch keys, seen from both sides.

Without `--upstream` it talks to the embedded loopback provider (or with `--openai` to OpenAI),
shows each conversation from the application's side and from the provider's, verifies the audit log
and ends. With `--upstream` it serves in front of that server until Ctrl-C.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import uvloop
from rich.console import Console

from proxy import config, logs
from proxy.commands import scaffold
from proxy.loopback import Loopback
from proxy.server import listening
from proxy.serving.services import detecting, running
from proxy.serving.single import stop_signal
from proxy.steps.journey import Services

_OPENAI = "https://api.openai.com/v1"
_OPENAI_KEY = "OPENAI_API_KEY"
_LOOPBACK = ("127.0.0.1", "[::1]", "localhost")
_MAX_PORT = 65535


@dataclass(frozen=True, slots=True)
class Upstream:
    """What stands behind the demo: its base URL, and the environment variable with its key."""

    base_url: str
    key_variable: str | None


def run(
    upstream: str | None, listen: str, *, key_variable: str | None = None, openai: bool = False
) -> int:
    """Run the demo, with arguments that `misuse` found right; returns the exit code."""
    logs.configure("warning", "pretty")
    if upstream is not None:
        return uvloop.run(_serve(upstream_at(upstream, key_variable), listen))
    return uvloop.run(_show(openai=openai))


def misuse(upstream: str | None, listen: str, *, key_variable: str | None, openai: bool) -> str:
    """What is wrong with the arguments of `run`, in a sentence; an empty one if nothing is."""
    if upstream is not None and not _is_root(upstream):
        return "--upstream has to be http(s)://HOST[:PORT], perhaps with a path"
    host, _, port = listen.rpartition(":")
    if host not in _LOOPBACK or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > _MAX_PORT:
        hosts = ", ".join(_LOOPBACK)
        return f"--listen has to be HOST:PORT with one of {hosts}, since the demo asks for no key"
    if key_variable is not None and upstream is None:
        return "--key-env names the key for an --upstream"
    if key_variable is not None and not os.environ.get(key_variable):
        return "--key-env has to name an environment variable that holds a key"
    if openai and not os.environ.get(_OPENAI_KEY):
        return f"--openai needs a key in ${_OPENAI_KEY}"
    return ""


def _is_root(url: str) -> bool:
    try:
        address = urlsplit(url)
        named = address.hostname is not None and address.port != 0
    except ValueError:  # brackets, or a port, that no URL has
        return False
    return named and re.fullmatch(r"https?://[^\s?#@]+", url) is not None


def upstream_at(url: str, key_variable: str | None = None) -> Upstream:
    """A server by its root; its base URL has the version, which most serve under /v1.

    The key in $OPENAI_API_KEY goes to OpenAI by itself, and to nobody else.
    """
    root = url.rstrip("/")
    address = urlsplit(root)
    is_openai = address.scheme == "https" and address.netloc == urlsplit(_OPENAI).netloc
    if key_variable is None and is_openai and os.environ.get(_OPENAI_KEY):
        key_variable = _OPENAI_KEY
    base_url = root if re.search(r"/v\d+$", address.path) else f"{root}/v1"
    return Upstream(base_url, key_variable)


async def _serve(upstream: Upstream, listen: str) -> int:
    """The one-minute trial in front of anything a user already runs."""
    console = Console()
    stop = stop_signal()
    folder = Path(tempfile.mkdtemp(prefix="privet-demo-"))
    async with _proxy(folder, upstream, listen) as (base_url, _):
        console.print(f"[bold green]Privet serves in front of {upstream.base_url}[/]")
        console.print(f"  base URL   [bold]{base_url}/v1[/]   (any key, any model name)")
        key = f"${upstream.key_variable}" if upstream.key_variable else "none (--key-env names one)"
        console.print(f"  its key    {key}")
        console.print(f"  audit log  {folder / 'audit'}")
        console.print(f"  settings   {folder}   (scratch keys and the starter policy)")
        console.print("Everything that is found is hidden from the upstream. Ctrl-C ends this.")
        await stop.wait()
    console.print(f"Verify the log: {verify_command(folder)}")
    return 0


async def _show(*, openai: bool) -> int:
    """Conversations through the real proxy, side by side, and the verified log."""
    from proxy.demo_show import conversations, verified

    console = Console()
    folder = Path(tempfile.mkdtemp(prefix="privet-demo-"))
    loopback = Loopback()
    try:
        if openai:
            upstream, model = Upstream(_OPENAI, _OPENAI_KEY), "gpt-4o-mini"
        else:
            upstream, model = Upstream(await loopback.start(), None), "assistant"
        console.print("Starting the detector, the audit log and the proxy ...", style="dim")
        async with _proxy(folder, upstream, "127.0.0.1:0") as (base_url, services):
            policy = services.policies.current.name
            console.print(f"Serving at {base_url}/v1 under policy {policy}", style="dim")
            await conversations(
                console, f"{base_url}/v1", model, folder, loopback, recorder=services.recorder
            )
    finally:
        await loopback.stop()
    code = verified(console, folder)
    console.print(f"Settings, keys and the log are in {folder}", style="dim")
    console.print(f"Read it again: {verify_command(folder)}", style="dim")
    return code


@asynccontextmanager
async def _proxy(
    folder: Path, upstream: Upstream, listen: str
) -> AsyncIterator[tuple[str, Services]]:
    """The real proxy on a scratch configuration; gives its URL and what it runs on."""
    scaffold.write(folder, _choices(upstream, listen))
    configuration = config.load(folder / "privet.yaml", {})
    settings = configuration.settings
    async with (
        detecting(configuration) as detector,
        running(configuration, detector) as services,
        listening(services, settings.limits, *settings.address) as base_url,
    ):
        yield base_url, services


def _choices(upstream: Upstream, listen: str) -> scaffold.Choices:
    key = f"    key: {{env: {upstream.key_variable}}}\n" if upstream.key_variable else ""
    name = "upstream"
    policy = re.sub(
        r"(?m)^providers:\n(?:  .*\n)+",
        "# The demo's only provider counts as off-premises, so everything is hidden from it.\n"
        f"providers:\n  {name}: {{region: us, on_prem: false, retention: 30d, trains: false, "
        "clearance: internal}\n",
        scaffold.starter_policy(),
    )
    return scaffold.Choices(
        listen=listen,
        identity="anyone: true                      # no key is asked: loopback only",
        site="demo.example/privet",
        providers=f"  {name}:\n    base_url: {upstream.base_url}\n{key}",
        models=f"  {{}}\nany_model: {name}                 # any other name goes there as it is\n",
        policy=policy,
    )


def verify_command(folder: Path) -> str:
    """What a user types to check the log."""
    keys = folder / "keys"
    return f"{sys.argv[0]} audit verify {folder / 'audit'} --key {keys / 'log.pub'}"
