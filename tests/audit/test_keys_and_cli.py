"""Key files, and the commands as an auditor types them, on a laptop without the proxy."""

from __future__ import annotations

import base64
import json
import re
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from audit.cli import main
from audit.errors import AuditError, FormatError
from audit.keys import (
    generate_recipient,
    generate_signing_key,
    load_recipient,
    load_recipient_key,
    load_signing_key,
    load_verifier_keys,
    write_verifier_key,
)
from audit.log import AuditLog
from tests.audit.sites import ORIGIN, converse

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def keys(tmp_path: Path) -> Path:
    """A folder with key files made as `privet init` makes them, and a site written with them."""
    signing = generate_signing_key(tmp_path / "signing.pem")
    write_verifier_key(tmp_path / "verifier.txt", ORIGIN, signing)
    recipients = [
        generate_recipient(name, tmp_path / f"{name}.pem", tmp_path / f"{name}.pub")
        for name in ("auditor", "recovery")
    ]
    log = AuditLog.open(
        tmp_path / "site" / "slot-0",
        origin=ORIGIN,
        signing_key=signing,
        recipients=recipients,
        clock=time.time_ns,
    )
    await converse(log, 3)
    await log.close()
    return tmp_path


def test_key_files_read_back(tmp_path: Path) -> None:
    signing = generate_signing_key(tmp_path / "s.pem")
    recipient = generate_recipient("auditor", tmp_path / "a.pem", tmp_path / "a.pub")
    verifier = write_verifier_key(tmp_path / "v.txt", ORIGIN, signing)
    assert load_signing_key(tmp_path / "s.pem").private_bytes_raw() == signing.private_bytes_raw()
    assert load_recipient(tmp_path / "a.pub") == recipient
    assert load_recipient_key(tmp_path / "a.pem").public_key() == recipient.public
    assert load_verifier_keys(tmp_path / "v.txt") == [verifier]
    for name in ("s.pem", "a.pem"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        generate_signing_key(tmp_path / "s.pem")


def test_damaged_or_open_key_files_are_refused(tmp_path: Path) -> None:
    generate_signing_key(tmp_path / "s.pem")
    generate_recipient("auditor", tmp_path / "a.pem", tmp_path / "a.pub")
    with pytest.raises(AuditError, match="X25519"):
        load_recipient_key(tmp_path / "s.pem")
    with pytest.raises(AuditError, match="Ed25519"):
        load_signing_key(tmp_path / "a.pem")
    (tmp_path / "s.pem").chmod(0o644)
    with pytest.raises(AuditError, match="chmod 600"):
        load_signing_key(tmp_path / "s.pem")
    line = (tmp_path / "a.pub").read_text()
    last = "0" if line[-2] != "0" else "1"
    (tmp_path / "a.pub").write_text(f"{line[:-2]}{last}\n")
    with pytest.raises(FormatError, match="damaged"):
        load_recipient(tmp_path / "a.pub")
    (tmp_path / "a.pub").write_text("anything")
    with pytest.raises(FormatError, match="not a recipient"):
        load_recipient(tmp_path / "a.pub")
    with pytest.raises(AuditError, match="name"):
        generate_recipient("two words", tmp_path / "b.pem", tmp_path / "b.pub")
    head, body, end, _ = (tmp_path / "a.pem").read_text().split("\n")
    unknown = base64.b64decode(body).replace(b"\x2b\x65\x6e", b"\x2b\x65\x01")  # its algorithm
    (tmp_path / "a.pem").write_text(f"{head}\n{base64.b64encode(unknown).decode()}\n{end}\n")
    with pytest.raises(AuditError, match="not an unencrypted PEM"):
        load_recipient_key(tmp_path / "a.pem")


async def test_verify_a_log_and_a_site(keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    common = ["--key", str(keys / "verifier.txt"), "--open", str(keys / "auditor.pem")]
    assert main(["checkpoint", str(keys / "site" / "slot-0")]) == 0
    held = keys / "held.txt"
    held.write_text(capsys.readouterr().out)
    assert main(["verify", str(keys / "site" / "slot-0"), *common, "--since", str(held)]) == 0
    text = capsys.readouterr().out
    assert "6 records opened" in text
    assert "vouched for by the checkpoint you hold (size 6)" in text
    assert main(["verify", str(keys / "site"), *common, "--json"]) == 0
    manifest, slot = json.loads(capsys.readouterr().out)
    assert (manifest["origin"], slot["origin"]) == ("privet.example/manifest", ORIGIN)
    assert (slot["records"], slot["opened"], slot["findings"]) == (6, 6, [])
    (keys / "site/slot-0/segments/00000000000000000000.seg").unlink()
    assert main(["verify", str(keys / "site"), *common]) == 2
    assert "FINDING truncated" in capsys.readouterr().out


async def test_show(keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    slot, key = str(keys / "site" / "slot-0"), str(keys / "recovery.pem")
    assert main(["show", slot, "e-1", "--open", key, "--unrecorded"]) == 0
    intent, outcome = map(json.loads, capsys.readouterr().out.splitlines())
    assert (intent["kind"], outcome["kind"]) == ("intent", "outcome")
    assert intent["contents"]["masked/messages.1"] == "Turn 1 of e: my name is Jane Roe."
    assert intent["body"] == {"endpoint": "openai-us"}


async def test_checkpoint_of_a_site_prints_every_log(
    keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["checkpoint", str(keys / "site")]) == 0
    text = capsys.readouterr().out
    assert text.startswith("privet.example/manifest\n1\n")
    assert f"{ORIGIN}\n6\n" in text


async def test_problems_are_one_line_and_exit_code_2(
    keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = str(keys / "verifier.txt")
    assert main(["verify", str(keys / "nowhere"), "--key", key]) == 2
    assert main(["verify", str(keys / "site"), "--key", str(keys / "auditor.pub")]) == 2
    wrong = ["--open", str(keys / "signing.pem"), "--unrecorded"]
    assert main(["show", str(keys / "site/slot-0"), *wrong]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert all(line.startswith("privet audit: ") for line in lines)


@pytest.mark.parametrize(
    "command",
    [
        *(
            "verify SITE --key JUNK",
            "verify SITE --key KEY --since JUNK",
            "verify-proof JUNK --key K",
        ),
        *("verify-proof JUNK --key KEY", "verify SITE --key KEY --open JUNK"),
        *("verify SITE --key KEY --witness JUNK", "approve JUNK --name n --key SIGNING"),
        *("submit JUNK SITE --approver KEY", "certificate JUNK SITE --key KEY --approver KEY"),
        *("show SITE --open JUNK --unrecorded", "reseal SITE --reader JUNK --open A --unrecorded"),
        *("search x --desk SITE", "verify EMPTY --key KEY", "show EMPTY --open A --unrecorded"),
        "erase EMPTY --subject jane --basis b --open AUDITOR --unrecorded --out OUT",
        "index EMPTY --open AUDITOR --desk SITE",
        "adopt EMPTY/slot-0 --signing-key SIGNING --recipient PUB --approver KEY",
    ],
)
@pytest.mark.parametrize("junk", [b"", b"\x00\xff\x80 junk\n\n\xe2", b"{}", b"one\n2\nthree\n\n"])
def test_no_file_makes_a_command_break_down(
    keys: Path, capsys: pytest.CaptureFixture[str], command: str, junk: bytes
) -> None:
    (keys / "junk").write_bytes(junk)
    (keys / "junk").chmod(0o600)
    (keys / "empty/slot-0/segments").mkdir(parents=True)
    files = {
        "SITE": "site",
        "JUNK": "junk",
        "EMPTY": "empty",
        "KEY": "verifier.txt",
        "OUT": "out",
        "SIGNING": "signing.pem",
        "AUDITOR": "auditor.pem",
        "PUB": "auditor.pub",
    }
    words = re.sub(r"[A-Z]+", lambda word: str(keys / files.get(word[0], "none")), command).split()
    assert main(words) == 2
    told = capsys.readouterr()
    assert "FINDING" in told.out or len(told.err.splitlines()) == 1


async def test_a_held_file_that_was_cut_is_told(
    keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["checkpoint", str(keys / "site")]) == 0
    held = keys / "held.txt"
    text = capsys.readouterr().out
    check = [
        "verify",
        str(keys / "site"),
        "--key",
        str(keys / "verifier.txt"),
        "--since",
        str(held),
    ]
    for whole in (text, text.rstrip("\n"), text.replace("\n", "\r\n")):
        held.write_text(whole)
        assert main(check) == 0
        assert "by the checkpoint you hold (size 6)" in capsys.readouterr().out
    for cut in (text[:-20], text[: len(text) // 2], text + "privet.example/slot-1\n7\n"):
        held.write_text(cut)
        assert main(check) == 2


async def test_held_checkpoints_that_say_nothing_are_named(
    keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["checkpoint", str(keys / "site")]) == 0
    held = keys / "held.txt"
    held.write_text(capsys.readouterr().out.replace(f"{ORIGIN}\n", "privet.example2/slot-0\n"))
    check = ["verify", str(keys / "site"), "--key", str(keys / "verifier.txt")]
    assert main([*check, "--since", str(held)]) == 0
    told = capsys.readouterr().err
    assert told == "of privet.example2/slot-0 there is no log here: its checkpoints say nothing\n"


async def test_a_copy_is_verified_without_changing_it(keys: Path) -> None:
    folder = keys / "site"
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    arguments = ["verify", str(folder), "--key", str(keys / "verifier.txt")]
    assert main([*arguments, "--open", str(keys / "auditor.pem")]) == 0
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_the_minimal_install_needs_nothing_of_the_proxy(keys: Path) -> None:
    """`python -m audit`, and what it imports: the standard library, cryptography and itself."""
    script = (
        "import sys; from audit.cli import main; code = main(sys.argv[1:]);"
        "tops = {name.partition('.')[0] for name in sys.modules};"
        "extra = tops - set(sys.stdlib_module_names) - {'audit', 'cryptography', '__main__'};"
        "print(sorted(name for name in extra if not name.startswith('_')));"
        "sys.exit(code)"
    )
    arguments = ["verify", str(keys / "site"), "--key", str(keys / "verifier.txt")]
    run = subprocess.run(
        [sys.executable, "-S", "-c", script, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": ":".join(path for path in sys.path if path)},
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] in {"[]", "['cffi']"}
    run = subprocess.run(
        [sys.executable, "-m", "audit", *arguments], cwd=ROOT, capture_output=True, check=False
    )
    assert run.returncode == 0
