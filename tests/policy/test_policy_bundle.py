"""Signed policies: enough of the right people, or the policy isn't taken up."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from proxy.cli import main
from proxy.policy.bundle import (
    Trust,
    load_trust,
    load_trusted,
    read_private_key,
    sign,
    write_key,
)
from proxy.policy.newest import Newest
from proxy.policy.watch import PolicyStore
from proxy.yaml_file import ConfigError

ACME = (Path(__file__).parent / "acme.yaml").read_text()
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with a policy and the keys of three people."""
    (tmp_path / "policy.yaml").write_text(ACME)
    for name in ("alice", "bob", "carol", "mallory"):
        write_key(tmp_path / name)
    return tmp_path


def trust_in(desk: Path, *names: str, threshold: int = 2) -> Trust:
    return load_trust([desk / f"{name}.pub" for name in names], threshold)


def signed(desk: Path, *names: str, policy: str = ACME, now: datetime = NOON) -> Path:
    path = desk / "policy.bundle"
    path.write_text(policy)
    for name in names:
        path.write_text(sign(path, read_private_key(desk / name), now))
    return path


def refusal(load: Callable[[], Any]) -> str:
    with pytest.raises(ConfigError) as refused:
        load()
    (problem,) = refused.value.problems
    assert problem.hint, "every refusal says what to do next"
    return f"{problem.code}: {problem.message}"


def test_two_of_three_are_enough(desk: Path) -> None:
    trust = trust_in(desk, "alice", "bob", "carol")
    loaded = load_trusted(signed(desk, "alice", "carol"), trust=trust)
    assert loaded.policy.name == "acme/2026-11"
    assert loaded.signed_at == NOON


@pytest.mark.parametrize(
    ("signers", "said"),
    [
        ([], "unsigned: this policy isn't signed, and only signed ones are trusted"),
        (["alice"], "unsigned: signed by alice.pub, and 2 must sign"),
        (["alice", "alice"], "unsigned: signed by alice.pub, and 2 must sign"),
        (["alice", "mallory"], "unsigned: signed by alice.pub, and 2 must sign"),
        (["mallory"], "unsigned: signed by nobody who counts, and 2 must sign"),
    ],
)
def test_fewer_are_not(desk: Path, signers: list[str], said: str) -> None:
    trust = trust_in(desk, "alice", "bob", "carol")
    assert refusal(lambda: load_trusted(signed(desk, *signers), trust=trust)) == said


def change_payload(bundle: dict[str, Any]) -> None:
    payload = json.loads(base64.b64decode(bundle["payload"]))
    payload["policy"] = payload["policy"].replace(
        "unclassified: restricted", "unclassified: public"
    )
    bundle["payload"] = base64.b64encode(json.dumps(payload).encode()).decode()


def change_type(bundle: dict[str, Any]) -> None:
    bundle["payloadType"] = "application/vnd.in-toto+json"


def swap_signatures(bundle: dict[str, Any]) -> None:
    first, second = bundle["signatures"]
    first["sig"], second["sig"] = second["sig"], first["sig"]


def rename_signer(bundle: dict[str, Any]) -> None:
    bundle["signatures"][0]["keyid"] = bundle["signatures"][1]["keyid"]


def drop_signatures(bundle: dict[str, Any]) -> None:
    bundle["signatures"] = []


@pytest.mark.parametrize(
    "tamper", [change_payload, change_type, swap_signatures, rename_signer, drop_signatures]
)
def test_a_changed_bundle_is_refused(desk: Path, tamper: Callable[[dict[str, Any]], None]) -> None:
    path, trust = signed(desk, "alice", "bob"), trust_in(desk, "alice", "bob")
    load_trusted(path, trust=trust)
    bundle = json.loads(path.read_text())
    tamper(bundle)
    path.write_text(json.dumps(bundle))
    refusal(lambda: load_trusted(path, trust=trust))


@pytest.mark.parametrize(
    "text",
    [
        '{"payloadType": ',
        '{"payloadType": 1}',
        '{"payloadType": "x", "payload": "?", "signatures": []}',
        '{"payloadType": "x", "payload": "", "signatures": [1]}',
        '{"payloadType": "x", "payload": "", "signatures": {"a": 1}}',
        '{"payloadType": "x", "payload": "", "signatures": [{"keyid": 1, "sig": "zz"}]}',
    ],
)
def test_a_damaged_bundle_is_refused(desk: Path, text: str) -> None:
    (desk / "policy.bundle").write_text(text)
    trust = trust_in(desk, "alice", "bob")
    assert "bundle: this bundle is damaged" in refusal(
        lambda: load_trusted(desk / "policy.bundle", trust=trust)
    )


def test_without_a_trust_a_bundle_means_nothing(desk: Path) -> None:
    said = refusal(lambda: load_trusted(signed(desk, "alice", "bob")))
    assert said == "trust: this is a signed bundle, and no trust is configured"


