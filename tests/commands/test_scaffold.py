"""What `privet init` writes can be served at once, keeps private what is, and replaces nothing."""

from __future__ import annotations

import dataclasses
import re
import stat
from pathlib import Path

import pytest

from audit import keys as audit_keys
from proxy.commands import scaffold
from proxy.commands.scaffold import Choices
from proxy.config import AUDIT_SLOT, load
from proxy.identity.keys import KeyStore
from proxy.policy.load import load as load_policy

WRITTEN = {
    *("privet.yaml", "policy.yaml", "keys.yaml", "keys/secret", "keys/log.key", "keys/log.pub"),
    *("keys/auditor.key", "keys/auditor.pub", "keys/recovery.key", "keys/recovery.pub"),
}
PRIVATE = {
    *("keys.yaml", "keys/secret", "keys/log.key", "keys/auditor.key", "keys/recovery.key"),
}


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_it_writes_these_files_and_no_others(tmp_path: Path) -> None:
    assert scaffold.write(tmp_path / "new" / "one", Choices()) == [
        tmp_path / "new/one/keys/auditor.key",
        tmp_path / "new/one/keys/recovery.key",
    ]
    assert files(tmp_path / "new/one").keys() == WRITTEN


def test_there_is_a_place_for_the_records(tmp_path: Path) -> None:
    """In an image all else is read-only, and nobody could make one."""
    scaffold.write(tmp_path, Choices())
    place = load(tmp_path / "privet.yaml", {}).path("audit")
    assert stat.S_IMODE(place.stat().st_mode) == 0o700


def test_private_files_are_private(tmp_path: Path) -> None:
    scaffold.write(tmp_path, Choices())
    modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in WRITTEN}
    assert {name for name, mode in modes.items() if mode == 0o600} == PRIVATE


def test_what_it_writes_loads(tmp_path: Path) -> None:
    scaffold.write(tmp_path, Choices())
    configuration = load(tmp_path / "privet.yaml", {})
    settings = configuration.settings
    assert (settings.listen, settings.anyone) == ("127.0.0.1:8080", False)
    policy = load_policy(configuration.path(settings.policy))
    assert settings.providers.keys() <= policy.providers.keys()
    KeyStore(configuration.path(settings.keys or ""))
    assert len(settings.audit.recipients) == 2
    for recipient in settings.audit.recipients:
        public = audit_keys.load_recipient(configuration.path(recipient))
        private = configuration.path(recipient).with_suffix(".key")
        raw = audit_keys.load_recipient_key(private).public_key().public_bytes_raw()
        assert public.public.public_bytes_raw() == raw
    (verifier,) = audit_keys.load_verifier_keys(tmp_path / "keys/log.pub")
    assert verifier.name == f"{settings.audit.site}/{AUDIT_SLOT}"


def test_every_commented_setting_is_one(tmp_path: Path) -> None:
    """The lines behind a `#` are there to be uncommented: they have to be valid."""
    scaffold.write(tmp_path, Choices())
    path = tmp_path / "privet.yaml"
    path.write_text(re.sub(r"(?m)^( *)# ( *(?:- \{|[a-z_]+:))", r"\1\2", path.read_text()))
    settings = load(path, {}).settings
    assert settings.providers.keys() == {"openai", "local"}
    assert [each.provider for each in settings.models["gpt-4o-mini"]] == ["openai", "local"]
    assert settings.detect == type(settings.detect)()
    assert settings.limits == type(settings.limits)()


def test_two_set_ups_share_no_secret(tmp_path: Path) -> None:
    for name in ("a", "b"):
        scaffold.write(tmp_path / name, Choices())
    first, second = files(tmp_path / "a"), files(tmp_path / "b")
    same = {name for name in first if first[name] == second[name]}
    assert same == {"privet.yaml", "policy.yaml", "keys.yaml"}
    assert len(bytes.fromhex(first["keys/secret"].decode())) == 32


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_nothing_that_exists_is_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine")
    with pytest.raises(FileExistsError, match=re.escape(name)):
        scaffold.write(tmp_path, Choices())
    assert files(tmp_path) == {name: b"mine"}


def test_the_choices_of_a_demo(tmp_path: Path) -> None:
    choices = dataclasses.replace(
        Choices(),
        listen="127.0.0.1:0",
        identity="anyone: true",
        providers="  up:\n    base_url: http://127.0.0.1:1/v1\n",
        models="  m:\n    - {provider: up, model: m}\n",
        policy="policy: x/1\n",
    )
    scaffold.write(tmp_path, choices)
    settings = load(tmp_path / "privet.yaml", {}).settings
    assert (settings.anyone, settings.address, list(settings.providers)) == (
        *(True, ("127.0.0.1", 0), ["up"]),
    )
    assert (tmp_path / "policy.yaml").read_text() == "policy: x/1\n"
