"""A witness elsewhere: asked over HTTP, it signs what continues what it saw, and nothing else."""

from __future__ import annotations

import asyncio
import base64
import importlib.util
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.checkpoint import Checkpoint, sign
from audit.cli import main
from audit.cosignature import WitnessKey, cosign, cosignatures
from audit.errors import AuditError, FormatError
from audit.layout import newest_note
from audit.merkle import consistency_proof
from audit.note import VerifierKey
from audit.record import Kind
from audit.tiles import TileHashes
from audit.witness import ask, cosigned
from audit.witnessing import Witness
from tests.audit.sites import ORIGIN, Site

NOW = 1_790_900_000


def deployed() -> Any:
    """deploy/witness.py, which is no package."""
    path = Path(__file__).parents[2] / "deploy" / "witness.py"
    spec = importlib.util.spec_from_file_location("witness_server", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass
class Elsewhere:
    """A running witness: its address, its key, and what it knows."""

    url: str
    key: WitnessKey
    witness: Witness


@contextmanager
def running(folder: Path, logs: list[VerifierKey]) -> Iterator[Elsewhere]:
    private = Ed25519PrivateKey.generate()
    name = "witness.example/w1"
    witness = Witness(folder, name, private, logs, lambda: NOW)
    with deployed().serve(witness, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}"
            yield Elsewhere(url, WitnessKey(name, private.public_key()), witness)
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "site")


@pytest.fixture
def elsewhere(tmp_path: Path, site: Site) -> Iterator[Elsewhere]:
    with running(tmp_path / "seen", [site.key]) as witness:
        yield witness


def write(site: Site, records: int) -> None:
    async def run() -> None:
        log = site.open()
        for number in range(records):
            await log.append(Kind.REFUSAL, f"e-{number}", {})
        await log.close()

    asyncio.run(run())


def test_it_signs_a_log_as_it_grows(site: Site, elsewhere: Elsewhere) -> None:
    for records, size in ((3, 3), (0, 3), (300, 303)):
        write(site, records)
        assert ask(site.folder, elsewhere.url, elsewhere.key) == size
    found = cosigned(site.folder, elsewhere.key)
    assert found is not None
    note, time = found
    assert (note.split("\n")[1], time) == ("303", NOW)
    report = site.verify(since=note)
    assert (report.findings, report.held, report.unprotected_records) == ([], 303, 0)


def test_it_remembers_through_a_restart_and_a_log_that_forgot(
    site: Site, tmp_path: Path, elsewhere: Elsewhere
) -> None:
    """Our own note of what it saw is gone: it says the size itself (409), and gets its proof."""
    write(site, 5)
    ask(site.folder, elsewhere.url, elsewhere.key)
    write(site, 5)
    for path in (site.folder / "cosigned").iterdir():
        path.unlink()
    with running(tmp_path / "seen", [site.key]) as again:
        assert ask(site.folder, again.url, again.key) == 10


def test_a_log_rolled_back_or_rewritten_is_refused(
    site: Site, tmp_path: Path, elsewhere: Elsewhere
) -> None:
    write(site, 5)
    early = site.copy(tmp_path / "early")
    write(site, 5)
    ask(site.folder, elsewhere.url, elsewhere.key)
    with pytest.raises(AuditError, match="has seen 10 records of this log, 5 are here"):
        ask(early.folder, elsewhere.url, elsewhere.key)
    write(early, 5)  # another history of the same size
    with pytest.raises(AuditError, match="another history"):
        ask(early.folder, elsewhere.url, elsewhere.key)
    write(early, 5)  # and a longer one
    with pytest.raises(AuditError, match="another history"):
        ask(early.folder, elsewhere.url, elsewhere.key)
    assert ask(site.folder, elsewhere.url, elsewhere.key) == 10, "it still stands by what it saw"


def request(
    site: Site, old: int, note: str | None = None, proof: list[bytes] | None = None
) -> bytes:
    note = newest_note(site.folder)[0] if note is None else note
    lines = [base64.b64encode(one).decode() for one in proof or []]
    return "\n".join([f"old {old}", *lines, "", note]).encode()


