"""A compliance officer's questions, as typed: index, search, show, prove, export, report."""

from __future__ import annotations

import asyncio
import base64
import csv
import io
import json
import re
import shutil
import sys
from collections.abc import Coroutine
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from audit.cli import main
from audit.desk import open_desk
from audit.keys import generate_recipient, generate_signing_key, write_verifier_key
from audit.log import AuditLog
from audit.record import Content, Kind
from audit.search import Query, search, unknown
from tests.audit.sites import ORIGIN, SECOND, Clock
from tests.deploy.debian import library

OCTOBER = 1_790_812_800 * SECOND  # 2026-10-01


@dataclass
class Office:
    """A site's folder, key files, and the officer's desk."""

    root: Path
    log: AuditLog
    clock: Clock
    capsys: pytest.CaptureFixture[str]

    @property
    def site(self) -> str:
        return str(self.root / "site")

    @property
    def desk(self) -> str:
        return str(self.root / "desk")

    def run(self, *arguments: str, code: int = 0) -> tuple[str, str]:
        """What a command prints; it must end with this code."""
        got = main(list(arguments))
        out, err = self.capsys.readouterr()
        assert got == code, (arguments, out, err)
        return out, err

    def reader(self) -> list[str]:
        return ["--open", str(self.root / "auditor.pem"), "--desk", self.desk]

    def index(self) -> str:
        return self.run("index", self.site, *self.reader())[0]

    def search(self, *arguments: str) -> list[dict[str, Any]]:
        out, _ = self.run("search", *arguments, "--desk", self.desk, "--json")
        return [json.loads(line) for line in out.splitlines()]

    async def exchange(
        self,
        exchange: str,
        values: dict[str, str],
        texts: dict[str, str] | None = None,
        *,
        provider: str = "openai",
        team: str = "support",
        indexed: bool = True,
    ) -> None:
        """One request and its answer, recorded as the proxy does."""
        who = {"tenant": "acme", "team": team, "app": "desk", "user": "u-1"}
        named = {**(texts or {}), **{f"value/{token}": text for token, text in values.items()}}
        contents = [Content(name, text.encode(), "scope") for name, text in named.items()]
        body = {
            "principal": who,
            "class": "confidential",
            "model": "gpt-4o",
            "dialect": "openai-chat",
            "found": {token.rpartition("_")[0]: 1 for token in values},
            "endpoint": {"provider": provider, "model": "gpt-4o"},
            "rules": ["general-use"],
            "treatment": {"EMAIL_ADDRESS": "placeholder"},
            "sent": {"bytes": 10, "sha256": "00"},
            "indexed": indexed,
        }
        await self.log.append(Kind.INTENT, exchange, body, contents)
        answer = Content("received", b"Dear <EMAIL_ADDRESS_1>", exchange)
        ending = {"status": "delivered", "http_status": 200}
        await self.log.append(Kind.OUTCOME, exchange, ending, [answer])


