"""`privet keys rotate`, as an operator types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.errors import AuditError, FormatError
from audit.index import update
from audit.keys import generate_recipient, load_recipient, load_recipient_key, load_verifier_keys
from audit.reading import Reader
from audit.record import Kind
from audit.verify_site import verify_site
from proxy import config
from proxy.cli import main
from proxy.serving.audit_settings import open_audit_log
from tests.house import write_configuration


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_configuration(tmp_path, "http://127.0.0.1:9/v1")
    return tmp_path


async def start_and_stop(folder: Path) -> None:
    log = open_audit_log(config.load(folder / "privet.yaml", {}))
    await log.append(Kind.REFUSAL, "e-1", {})
    await log.close()


def kinds(folder: Path, key: str) -> list[str]:
    with Reader(folder / "audit" / "0", load_recipient_key(folder / "keys" / key)) as reader:
        return [record.opened.kind.name for record in reader.records()]


def rotate(folder: Path, *arguments: str) -> int:
    """The command, in a thread of its own: it runs an event loop."""
    return main(["keys", "rotate", *arguments, "--config", str(folder / "privet.yaml")])


async def test_the_logs_key(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import asyncio

    await start_and_stop(folder)
    before = (folder / "keys" / "log.key").read_bytes()
    assert await asyncio.to_thread(rotate, folder, "log") == 0
    assert "Hand it to everyone who verifies" in capsys.readouterr().out
    assert (folder / "keys" / "log.key").read_bytes() != before
    (retired,) = (folder / "keys").glob("log.key.retired-*")
    assert retired.read_bytes() == before
    await start_and_stop(folder)
    keys = load_verifier_keys(folder / "keys" / "log.pub")
    assert len(keys) == 2
    assert [report.findings for report in verify_site(folder / "audit", keys)] == [[], []]
    assert kinds(folder, "auditor.key") == ["REFUSAL", "ROTATION", "REFUSAL"]


async def test_a_key_that_a_vault_gives(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its successor is made here and taken there; until then the next start refuses."""
    import asyncio

    vault, path = folder / "vault", folder / "privet.yaml"
    vault.write_text((folder / "keys" / "log.key").read_text())
    (folder / "keys" / "log.key").unlink()
    entry = f"signing_key: {{command: [cat, {vault}]}}"
    path.write_text(path.read_text().replace("signing_key: keys/log.key", entry))
    await start_and_stop(folder)
    for _ in range(2):  # the second time, nothing is left to be done
        assert await asyncio.to_thread(rotate, folder, "log") == 0
        assert "put what it holds where the key command takes it from" in capsys.readouterr().out
    with pytest.raises(AuditError, match="another key has taken it over"):
        await start_and_stop(folder)
    vault.write_text((folder / "keys" / "log.key.next").read_text())
    await start_and_stop(folder)
    keys = load_verifier_keys(folder / "keys" / "log.pub")
    assert [report.findings for report in verify_site(folder / "audit", keys)] == [[], []]
    assert await asyncio.to_thread(rotate, folder, "log") == 2
    assert "is the key that signs already" in capsys.readouterr().err


async def test_an_auditor(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await start_and_stop(folder)
    late = generate_recipient("late", folder / "keys" / "late.key", folder / "late.pub")
    new = ["--new", str(folder / "late.pub")]
    assert rotate(folder, "auditor", "--replaces", "keys/nobody.pub", *new) == 2
    assert "not among" in capsys.readouterr().err
    assert rotate(folder, "auditor", "--replaces", "keys/auditor.pub", *new) == 0
    assert load_recipient(folder / "keys" / "auditor.pub") == late
    await start_and_stop(folder)
    assert kinds(folder, "recovery.key") == ["REFUSAL", "ROTATION", "REFUSAL"]


async def test_an_indexer(folder: Path) -> None:
    """Named in privet.yaml, replaced like an auditor; it indexes what it may not read."""
    keys, path = folder / "keys", folder / "privet.yaml"
    generate_recipient("indexer", keys / "indexer.key", keys / "indexer.pub")
    commented = "# indexers: [keys/indexer.pub]"
    assert commented in path.read_text()
    path.write_text(path.read_text().replace(commented, commented.removeprefix("# ")))
    await start_and_stop(folder)
    indexer, index = load_recipient_key(keys / "indexer.key"), folder / "index.db"
    assert update(index, folder / "audit", bytes(32), indexer).records == 1
    with pytest.raises(FormatError, match="recipients"):
        kinds(folder, "indexer.key")
    generate_recipient("late", keys / "late.key", folder / "late.pub")
    new = ["--new", str(folder / "late.pub")]
    assert rotate(folder, "auditor", "--replaces", "keys/indexer.pub", *new) == 0
    await start_and_stop(folder)
    late = load_recipient_key(keys / "late.key")
    assert update(index, folder / "audit", bytes(32), late).records == 2
    assert kinds(folder, "auditor.key") == ["REFUSAL", "ROTATION", "REFUSAL"]


def test_people_who_read_together_are_one_group(folder: Path) -> None:
    path = folder / "privet.yaml"
    pair = "    - [keys/auditor.pub, keys/recovery.pub]\n"
    text = path.read_text().replace("    - keys/auditor.pub\n    - keys/recovery.pub\n", pair)
    path.write_text(text)
    loaded = config.load(path, {})
    assert loaded.settings.audit.recipients == (("keys/auditor.pub", "keys/recovery.pub"),)
    path.write_text(text.replace(pair, pair * 2))
    with pytest.raises(config.ConfigError, match="only one group"):
        config.load(path, {})


async def test_the_signing_key_from_the_environment_or_a_command(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "privet.yaml"
    text = path.read_text()
    pem = (folder / "keys" / "log.key").read_text()
    monkeypatch.setenv("LOG_KEY", pem)
    for source in ("{env: LOG_KEY}", f"{{command: [cat, {folder / 'keys' / 'log.key'}]}}"):
        path.write_text(text.replace("signing_key: keys/log.key ", f"signing_key: {source} "))
        await start_and_stop(folder)
    assert kinds(folder, "auditor.key") == ["REFUSAL", "REFUSAL"]
    monkeypatch.setenv("LOG_KEY", "nothing of the kind")
    path.write_text(text.replace("signing_key: keys/log.key ", "signing_key: {env: LOG_KEY} "))
    with pytest.raises(AuditError, match="the environment variable LOG_KEY is not"):
        await start_and_stop(folder)
    monkeypatch.delenv("LOG_KEY")
    with pytest.raises(AuditError, match="holds no key"):
        await start_and_stop(folder)
    assert rotate(folder, "log") == 2, "it is rotated where it lives"
