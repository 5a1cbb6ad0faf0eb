"""Virtual keys: `pv-` and 32 random characters, kept only as hashes in a YAML file.

A plain SHA-256 is the right hash here. Slow, salted hashes protect what people choose; a key
carries 192 random bits, which nobody can guess however fast each try is, and a slow hash would
only add its milliseconds to every request. Looking the hash up is constant-time by construction:
how far a comparison gets depends on a digest that the caller can't steer.

Invariants: the key's text exists only in what `create_key` returns; the file is written whole or
not at all, readable by its owner only; a request with two different keys is nobody's.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field

from proxy.errors import NotFound, Unauthenticated
from proxy.exchange import Principal
from proxy.identity.caller import CallerRecord
from proxy.identity.watched import WatchedFile
from proxy.yaml_file import read_text, read_yaml

PREFIX = "pv-"

_KEY = re.compile(r"pv-[A-Za-z0-9_-]{32}")
_BEARER = re.compile(r"bearer +(\S+) *", re.IGNORECASE)  # RFC 9110 s. 11.1: the scheme in any case
_HEADING = "# Virtual keys, hashed: made with `privet keys create`, taken away with `revoke`.\n"


class KeyRecord(CallerRecord):
    """What is kept of a key: `hash` is its text's SHA-256 in hex, `created` ISO 8601 in UTC."""

    hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    created: str


class KeysFile(BaseModel):
    """The file: a list of keys under `keys`."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    keys: Annotated[tuple[KeyRecord, ...], Field(strict=False)] = ()


class KeyStore(WatchedFile[bytes]):
    """The keys of one file, by their digests; `identify` is an Identify."""

    def __init__(self, path: Path) -> None:
        """Read the file; raises proxy.yaml_file.ConfigError."""
        super().__init__(path, _holders)

    def identify(self, headers: Mapping[str, str], certificate: bytes | None = None) -> Principal:
        """The holder of the key in `Authorization: Bearer`, `x-api-key` or `x-goog-api-key`.

        A client certificate has let the connection in, and says no more.

        Raises:
            proxy.errors.Unauthenticated: no key, an unknown one, or two that differ.
        """
        sent = set(_keys_in(headers))
        if not sent:
            raise Unauthenticated(
                "A virtual key is needed.",
                hint="Send it as `Authorization: Bearer pv-…`; `privet keys create` makes one.",
            )
        if len(sent) > 1:
            raise Unauthenticated("The request carries two different keys.", hint="Send only one.")
        key = sent.pop()
        if not _KEY.fullmatch(key):
            raise Unauthenticated(
                "This is not a virtual key of Privet; those begin with `pv-`.",
                hint="Provider keys belong in Privet's configuration, not in the application.",
            )
        principal = self._principals.get(_digest(key))
        if principal is None:
            raise Unauthenticated(
                "This key is not known here.", hint="It may have been revoked; ask for a new one."
            )
        return principal


def create_key(
    path: Path,
    team: str,
    app: str,
    tenant: str = "default",
    *,
    user: str = "",
    roles: Iterable[str] = (),
    asserts: Iterable[str] = (),
) -> tuple[str, KeyRecord]:
    """Add a key to the file, made if it isn't there; return its text, to be shown once, and record.

    Raises:
        proxy.yaml_file.ConfigError: the file isn't a keys file. It is left as it was.
        pydantic.ValidationError: team, app, tenant or a role is empty or longer than 200.
    """
    key = PREFIX + secrets.token_urlsafe(24)
    record = KeyRecord(
        id=f"key-{secrets.token_hex(5)}",
        hash=_digest(key).hex(),
        tenant=tenant,
        team=team,
        app=app,
        user=user,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        roles=tuple(roles),
        asserts=tuple(asserts),
    )
    with _sole_writer(path):
        existing = _load(path) if path.exists() else ()
        _save(path, (*existing, record))
    return key, record


def list_keys(path: Path) -> tuple[KeyRecord, ...]:
    """The records of the file, oldest first. Raises proxy.yaml_file.ConfigError."""
    return _load(path)


def revoke_key(path: Path, key_id: str) -> KeyRecord:
    """Take a key out of the file and return its record.

    Raises:
        proxy.errors.NotFound: no key has this id.
        proxy.yaml_file.ConfigError: the file is missing or isn't a keys file.
    """
    with _sole_writer(path):
        records = _load(path)
        kept = tuple(record for record in records if record.id != key_id)
        if len(kept) == len(records):
            raise NotFound("No key has this id.", hint="`privet keys list` shows the ids.")
        _save(path, kept)
    return next(record for record in records if record.id == key_id)


def _keys_in(headers: Mapping[str, str]) -> Iterator[str]:
    """Every key sent, repeated header fields too; another scheme than Bearer isn't a key."""
    for name, value in headers.items():
        match name.lower():
            case "authorization":
                if bearer := _BEARER.fullmatch(value):
                    yield bearer[1]
            case "x-api-key" | "x-goog-api-key":
                yield value.strip()


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def _holders(path: Path) -> dict[bytes, Principal]:
    return {bytes.fromhex(record.hash): record.principal() for record in _load(path)}


def _load(path: Path) -> tuple[KeyRecord, ...]:
    return read_yaml(read_text(path), str(path), KeysFile).keys


@contextlib.contextmanager
def _sole_writer(path: Path) -> Iterator[None]:
    """Hold the folder's lock, so that two writers don't undo each other's key."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _save(path: Path, records: Iterable[KeyRecord]) -> None:
    """Replace the file in one step; a crash leaves the old one or the new one.

    It stays whose it was: root makes keys for a Privet that isn't root.
    """
    plain = {"keys": [record.model_dump(mode="json") for record in records]}
    text = _HEADING + yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)
    descriptor, written = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            if path.exists():
                whose = path.stat()
                os.fchown(descriptor, whose.st_uid, whose.st_gid)
                os.fchmod(descriptor, stat.S_IMODE(whose.st_mode))
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(written).replace(path)
    except BaseException:
        Path(written).unlink(missing_ok=True)
        raise