@pytest.fixture
def office(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    signing = generate_signing_key(tmp_path / "signing.pem")
    write_verifier_key(tmp_path / "verifier.txt", ORIGIN, signing)
    recipients = [
        generate_recipient(name, tmp_path / f"{name}.pem", tmp_path / f"{name}.pub")
        for name in ("auditor", "recovery")
    ]
    clock = Clock(OCTOBER)
    log = AuditLog.open(
        tmp_path / "site" / "slot-0",
        origin=ORIGIN,
        signing_key=signing,
        recipients=recipients,
        clock=clock,
    )
    office = Office(tmp_path, log, clock, capsys)
    recovery = str(tmp_path / "recovery.pub")
    office.run("desk", office.desk, "--officer", "dpo@acme", "--recipient", recovery)
    return office


async def conversation(office: Office) -> None:
    """Three turns about Jane to openai, one about Bob, one about Jane to the cellar."""
    texts: dict[str, str] = {}
    for turn in range(3):
        texts[f"masked/messages.{turn}"] = f"turn {turn}: write to <EMAIL_ADDRESS_1>"
        await office.exchange(f"jane-{turn}", {"EMAIL_ADDRESS_1": "Jane@ACME.com"}, texts)
    await office.exchange("bob", {"PERSON_1": "Bob  Stone", "PHONE_NUMBER_1": "+49 170 1234567"})
    office.clock.now += 40 * 86_400 * SECOND
    await office.exchange(
        "later", {"EMAIL_ADDRESS_1": "jane@acme.com"}, provider="cellar", team="legal"
    )
    body = {"principal": {"team": "support"}, "code": "policy_refused", "rule": "no-card-numbers"}
    await office.log.append(Kind.REFUSAL, "refused", body)


def write(office: Office, *work: Coroutine[Any, Any, Any]) -> None:
    """Record something (the conversations above by default), and close the log."""

    async def run() -> None:
        for one in work or [conversation(office)]:
            await one
        await office.log.close()

    asyncio.run(run())


def test_search_in_every_spelling_and_by_every_fact(office: Office) -> None:
    write(office)
    assert office.index() == "11 records added; 0 erased values forgotten\n"
    assert office.index() == "0 records added; 0 erased values forgotten\n"
    found = office.search("jane@acme.com")
    assert [hit["exchange"] for hit in found] == ["jane-0", "jane-1", "jane-2", "later"]
    assert found[0]["outcome"] == "delivered"
    assert found[0]["rules"] == ["general-use"]
    october = ["--provider", "openai", "--since", "2026-10-01", "--until", "2026-10-31"]
    assert len(office.search("JANE@acme.COM", *october)) == 3
    for spelling in ("bob stone", "BOB STONE", "0170 1234567", "+49 (170) 123-4567"):
        assert [hit["exchange"] for hit in office.search(spelling)] == ["bob"], spelling
    assert [hit["exchange"] for hit in office.search("--team", "legal")] == ["later"]
    assert len(office.search("--rule", "general-use")) == 5
    assert office.search("--rule", "no-card-numbers") == []
    (refused,) = office.search("--rule", "no-card-numbers", "--refused")
    assert (refused["outcome"], refused["provider"]) == ("policy_refused", None)
    assert office.search("nobody@acme.com") == []


@pytest.mark.parametrize(
    "query",
    [
        Query(value="bob stone"),
        Query(value="jane@acme.com", provider="openai", rule="general-use", since=0),
        *(Query(team="legal"), Query(provider="openai"), Query(rule="general-use"), Query(since=0)),
        Query(exchange="bob"),
    ],
)
def test_no_part_of_a_search_reads_a_whole_table(office: Office, query: Query) -> None:
    """A table scanned once per hit is what a search of a million records can't afford."""
    write(office)
    office.index()
    desk, asked = open_desk(Path(office.desk)), set()
    with closing(desk.index()) as index:
        index.set_trace_callback(asked.add)
        assert list(search(index, desk.index_key(), query))
        unknown(index, query)
        index.set_trace_callback(None)
        plans = [
            (step[3], statement)
            for statement in asked
            for step in index.execute(f"EXPLAIN QUERY PLAN {statement}")
        ]
    assert len(asked) >= 4
    scans = [one for one in plans if one[0].startswith("SCAN")]
    assert all("by_unrecorded" in step for step, _ in scans), "that index holds nothing else"
    assert len(scans) <= 1


def test_what_was_recorded_without_values_is_said_to_be_unknown(office: Office) -> None:
    write(office, office.exchange("silent", {}, indexed=False))
    office.index()
    _, told = office.run("search", "jane@acme.com", "--desk", office.desk)
    assert "not recorded: 1 requests" in told
    _, told = office.run("search", "--team", "support", "--desk", office.desk)
    assert "not recorded" not in told


def test_the_index_holds_no_value_in_the_clear(office: Office) -> None:
    write(office)
    office.index()
    held = b"".join(path.read_bytes() for path in Path(office.desk).glob("index.db*"))
    for value in (b"jane@acme.com", b"Jane@ACME.com", b"Stone", b"1234567"):
        assert value.lower() not in held.lower()
    assert b"general-use" in held, "the search finds what stands there"


def test_show_prints_a_record_with_its_proof_of_inclusion(office: Office) -> None:
    write(office)
    out, _ = office.run("show", office.site, "jane-1", *office.reader())
    intent, outcome = map(json.loads, out.splitlines())
    assert intent["contents"]["masked/messages.1"] == "turn 1: write to <EMAIL_ADDRESS_1>"
    assert intent["contents"]["value/EMAIL_ADDRESS_1"] == "Jane@ACME.com"
    assert intent["inclusion"]["checkpoint"].startswith(f"{ORIGIN}\n11\n")
    assert outcome["kind"] == "outcome"
    _, told = office.run("show", office.site, "nobody", *office.reader(), code=2)
    assert "no log here has a record" in told


def test_a_proof_file_convinces_with_the_public_key_alone(office: Office) -> None:
    write(office)
    proofs = office.root / "proofs"
    office.run("prove", office.site, "jane-2", "--out", str(proofs), *office.reader())
    path = proofs / "slot-0-4.proof.json"
    key = ["--key", str(office.root / "verifier.txt")]
    out, told = office.run("verify-proof", str(path), *key)
    shown = json.loads(out)
    assert shown["contents"]["masked/messages.0"] == "turn 0: write to <EMAIL_ADDRESS_1>"
    assert shown["contents"]["value/EMAIL_ADDRESS_1"] == "Jane@ACME.com"
    assert shown["body"]["endpoint"]["provider"] == "openai"
    assert "record 4 of privet.example/slot-0" in told
    proof = json.loads(path.read_text())
    assert "section" not in proof["frames"][1], "other records' bodies stay closed"


@pytest.mark.parametrize("member", ["checkpoint", "frame", "path", "section", "contents", "record"])
def test_a_changed_proof_file_is_refused(office: Office, member: str) -> None:
    write(office)
    proofs = office.root / "proofs"
    office.run("prove", office.site, "jane-2", "--out", str(proofs), *office.reader())
    path = proofs / "slot-0-4.proof.json"
    proof = json.loads(path.read_text())
    first = proof["frames"][0]
    if member == "checkpoint":
        proof["checkpoint"] = proof["checkpoint"].replace("\n11\n", "\n12\n")
    elif member == "record":
        proof["record"] = 2
    elif member == "path":
        first["path"].pop()
    elif member == "frame":
        first["frame"] = first["frame"][:-8] + "AAAAAAA="
    elif member == "section":
        first["section"] = "00" * 32
    else:
        holding = next(one for one in proof["frames"] if one["contents"])
        holding["contents"] = dict.fromkeys(holding["contents"], "00" * 32)
    path.write_text(json.dumps(proof))
    office.run("verify-proof", str(path), "--key", str(office.root / "verifier.txt"), code=2)


def test_export_in_three_forms(office: Office) -> None:
    write(office)
    office.index()
    common = ["jane@acme.com", "--provider", "openai", "--key", str(office.root / "verifier.txt")]
    written = {}
    for form in ("jsonl", "csv", "ocsf"):
        out = office.root / f"out.{form}"
        office.run(
            "export", office.site, *common, *office.reader(), "--format", form, "--out", str(out)
        )
        written[form] = out.read_text()
    lines = [json.loads(line) for line in written["jsonl"].splitlines()]
    assert [line["record"]["exchange"] for line in lines] == ["jane-0", "jane-1", "jane-2"]
    assert lines[0]["outcome"]["contents"] == {"received": "Dear <EMAIL_ADDRESS_1>"}
    rows = list(csv.DictReader(io.StringIO(written["csv"])))
    assert (rows[0]["provider"], rows[0]["outcome"], rows[0]["team"]) == (
        *("openai", "delivered", "support"),
    )
    event = json.loads(written["ocsf"].splitlines()[0])
    assert (event["class_uid"], event["type_uid"]) == (6003, 600399)
    assert event["ai_model"] == {"name": "gpt-4o", "ai_provider": "openai"}
    assert event["metadata"]["profiles"] == ["ai_operation"]
    for form in ("csv", "ocsf"):
        assert "jane@acme" not in written[form].lower(), "texts are left out"


def test_export_refuses_a_record_that_the_tree_does_not_hold(office: Office) -> None:
    write(office)
    office.index()
    (office.root / "site/slot-0/tile/0/000.p/11").write_bytes(bytes(32 * 11))
    _, told = office.run(
        *("export", office.site, "jane@acme.com", *office.reader()),
        *("--key", str(office.root / "verifier.txt"), "--out", str(office.root / "out")),
        code=2,
    )
    assert "not in the signed tree" in told


def test_what_an_officer_asks_for_is_on_record_and_verifies(office: Office) -> None:
    write(office)
    office.index()
    office.search("jane@acme.com")
    access = str(Path(office.desk) / "access")
    office.run("verify", access, "--key", str(Path(office.desk) / "access.pub"))
    key = str(office.root / "recovery.pem")
    out, _ = office.run("show", access, "--open", key, "--unrecorded")
    index, search = map(json.loads, out.splitlines())
    assert (index["kind"], index["body"]["verb"]) == ("access", "index")
    assert search["body"] == {"officer": "dpo@acme", "verb": "search", "refused": False}
    assert search["contents"] == {"subject": "jane@acme.com"}


def test_nothing_is_answered_that_cannot_be_recorded(office: Office) -> None:
    write(office)
    office.index()
    (Path(office.desk) / "access.key").unlink()
    out, told = office.run("search", "jane@acme.com", "--desk", office.desk, code=2)
    assert out == ""
    assert "access.key" in told


def test_without_a_desk_one_must_say_so(office: Office) -> None:
    with pytest.raises(SystemExit):
        main(["show", office.site, "--open", str(office.root / "auditor.pem")])


def test_the_report_is_one_page_with_figures_and_the_verdict(office: Office) -> None:
    waiver = {
        "id": "fraud-desk-us",
        "lifts": "ibans-stay-in-the-eu",
        "until": "2027-01-31",
        "approved_by": ["ciso@acme", "dpo@acme"],
        "scope": {"team": ["fraud"]},
        "why": "<b>case</b> review",
    }
    policy = office.log.append(Kind.POLICY_CHANGE, "", {"accepted": True, "waivers": [waiver]})
    write(office, policy, conversation(office))
    office.index()
    page = office.root / "report.html"
    office.run(*report(office), "--html", str(page))
    text = page.read_text()
    assert "5</b><span>requests forwarded" in text
    assert "No checkpoint that was held elsewhere was compared" in text
    assert "team fraud" in text
    assert "Whole: nothing is missing" in text
    assert "ciso@acme, dpo@acme" in text
    assert "&lt;b&gt;case&lt;/b&gt; review" in text
    assert "jane" not in text.lower()
    (office.root / "site/slot-0/tile/0/000.p/12").unlink()
    office.run(*report(office), "--html", str(page), code=2)
    assert "this record is not what was written" in page.read_text()


def test_the_report_is_a_pdf_as_well(office: Office) -> None:
    library("pango-1.0", "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0")
    write(office)
    office.index()
    filed = office.root / "report.pdf"
    office.run(*report(office), "--pdf", str(filed))
    with closing(pypdfium2.PdfDocument(filed)) as document:
        text = " ".join(one.get_textpage().get_text_range() for one in document)
    words = " ".join(text.split())
    assert "AI traffic, 2026-10-01 to 2026-12-31" in words
    assert "5 requests forwarded" in words
    assert "Whole: nothing is missing" in words


def test_without_the_extra_a_pdf_is_refused_with_what_to_do(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(office)
    office.index()
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    _, told = office.run(*report(office), "--pdf", str(office.root / "no.pdf"), code=2)
    assert "privet[pdf]" in told
    _, told = office.run(*report(office), code=2)
    assert "--html OUT" in told


def report(office: Office) -> list[str]:
    return [
        *("report", office.site, "--period", "2026-Q4", "--desk", office.desk),
        *("--key", str(office.root / "verifier.txt")),
    ]


def order_for(office: Office, subject: str, *more: str) -> Path:
    """An order that both approvers signed."""
    path = office.root / "the.order"
    office.run(
        *("erase", office.site, "--subject", subject, "--basis", "gdpr-17", *office.reader()),
        *("--out", str(path), *more),
    )
    for name in ("ciso@acme", "dpo@acme"):
        office.run("keygen", "approver", name, "--out", str(office.root))
        key = str(office.root / f"{name}.key")
        office.run("approve", str(path), "--name", name, "--key", key)
    return path


def approvers(office: Office) -> list[str]:
    names = ("ciso@acme", "dpo@acme")
    return [word for name in names for word in ("--approver", str(office.root / f"{name}.pub"))]


def adopt(office: Office) -> tuple[str, str]:
    keys = ["--signing-key", str(office.root / "signing.pem")]
    readers = [
        word
        for name in ("auditor", "recovery")
        for word in ("--recipient", f"{office.root}/{name}.pub")
    ]
    slot = str(Path(office.site) / "slot-0")
    return office.run("adopt", slot, *keys, *readers, *approvers(office))


def certificate(office: Office, order: Path, code: int) -> str:
    arguments = ["certificate", str(order), office.site, *approvers(office)]
    key = ["--key", str(office.root / "verifier.txt"), "--desk", office.desk]
    return office.run(*arguments, *key, code=code)[0]


def test_an_erasure_in_a_log_that_nobody_writes_any_more(office: Office) -> None:
    write(office)
    office.index()
    order = order_for(office, "JANE@acme.com", "--backup-days", "14")
    assert "NOT DONE: no erasure record" in certificate(office, order, 2)
    office.run("submit", str(order), office.site, *approvers(office))
    told, _ = adopt(office)
    assert "contents erased" in told
    assert "search index: 2 of them left" in certificate(office, order, 2)
    assert office.index().endswith("2 erased values forgotten\n")
    paper = certificate(office, order, 0)
    assert "COMPLETE" in paper
    _, told = office.run("search", "jane@acme.com", "--desk", office.desk)
    assert told.startswith("0 requests found\nnot recorded: 4 requests in this range")
    assert [hit["exchange"] for hit in office.search("bob stone")] == ["bob"], "and nobody else"
    held = b"".join(path.read_bytes() for path in Path(office.desk).glob("index.db*"))
    assert b"jane" not in held.lower().replace(b"jane-", b"")
    key = str(office.root / "verifier.txt")
    office.run("verify", office.site, "--key", key, "--open", str(office.root / "auditor.pem"))


def test_a_certificate_convinces_with_the_public_key_alone(office: Office) -> None:
    write(office)
    office.index()
    order = order_for(office, "jane@acme.com")
    office.run("submit", str(order), office.site, *approvers(office))
    paper, key = office.root / "paper.json", str(office.root / "verifier.txt")
    arguments = ["certificate", str(order), office.site, *approvers(office), "--key", key]
    office.run(*arguments, "--out", str(paper), code=2)
    told, _ = office.run("verify-proof", str(paper), "--key", key, code=2)
    assert told.endswith("NOT COMPLETE\n"), "it says so, and that is true"
    adopt(office)
    printed, _ = office.run(*arguments, "--out", str(paper))
    shutil.rmtree(office.site)
    assert office.run("verify-proof", str(paper), "--key", key)[0] == printed
    good = json.loads(paper.read_text())

    def refused(**changes: object) -> str:
        part = {**good["parts"][0], **changes.pop("part", {})}  # type: ignore[dict-item]
        paper.write_text(json.dumps({**good, "parts": [part], **changes}))
        return office.run("verify-proof", str(paper), "--key", key, code=2)[1]

    frame = bytearray(base64.b64decode(good["parts"][0]["frame"]))
    frame[-1] ^= 1
    assert "isn't in the signed tree" in refused(part={"frame": base64.b64encode(frame).decode()})
    assert "isn't in the signed tree" in refused(part={"path": []})
    assert "isn't in the signed tree" in refused(part={"origin": "privet.example/slot-1"})
    for change in ({"ordered": 99, "erased": 99}, {"record": 0}, {"time": "2026-01-01"}):
        assert "something else than the certificate" in refused(part=change)
    assert "something else than the certificate" in refused(order="erase-0123456789abcdef")
    assert "its figures" in refused(part={"erased": 1})
    assert "something else than its parts" in refused(part={"erased": 1, "problem": "some"})
    assert "something else than its parts" in refused(parts=[])
    assert "there is no record" in refused(part={"record": None})
    assert "not a certificate" in refused(surprise=1)
    assert "another version" in refused(**{"privet-erasure-certificate": 2})
    other = re.sub(r"\n(\d+)\n", r"\n1\1\n", good["parts"][0]["checkpoint"], count=1)
    assert "the signature of a known key is wrong" in refused(part={"checkpoint": other})


def test_an_adopted_log_keeps_its_readers(office: Office) -> None:
    """Two who read together stay so, and an indexer stays one: no change of readers is recorded."""
    write(office)
    public = {name: str(office.root / f"{name}.pub") for name in ("auditor", "recovery", "clerk")}
    office.run("keygen", "indexer", "clerk", "--out", str(office.root))
    shared = f"{public['auditor']},{public['recovery']}"
    readers = ["--recipient", shared, "--indexer", public["clerk"]]
    keys = ["--signing-key", str(office.root / "signing.pem")]
    slot = str(Path(office.site) / "slot-0")
    for name in ("ciso@acme", "dpo@acme"):
        office.run("keygen", "approver", name, "--out", str(office.root))
    for _ in range(2):
        office.run("adopt", slot, *keys, *readers, *approvers(office))
    both = ["--open", str(office.root / "auditor.pem"), "--open", str(office.root / "recovery.pem")]
    out, _ = office.run("show", slot, *both, "--unrecorded")
    (changed,) = [one for one in map(json.loads, out.splitlines()) if one["kind"] == "rotation"]
    told = changed["body"]["recipients"]
    assert [[member["name"] for member in one] for one in told] == [
        ["auditor", "recovery"],
        ["clerk"],
    ]


def test_an_order_for_nobody_is_none(office: Office) -> None:
    write(office)
    out = ["--out", str(office.root / "the.order")]
    subject = ["--subject", "nobody@acme.com", "--basis", "gdpr-17"]
    _, told = office.run("erase", office.site, *subject, *office.reader(), *out, code=1)
    assert "nothing is recorded that could be erased" in told


def test_an_order_changed_after_approval_is_refused(office: Office) -> None:
    write(office)
    order = order_for(office, "jane@acme.com")
    order.write_text(order.read_text().replace("row 0 ", "row 1 "))
    _, told = office.run("submit", str(order), office.site, *approvers(office), code=2)
    assert "signature" in told


def test_what_is_put_back_from_a_backup_shows_on_the_certificate(office: Office) -> None:
    write(office)
    office.index()
    backup = (office.root / "site/slot-0/keys.db").read_bytes()
    order = order_for(office, "jane@acme.com")
    office.run("submit", str(order), office.site, *approvers(office))
    adopt(office)
    office.index()
    certificate(office, order, 0)
    (office.root / "site/slot-0/keys.db").write_bytes(backup)
    assert "key rows are still there" in certificate(office, order, 2)


def test_an_index_made_after_an_erasure_knows_as_little(office: Office) -> None:
    write(office)
    order = order_for(office, "jane@acme.com")
    office.run("submit", str(order), office.site, *approvers(office))
    adopt(office)
    office.index()
    _, told = office.run("search", "jane@acme.com", "--desk", office.desk)
    assert told.startswith("0 requests found\nnot recorded: 4 requests in this range")
