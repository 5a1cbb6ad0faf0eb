"""`privet detect` as somebody uses it who wants to know what would be found, why, and how well."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

from proxy.detect.detector import Detector
from proxy.exchange import TextPart


def privet(
    folder: Path, *arguments: str, given: str | None = None
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "proxy", "detect", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        input=None if given is None else given.encode(),
        capture_output=True,
        check=False,
    )


async def test_scan_says_what_the_proxy_would_find(tmp_path: Path, detector: Detector) -> None:
    long = "\n\n".join(f"Paragraph {n}: Anna Schmidt wrote it. " + "More. " * 100 for n in range(9))
    texts = ["Ünïcode 👋 for Anna Schmidt, 123-45-6789.", "", long, "Nothing here."]
    lines = "\n".join(json.dumps({"id": f"d{n}", "text": text}) for n, text in enumerate(texts))
    done = privet(tmp_path, "scan", given=lines)
    assert done.returncode == 0, done.stderr
    said = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert [one["id"] for one in said] == ["d0", "d1", "d2", "d3"]
    for text, one in zip(texts, said, strict=True):
        (found,) = await detector.detect("story", [TextPart(("text",), text)])
        assert one["spans"] == [[f.start, f.end, f.entity, f.score, f.recognizer] for f in found]
    covered = {texts[0][start:end] for start, end, *_ in said[0]["spans"]}
    assert {"Anna Schmidt", "123-45-6789"} <= covered
    assert done.stderr == b"", "no progress bar where nobody looks"


def test_the_bar_on_a_terminal_leaves_the_output_alone(tmp_path: Path) -> None:
    terminal, side = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "proxy", "detect", "scan", "--tier", "fast"],
        env={**os.environ, "PYTHONPATH": str(Path.cwd()), "TERM": "xterm"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=side,
    ) as process:
        os.close(side)
        shown: list[bytes] = []
        # A terminal holds little that nobody reads; then the writer waits.
        watching = Thread(target=lambda: shown.extend(_shown(terminal)))
        watching.start()
        said, _ = process.communicate(b"Anna Schmidt wrote.")
        watching.join()
        os.close(terminal)
    assert process.returncode == 0
    assert json.loads(said)["spans"][0][:3] == [0, 12, "PERSON"]
    assert b"scanning" in b"".join(shown)


def _shown(terminal: int) -> Iterator[bytes]:
    """What is written to the other side, until that is closed."""
    with contextlib.suppress(OSError):  # EIO: nobody has the other side open any more
        while data := os.read(terminal, 1 << 16):
            yield data


def test_the_tier_in_privet_yaml_says_what_is_read(tmp_path: Path) -> None:
    """`fast` reads with one model, `balanced` with two where a name may be, `thorough` always."""
    made = subprocess.run(
        [sys.executable, "-m", "proxy", "init", "."],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    template = (tmp_path / "privet.yaml").read_text()
    texts = {
        "all": "I spoke to Anna Thompson in Leeds.",
        "two": "i met with fenella ravensworth and her lawyer.",
        "each": "my landlord okonkwo keeps the deposit.",
    }
    lines = "\n".join(json.dumps({"id": name, "text": text}) for name, text in texts.items())
    persons = {}
    for tier in ("fast", "balanced", "thorough"):
        (tmp_path / "privet.yaml").write_text(f"{template}\ndetect: {{tier: {tier}}}\n")
        done = privet(tmp_path, "scan", "--config", "privet.yaml", given=lines)
        assert done.returncode == 0, done.stderr
        said = [json.loads(line) for line in done.stdout.decode().splitlines()]
        persons[tier] = [
            texts[one["id"]][start:end]
            for one in said
            for start, end, entity, *_ in one["spans"]
            if entity == "PERSON"
        ]
    assert persons == {
        "fast": ["Anna Thompson"],
        "balanced": ["Anna Thompson", "fenella ravensworth"],
        "thorough": ["Anna Thompson", "fenella ravensworth", "okonkwo"],
    }
    (tmp_path / "privet.yaml").write_text(f"{template}\ndetect: {{tier: cheap}}\n")
    refused = privet(tmp_path, "scan", "--config", "privet.yaml", given=lines)
    assert refused.returncode == 2
    assert b"tier" in refused.stderr


def test_scan_reads_text_files_whole_and_stops_at_a_bad_line(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_bytes(b"Dear all,\r\nAnna Schmidt.\r\n")
    (tmp_path / "bad.jsonl").write_text('{"text": "Bob Jones"}\n{"text": 7, "x": "Carla Gomez"}\n')
    done = privet(tmp_path, "scan", "letter.txt")
    (line,) = done.stdout.decode().splitlines()
    said = json.loads(line)
    assert said["id"] == "letter.txt"
    assert [11, 23, "PERSON"] in [span[:3] for span in said["spans"]]
    bad = privet(tmp_path, "scan", "letter.txt", "bad.jsonl")
    assert bad.returncode == 2
    assert bad.stdout == b"", "files are checked before anything is analysed"
    assert b"bad.jsonl:2:1" in bad.stderr
    assert b"Gomez" not in bad.stderr
    missing = privet(tmp_path, "scan", "nowhere.txt")
    assert missing.returncode == 2
    assert b"nowhere.txt" in missing.stderr


def test_explain_says_who_found_it_and_what_was_left(tmp_path: Path) -> None:
    text = "My account number is 123456789. Write to Anna Schmidt or jane@example.com"
    done = privet(tmp_path, "explain", "-", "--json", given=text)
    assert done.returncode == 0, done.stderr
    findings = json.loads(done.stdout)["findings"]
    kept = {(text[f["start"] : f["end"]], f["entity"]): f for f in findings if f["kept"]}
    assert kept["Anna Schmidt", "PERSON"]["how"]
    assert kept["jane@example.com", "EMAIL_ADDRESS"]["how"].startswith("pattern")
    left = [f for f in findings if not f["kept"] and text[f["start"] : f["end"]] == "123456789"]
    assert left, "a number that merely could be something is said to have been looked at"
    shown = privet(tmp_path, "explain", text).stdout.decode()
    assert "EmailAddress" in shown
    assert "looked at and left:" in shown
    assert "below 0.40" in shown


def test_eval_measures_beside_stock(tmp_path: Path) -> None:
    text = "Anna Schmidt lives in Berlin. Her password: Tr0ub4dor&3xyz"
    spans = [
        {"start": text.index(value), "end": text.index(value) + len(value), "label": label}
        for value, label in [("Anna Schmidt", "PERSON"), ("Berlin", "GPE"), ("Tr0u", "CHEESE")]
    ]
    lines = [
        {"text": text, "spans": spans},
        {"text": "Boil the pasta for <ten> minutes.", "spans": []},
    ]
    (tmp_path / "gold.jsonl").write_text("\n".join(map(json.dumps, lines)))
    arguments = ("eval", "gold.jsonl", "--json", "--html", "report.html")
    done = privet(tmp_path, *arguments)
    assert done.returncode == 0, done.stderr
    (section,) = json.loads(done.stdout)["sections"]
    assert section["documents"] == 2
    for detector in ("privet", "stock"):
        run = section["runs"][detector]
        assert run["entities"]["PERSON"]["recall"] == 1
        assert run["entities"]["LOCATION"]["recall"] == 1
        assert run["entities"]["CHEESE"]["recall"] == 0
        assert run["nothing_personal"]["documents"] == 1
    html = (tmp_path / "report.html").read_text()
    assert "Tr0u" in html
    alone = privet(tmp_path, "eval", "gold.jsonl", "--no-stock", "--only", "PERSON", "--limit", "1")
    table = alone.stdout.decode()
    assert "gold.jsonl: 1 documents" in table
    assert "PERSON" in table
    assert "stock" not in table
    assert "CHEESE" not in table
    unmarked = privet(tmp_path, "eval", "report.html", "--no-stock")
    assert unmarked.returncode == 2