def test_a_trust_names_different_people_and_enough_of_them(desk: Path) -> None:
    assert "in the trust already" in refusal(lambda: trust_in(desk, "alice", "alice"))
    assert "2 signatures are needed of 1 keys" in refusal(lambda: trust_in(desk, "alice"))
    (desk / "x.pub").write_text("not a key")
    assert "no Ed25519 public key" in refusal(lambda: trust_in(desk, "alice", "x"))


def test_a_private_key_that_others_may_read_is_refused(desk: Path) -> None:
    (desk / "alice").chmod(0o644)
    assert "others may read" in refusal(lambda: read_private_key(desk / "alice"))


def test_a_public_key_signs_nothing_and_is_no_reason_to_hide_it(desk: Path) -> None:
    assert "this is a public key" in refusal(lambda: read_private_key(desk / "alice.pub"))


def test_an_invalid_policy_is_not_signed(desk: Path) -> None:
    (desk / "policy.yaml").write_text(ACME.replace("providers: any}", "providers: nobody}"))
    with pytest.raises(ConfigError, match="no provider 'nobody'"):
        sign(desk / "policy.yaml", read_private_key(desk / "alice"), NOON)


def test_a_running_store_takes_newer_bundles_and_keeps_the_last_good_one(desk: Path) -> None:
    trust = trust_in(desk, "alice", "bob")
    store = PolicyStore(signed(desk, "alice", "bob"), trust=trust)
    first = store.current
    signed(desk, "alice", policy=ACME.replace("2026-11", "2026-12", 1))
    reload = store.reload()
    assert (reload.changed, store.current) == (False, first)
    assert reload.problems[0].code == "unsigned"
    later = NOON + timedelta(hours=1)
    signed(desk, "alice", "bob", policy=ACME.replace("2026-11", "2026-12", 1), now=later)
    assert store.reload().changed
    assert store.current.name == "acme/2026-12"
    signed(desk, "alice", "bob")
    (problem,) = store.reload().problems
    assert (problem.code, problem.hint) == ("older", "to go back to an older policy, sign it anew")
    assert store.current.name == "acme/2026-12"


def test_an_older_bundle_is_refused_after_a_restart_too(desk: Path) -> None:
    trust, newest = trust_in(desk, "alice", "bob"), Newest(desk / "audit" / "policy.newest")
    later = NOON + timedelta(hours=1)
    bundle = signed(desk, "alice", "bob", now=later)
    assert PolicyStore(bundle, trust=trust, newest=newest).current.name == "acme/2026-11"
    assert PolicyStore(bundle, trust=trust, newest=newest)  # the same again
    signed(desk, "alice", "bob")
    assert PolicyStore(bundle, trust=trust)  # what would happen without it
    said = refusal(lambda: PolicyStore(bundle, trust=trust, newest=newest))
    assert said == f"older: signed at {NOON}, before the newest that was in force ({later})"


def test_a_bundle_that_cant_be_remembered_is_refused(desk: Path) -> None:
    trust, file = trust_in(desk, "alice", "bob"), desk / "policy.newest"
    file.write_text("yesterday")
    bundle = signed(desk, "alice", "bob")
    assert "can't be read" in refusal(lambda: PolicyStore(bundle, trust=trust, newest=Newest(file)))
    nowhere = Newest(desk / "alice" / "policy.newest")  # a file, no folder
    assert "can't be" in refusal(lambda: PolicyStore(bundle, trust=trust, newest=nowhere))


def test_the_commands_say_what_to_do_next(
    desk: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(desk)

    def said(*arguments: str, code: int = 0) -> str:
        assert main(["policy", *arguments]) == code
        captured = capsys.readouterr()
        return captured.out + captured.err

    assert "signed by 1" in said("sign", "policy.yaml", "--key", "alice")
    keys = ["--key", "alice.pub", "--key", "bob.pub"]
    assert "`privet policy sign policy.bundle --key KEY` adds" in said(
        "verify", "policy.bundle", *keys, code=2
    )
    assert "signed by 2" in said("sign", "policy.bundle", "--key", "bob")
    assert "by alice.pub, bob.pub; enough" in said("verify", "policy.bundle", *keys)
    assert "whose signatures count?" in said("verify", "policy.bundle", code=2)
    assert "nothing changes in effect" in said("diff", "policy.yaml", "policy.bundle")
    (desk / "policy.test.yaml").write_text(
        "policy: policy.yaml\ncases: [{name: no, given: {provider: azure-eu}, expect: {refused: true}}]"
    )
    failing = said("sign", "policy.yaml", "--key", "alice", code=1)
    assert "not signed: policy.test.yaml fails" in failing
    assert "expected refused; got allowed" in failing
    assert "is there already" in said("keygen", "alice", code=2)