def test_its_answers_are_those_of_the_specification(site: Site, elsewhere: Elsewhere) -> None:
    write(site, 4)
    add = elsewhere.witness.add_checkpoint
    stranger = Ed25519PrivateKey.generate()
    root = bytes(32)
    assert add(b"anything").status == 400
    assert add(request(site, 5)).status == 400
    assert add(request(site, 0, sign(Checkpoint("elsewhere", 4, root), site.signing))).status == 404
    assert add(request(site, 0, sign(Checkpoint(ORIGIN, 4, root), stranger))).status == 403
    assert add(request(site, 0, proof=[root])).status == 422
    behind = add(request(site, 3))
    assert (behind.status, behind.body, behind.content_type) == (409, "0\n", "text/x.tlog.size")
    assert add(request(site, 0)).status == 200
    assert add(request(site, 4)).status == 200
    assert add(request(site, 4, sign(Checkpoint(ORIGIN, 4, root), site.signing))).status == 409
    write(site, 4)
    hashes = TileHashes(site.folder, 8)
    proof = consistency_proof(4, 8, hashes.range_hash)
    assert add(request(site, 4, proof=[*proof, root])).status == 422
    assert add(request(site, 4)).status == 422
    assert add(request(site, 4, proof=proof)).status == 200
    assert len(list(elsewhere.witness._folder.iterdir())) == 1, "one checkpoint per log"


def test_what_cannot_be_kept_is_not_signed(
    site: Site, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    import audit.witnessing

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(audit.witnessing, "write_atomically", full)
    write(site, 2)
    with pytest.raises(OSError, match="No space"):
        elsewhere.witness.add_checkpoint(request(site, 0))


def test_a_cosignature_is_over_the_time_and_the_text() -> None:
    private = Ed25519PrivateKey.generate()
    key = WitnessKey("w", private.public_key())
    text = Checkpoint(ORIGIN, 4, bytes(32)).text()
    line = cosign(text, "w", private, NOW)
    (found,) = cosignatures(text, line, [key])
    assert (found.witness, found.time) == (key, NOW)
    signed = base64.b64decode(line.split(" ")[2])
    private.public_key().verify(signed[12:], f"cosignature/v1\ntime {NOW}\n{text}".encode())
    with pytest.raises(FormatError, match="wrong"):
        cosignatures(text.replace("\n4\n", "\n5\n"), line, [key])
    assert cosignatures(text, line, [WitnessKey("other", private.public_key())]) == []


def test_from_the_command_line(
    site: Site, elsewhere: Elsewhere, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(site, 3)
    (tmp_path / "witness.pub").write_text(f"{elsewhere.key}\n")
    (tmp_path / "log.pub").write_text(f"{site.key}\n")
    witness = ["--witness", str(tmp_path / "witness.pub")]
    assert main(["witness", str(site.folder), "--url", elsewhere.url, *witness]) == 0
    assert "signed the checkpoint of 3 records" in capsys.readouterr().out
    check = ["verify", str(site.folder), "--key", str(tmp_path / "log.pub"), *witness]
    assert main(check) == 0
    told = capsys.readouterr()
    assert "vouched for by the checkpoint you hold (size 3)" in told.out
    assert "seen by witness.example/w1 at 2026-" in told.err
    assert main(["witness", str(site.root), "--url", elsewhere.url, *witness]) == 2
    assert "manifest: witness.example/w1 answers 404" in capsys.readouterr().err


def test_what_is_kept_of_a_witness_was_overwritten(site: Site, elsewhere: Elsewhere) -> None:
    """Whoever reads it is told; the witness itself still knows, and is asked."""
    write(site, 3)
    ask(site.folder, elsewhere.url, elsewhere.key)
    (kept,) = (site.folder / "cosigned").iterdir()
    kept.write_bytes(b"\xff\xfe\n\n\x80")
    with pytest.raises(FormatError):
        cosigned(site.folder, elsewhere.key)
    assert ask(site.folder, elsewhere.url, elsewhere.key) == 3
    assert cosigned(site.folder, elsewhere.key) is not None
