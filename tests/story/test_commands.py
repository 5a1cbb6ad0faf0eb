"""The command line as a newcomer meets it: init, keys, doctor, serve, audit, demo."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from openai import OpenAI

from proxy import demo
from proxy.cli import main
from proxy.commands import scaffold
from proxy.loopback import MODELS, Loopback
from tests.simulator import Simulator

PRIVET = [sys.executable, "-m", "proxy"]


def privet(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PRIVET, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path.cwd()), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def running(
    folder: Path, *arguments: str, **environment: str
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A command that serves; gives the base URL that it prints."""
    with subprocess.Popen(
        [*PRIVET, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path.cwd()), "COLUMNS": "200", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                found = re.search(r"http://127\.0\.0\.1:\d+/v1", line)
                if found and "front of" not in line:
                    yield found[0], process
                    break
            else:
                pytest.fail("it ended instead of serving")
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate()


async def test_from_init_to_a_verified_log(tmp_path: Path, simulator: Simulator) -> None:
    written = privet(tmp_path, "init", "etc")
    assert written.returncode == 0, written.stderr
    assert "auditor.key" in written.stdout
    etc = tmp_path / "etc"
    assert (etc / "keys" / "auditor.key").stat().st_mode & 0o777 == 0o600
    again = privet(tmp_path, "init", "etc")
    assert again.returncode == 2
    assert "privet.yaml is there already, and nothing is overwritten." in again.stderr
    assert "Errno" not in again.stderr
    onto_a_file = privet(tmp_path, "init", "etc/privet.yaml")
    assert onto_a_file.returncode == 2
    assert "etc/privet.yaml is a file" in onto_a_file.stderr
    assert "Errno" not in onto_a_file.stderr

    settings = (etc / "privet.yaml").read_text()
    settings = settings.replace("    type: openai ", f"    base_url: {simulator.base_url} ")
    settings = settings.replace("127.0.0.1:8080  ", "127.0.0.1:0  ")
    (etc / "privet.yaml").write_text(settings)

    key = privet(etc, "keys", "create", "--team", "support", "--app", "desk").stdout.strip()
    assert key.startswith("pv-")
    assert key not in privet(etc, "keys", "list").stdout

    without = privet(etc, "doctor", OPENAI_API_KEY="")
    assert without.returncode == 1
    assert "OPENAI_API_KEY holds no key" in without.stdout
    assert "mend:" in without.stdout
    upstream_key = "sk-" + "upstream" * 3
    assert privet(etc, "doctor", OPENAI_API_KEY=upstream_key).returncode == 0

    simulator.says("Dear <PERSON_1>")
    import asyncio

    with running(etc, "serve", OPENAI_API_KEY=upstream_key) as (base_url, process):
        client = OpenAI(base_url=base_url, api_key=key, max_retries=0)
        answer = await asyncio.to_thread(
            client.chat.completions.create,
            model="gpt-4o",
            messages=[{"role": "user", "content": "I am Jane Hollander."}],
        )
        assert answer.choices[0].message.content == "Dear Jane Hollander"
        client.close()
        process.send_signal(signal.SIGHUP)  # the file is the same, so only a signal can load it
        lines = process.stdout or ()
        loaded = await asyncio.to_thread(lambda: next(li for li in lines if "policy loaded" in li))
        assert "starter/1" in loaded
    assert process.returncode == 0, "SIGTERM is a clean end"
    (heard,) = simulator.journal
    assert heard.header("authorization") == f"Bearer {upstream_key}"
    assert key.encode() not in heard.body

    verified = privet(etc, "audit", "verify", "audit", "--key", "keys/log.pub")
    assert verified.returncode == 0, verified.stdout
    shown = privet(etc, "audit", "show", "audit/0", "--open", "keys/auditor.key", "--unrecorded")
    assert "<PERSON_1>" in shown.stdout
    assert "Hollander" not in shown.stdout


async def test_the_one_minute_trial(tmp_path: Path) -> None:
    import asyncio

    upstream = Loopback()
    root = (await upstream.start()).removesuffix("/v1")
    environment = {"TMPDIR": str(tmp_path), "OPENAI_API_KEY": "sk-" + "openai" * 4}
    try:
        with running(
            tmp_path, "demo", "--upstream", root, "--listen", "127.0.0.1:0", **environment
        ) as (base_url, process):
            client = OpenAI(base_url=base_url, api_key="any", max_retries=0)
            answer = await asyncio.to_thread(
                client.chat.completions.create,
                model="echo",
                messages=[{"role": "user", "content": "I am Jane Hollander."}],
            )
            assert answer.choices[0].message.content == "I am Jane Hollander."
            listed = await asyncio.to_thread(client.models.list)
            assert [model.id for model in listed] == list(MODELS)
            client.close()
        assert process.returncode == 0
        assert b"Hollander" not in upstream.seen[-1].body
        for seen in upstream.seen:
            assert "authorization" not in {name.lower() for name, _ in seen.headers}
    finally:
        await upstream.stop()


async def test_the_trial_sends_the_key_that_is_named(tmp_path: Path) -> None:
    import asyncio

    upstream = Loopback()
    root = (await upstream.start()).removesuffix("/v1")
    key = "sk-" + "trial" * 4
    arguments = ("--upstream", root, "--key-env", "TRIAL_KEY", "--listen", "127.0.0.1:0")
    try:
        with running(tmp_path, "demo", *arguments, TMPDIR=str(tmp_path), TRIAL_KEY=key) as (
            base_url,
            process,
        ):
            assert process.stdout is not None
            told = await asyncio.to_thread(process.stdout.readline)
            assert "$TRIAL_KEY" in told
            assert key not in told
            client = OpenAI(base_url=base_url, api_key="any", max_retries=0)
            await asyncio.to_thread(client.models.list)
            client.close()
        assert dict(upstream.seen[-1].headers)["Authorization"] == f"Bearer {key}"
    finally:
        await upstream.stop()


@pytest.mark.parametrize(
    "url",
    [
        "http://api.openai.com",
        "https://api.openai.com.example.net",
        "https://example.net/api.openai.com",
        "https://example.net/https://api.openai.com/v1",
        "https://api.openai.com:8443",
        "http://127.0.0.1:11434",
    ],
)
def test_openais_key_goes_to_openai_alone(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-" + "openai" * 4)
    assert demo.upstream_at(url).key_variable is None
    assert demo.upstream_at("https://api.openai.com/v1/").key_variable == "OPENAI_API_KEY"
    monkeypatch.delenv("OPENAI_API_KEY")
    assert demo.upstream_at("https://api.openai.com").key_variable is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--upstream", "127.0.0.1:11434"], "--upstream has to be http(s)://HOST[:PORT]"),
        (["--upstream", "http://"], "--upstream has to be"),
        (["--upstream", "http://127.0.0.1:port"], "--upstream has to be"),
        (["--upstream", "http://me:pw@127.0.0.1"], "--upstream has to be"),
        (["--upstream", "ftp://127.0.0.1"], "--upstream has to be"),
        (["--listen", "8080"], "--listen has to be HOST:PORT"),
        (["--listen", "127.0.0.1:http"], "--listen has to be HOST:PORT"),
        (["--listen", "127.0.0.1:70000"], "--listen has to be HOST:PORT"),
        (["--listen", "0.0.0.0:8080"], "since the demo asks for no key"),
        (["--key-env", "PATH"], "--key-env names the key for an --upstream"),
        (["--upstream", "http://a", "--key-env", "NO_SUCH_KEY"], "--key-env has to name"),
        (["--upstream", "http://a", "--openai"], "not allowed with"),
        (["--openai"], "--openai needs a key in $OPENAI_API_KEY"),
    ],
)
def test_a_misused_demo_says_so_before_it_writes_anything(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(SystemExit) as ended:
        main(["demo", *arguments])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_demo_shows_both_sides_and_verifies(tmp_path: Path) -> None:
    done = privet(tmp_path, "demo", TMPDIR=str(tmp_path), COLUMNS="160")
    assert done.returncode == 0, done.stderr
    for said in ("The application sent", "The provider saw", "<PERSON_1>", "general-use", "intent"):
        assert said in done.stdout
    assert done.stdout.count(" intent pvr-") == done.stdout.count(" outcome pvr-") > 0
    assert "no findings" in done.stdout


def test_explain_lint_and_test_speak_of_places(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("policy: x\nprovidres: {}\n")
    linted = privet(tmp_path, "policy", "lint", "bad.yaml")
    assert linted.returncode == 1
    assert re.search(r"bad\.yaml:2:1: error .*did you mean 'providers'", linted.stdout)
    starter = privet(tmp_path, "policy", "lint", str(Path.cwd() / "policies" / "starter.yaml"))
    assert starter.returncode == 0
    assert starter.stderr == ""
    told = privet(tmp_path, "policy", "explain", "Call Jane Hollander", "--provider", "openai")
    assert "openai would see:\n  Call <PERSON_1>" in told.stdout


MISUSED = {
    "keys create --team= --app a": "privet keys create: error: argument --team: ",
    "audit verify {here} --key {here}/auditor.pub": "privet: {here}/auditor.pub: not a verifier key",
    "audit verify {here} --key {here}/none": "privet: {here}/none: No such file or directory",
    "init {here}/auditor.pub/x": "privet: {here}/auditor.pub/x/keys: Not a directory",
    "demo --upstream http://127.0.0.1:9 --listen {taken}": "privet: error while attempting to bind",
}


@pytest.mark.parametrize("command", MISUSED)
def test_an_error_is_a_sentence_that_names_what_is_wrong(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    scaffold.write(tmp_path / "privet", scaffold.Choices())
    shutil.copy(tmp_path / "privet" / "keys" / "auditor.pub", tmp_path)
    (tmp_path / "privet.yaml").symlink_to(tmp_path / "privet" / "privet.yaml")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        facts = {"here": str(tmp_path), "taken": f"127.0.0.1:{listening.getsockname()[1]}"}
        try:
            code = main(command.format(**facts).split())
        except SystemExit as ended:
            code = ended.code
    assert code == 2
    *_, said = capsys.readouterr().err.splitlines()
    assert said.startswith(MISUSED[command].format(**facts))
    assert "Errno" not in said
