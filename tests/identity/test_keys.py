"""Virtual keys: made once, kept hashed, looked up, taken away, reloaded."""

from __future__ import annotations

import errno
import os
import re
import stat
import threading
from pathlib import Path

import pytest
from multidict import CIMultiDict
from pydantic import ValidationError

from proxy.errors import NotFound, Unauthenticated
from proxy.exchange import Principal
from proxy.identity import Identify
from proxy.identity.anyone import identify_anyone
from proxy.identity.keys import KeyStore, create_key, list_keys, revoke_key
from proxy.yaml_file import ConfigError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.yaml"


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_a_key_is_random_text_that_the_file_never_holds(path: Path) -> None:
    key, record = create_key(path, "fraud", "case-review")
    assert re.fullmatch(r"pv-[A-Za-z0-9_-]{32}", key)
    assert create_key(path, "fraud", "case-review")[0] != key
    text = path.read_text()
    assert key not in text
    assert key.removeprefix("pv-") not in text
    assert record.hash in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["keys.yaml"]


def test_a_key_names_its_principal(path: Path) -> None:
    key, record = create_key(path, "fraud", "review", "acme", user="Zoë: #1", roles=["auditor"])
    assert list_keys(path) == (record,)
    expected = Principal("acme", "fraud", "review", "Zoë: #1", frozenset({"auditor"}), record.id)
    assert KeyStore(path).identify(bearer(key)) == expected


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Authorization", "Bearer {}"),
        ("authorization", "bearer  {}"),
        ("X-Api-Key", "{}"),
        ("x-goog-api-key", " {} "),
    ],
)
def test_where_sdks_put_the_key(path: Path, field: str, value: str) -> None:
    key, record = create_key(path, "t", "a")
    store = KeyStore(path)
    assert store.identify({field: value.format(key)}).key_id == record.id
    assert store.identify(CIMultiDict({field: value.format(key)})).key_id == record.id


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "needed"),
        ({"Authorization": "Basic cHY6cHY="}, "needed"),
        ({"Authorization": "Bearer"}, "needed"),
        ({"Authorization": "Bearer provider-key-of-someone"}, "begin with"),
        ({"x-api-key": ""}, "begin with"),
        ({"x-api-key": "pv-" + "é" * 32}, "begin with"),
        ({"x-api-key": "pv-" + "\udcff" * 32}, "begin with"),
        ({"x-api-key": "pv-" + "A" * 32}, "not known"),
    ],
)
def test_nobody(path: Path, headers: dict[str, str], reason: str) -> None:
    create_key(path, "t", "a")
    with pytest.raises(Unauthenticated, match=reason) as refused:
        KeyStore(path).identify(headers)
    assert refused.value.status == 401
    assert not any(value and value in str(refused.value) for value in headers.values())


def test_the_stored_hash_is_not_a_key(path: Path) -> None:
    _, record = create_key(path, "t", "a")
    with pytest.raises(Unauthenticated):
        KeyStore(path).identify(bearer(record.hash))


def test_two_keys_in_one_request_are_nobodys(path: Path) -> None:
    one, record = create_key(path, "t", "one")
    two, _ = create_key(path, "t", "two")
    store = KeyStore(path)
    assert store.identify({**bearer(one), "x-api-key": one}).key_id == record.id
    with pytest.raises(Unauthenticated, match="two different"):
        store.identify({**bearer(one), "x-api-key": two})
    repeated = CIMultiDict([("x-api-key", one), ("x-api-key", two)])
    with pytest.raises(Unauthenticated, match="two different"):
        store.identify(repeated)


def test_a_change_is_seen_at_the_next_look_and_only_then(path: Path) -> None:
    first, record = create_key(path, "t", "a")
    store = KeyStore(path)
    assert not store.reload_if_changed()
    second, _ = create_key(path, "t", "b")
    with pytest.raises(Unauthenticated):
        store.identify(bearer(second))
    assert store.reload_if_changed()
    assert store.identify(bearer(second)).app == "b"
    assert revoke_key(path, record.id) == record
    assert store.reload_if_changed()
    with pytest.raises(Unauthenticated):
        store.identify(bearer(first))


def test_a_spoilt_file_is_reported_once_and_the_last_good_keys_stay(path: Path) -> None:
    key, _ = create_key(path, "t", "a")
    good = path.read_bytes()
    store = KeyStore(path)
    path.write_text("keys: [{id: 7}]\n")
    with pytest.raises(ConfigError, match=r"keys.yaml:1:"):
        store.reload_if_changed()
    assert not store.reload_if_changed()
    assert store.identify(bearer(key)).app == "a"
    path.unlink()
    with pytest.raises(ConfigError):
        store.reload_if_changed()
    path.write_bytes(good)
    assert store.reload_if_changed()


def test_no_file_no_store(path: Path) -> None:
    with pytest.raises(ConfigError):
        KeyStore(path)


@pytest.mark.parametrize(
    "text", ["keys: 1\n", "keys:\n- {id: a, hash: short, team: t, app: a}\n", "other: []\n", ""]
)
def test_a_file_that_is_something_else_is_not_overwritten(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(ConfigError):
        create_key(path, "t", "a")
    assert path.read_text() == text


def test_revoking_an_unknown_id(path: Path) -> None:
    create_key(path, "t", "a")
    before = path.read_bytes()
    with pytest.raises(NotFound):
        revoke_key(path, "key-none")
    assert path.read_bytes() == before


def test_a_key_needs_a_team_and_an_app(path: Path) -> None:
    with pytest.raises(ValidationError):
        create_key(path, "", "a")
    assert not path.exists()


def test_writers_do_not_undo_each_other(path: Path) -> None:
    start = threading.Barrier(8)

    def create(number: int) -> None:
        start.wait()
        create_key(path, "t", f"app-{number}")

    threads = [threading.Thread(target=create, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {record.app for record in list_keys(path)} == {f"app-{n}" for n in range(8)}


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_key(path, "t", "a")
    before = path.read_bytes()

    def full_disk(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        create_key(path, "t", "b")
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == ["keys.yaml"]


def test_the_file_stays_whose_it_was(path: Path) -> None:
    """Or a Privet that isn't root couldn't read it any more after root has made a key."""
    create_key(path, "support", "desk")
    path.chmod(0o640)
    owner = (10_001, 10_002) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    os.chown(path, *owner)
    _, record = create_key(path, "support", "desk")
    revoke_key(path, record.id)
    now = path.stat()
    assert (now.st_uid, now.st_gid, stat.S_IMODE(now.st_mode)) == (*owner, 0o640)


def test_the_demo_asks_nobody() -> None:
    identify: Identify = identify_anyone
    assert identify({}) == Principal("default", "demo", "demo")
