"""Signed policies: a bundle is a policy's text with the signatures of those who approved it.

The form is DSSE, the Dead Simple Signing Envelope (https://github.com/secure-systems-lab/dsse,
protocol 1.0): JSON with `payload`, `payloadType` and `signatures`. Our payload is JSON again, with
the policy's text and the second at which it was first signed. Whose signatures count, and how many
of them, is the trust that an operator configures (`policy_trust` in privet.yaml).

Invariants: nothing of a payload is enforced before enough different keys of the trust have signed
it; where there is a trust, a policy without them is refused; where there is none, a bundle is
refused too, since nobody could say what its signatures mean.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NoReturn

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import Error as SigningError
from securesystemslib.signer import CryptoSigner, SSlibKey

from proxy.policy.compiled import Policy
from proxy.policy.load import parse
from proxy.yaml_file import ConfigError, Problem, read_text

PAYLOAD_TYPE = "application/vnd.privet.policy.v1+json"


class Payload(BaseModel):
    """What is signed: the policy's text, the name of its file, and the time (UTC) of signing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str
    signed_at: AwareDatetime
    policy: str


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose signatures count (public keys, and the files that they are from), and how many."""

    keys: tuple[SSlibKey, ...]
    names: tuple[str, ...]
    threshold: int


@dataclass(frozen=True, slots=True)
class Verified:
    """A payload that enough of the trusted have signed, and the names of who did."""

    payload: Payload
    signers: tuple[str, ...]


def load_trust(paths: Sequence[Path], threshold: int) -> Trust:
    """The trust in some public keys. Raises ConfigError if one can't be read, or stands twice."""
    keys = tuple(_public_key(path) for path in paths)
    for index, key in enumerate(keys):
        if key.keyid in {other.keyid for other in keys[:index]}:
            hint = "each signer needs a key of their own"
            _refuse(paths[index], "this key is in the trust already", hint, "trust")
    if len(keys) < threshold:
        hint = "add keys, or lower the threshold"
        _refuse(paths[-1], f"{threshold} signatures are needed of {len(keys)} keys", hint, "trust")
    return Trust(keys, tuple(path.name for path in paths), threshold)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A policy, and when the bundle that it came in was first signed (UTC); None if in none."""

    policy: Policy
    signed_at: datetime | None = None


def load_trusted(
    path: Path, produced: Collection[str] | None = None, trust: Trust | None = None
) -> Loaded:
    """The policy in a file that is to be enforced: plain without a trust, in a bundle with one.

    Raises:
        ConfigError: with every problem; code ``unsigned`` if the signatures aren't enough.
    """
    text = read_text(path)
    if trust is None:
        if is_bundle(text):
            hint = "name the keys that count under `policy_trust` in privet.yaml"
            _refuse(path, "this is a signed bundle, and no trust is configured", hint, "trust")
        return Loaded(parse(text, str(path), produced))
    if not is_bundle(text):
        hint = f"`privet policy sign {path.name} --key KEY` makes a bundle; name that instead"
        _refuse(path, "this policy isn't signed, and only signed ones are trusted", hint)
    payload = verify(text, path, trust).payload
    policy = parse(payload.policy, f"{path} ({payload.file})", produced)
    return Loaded(policy, payload.signed_at)


def look_at(path: Path) -> Policy:
    """The policy in a file or bundle, whoever signed it, for where nothing is enforced.

    Raises ConfigError.
    """
    text = read_text(path)
    return parse(signed_policy(text, path) if is_bundle(text) else text, str(path))


def is_bundle(text: str) -> bool:
    """Whether a text looks like a bundle rather than a policy."""
    return text.lstrip().startswith("{") and '"payloadType"' in text


def verify(text: str, path: Path, trust: Trust) -> Verified:
    """Check a bundle's signatures, and only then read it. Raises ConfigError."""
    envelope = _envelope(text, path)
    if envelope.payload_type != PAYLOAD_TYPE:
        _refuse(path, "what is signed here isn't a policy", "sign it with `privet policy sign`")
    signers = [
        name for key, name in zip(trust.keys, trust.names, strict=True) if _signed_by(envelope, key)
    ]
    if len(signers) < trust.threshold:
        by = f"by {', '.join(signers)}" if signers else "by nobody who counts"
        hint = f"`privet policy sign {path.name} --key KEY` adds a signature"
        _refuse(path, f"signed {by}, and {trust.threshold} must sign", hint)
    return Verified(_payload(envelope, path), tuple(signers))


def sign(path: Path, key: Ed25519PrivateKey, now: datetime) -> str:
    """A bundle as text: of a policy, or with one signature more if `path` is a bundle already.

    Raises:
        ConfigError: the policy is invalid, or the bundle can't be read.
    """
    text = read_text(path)
    if is_bundle(text):
        envelope = _envelope(text, path)
        policy = _payload(envelope, path).policy
    else:
        policy = text
        payload = Payload(file=path.name, signed_at=now.replace(microsecond=0), policy=text)
        envelope = Envelope(payload.model_dump_json().encode(), PAYLOAD_TYPE, {})
    parse(policy, str(path))
    envelope.sign(CryptoSigner(key))
    return json.dumps(envelope.to_dict(), indent=2) + "\n"


def signed_policy(text: str, path: Path) -> str:
    """The policy's text in a bundle, whoever signed it: to be looked at, never to be enforced."""
    return _payload(_envelope(text, path), path).policy


def write_key(path: Path) -> Path:
    """Make a signer's key: the private half at `path`, the public one beside it, which is returned.

    Raises:
        FileExistsError: one of them is there already.
    """
    key = Ed25519PrivateKey.generate()
    public = path.with_name(path.name + ".pub")
    for file in (path, public):
        if file.exists():
            raise FileExistsError(f"{file} is there already, and nothing is overwritten.")
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return public


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """A signer's private key: unencrypted PEM, readable by its owner alone. Raises ConfigError."""
    try:
        if b"PUBLIC KEY" in path.read_bytes():
            _refuse(path, "this is a public key", "sign with the private one", "key")
        if path.stat().st_mode & 0o077:
            _refuse(path, "others may read this private key", f"run chmod 600 {path}", "key")
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        hint = "`privet policy keygen FILE` makes one"
        _refuse(path, "there is no Ed25519 private key here (unencrypted PEM)", hint, "key")
    return key


def _public_key(path: Path) -> SSlibKey:
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        hint = "`privet policy keygen FILE` writes one to FILE.pub"
        _refuse(path, "there is no Ed25519 public key here (PEM)", hint, "key")
    return SSlibKey.from_crypto(key)


def _envelope(text: str, path: Path) -> Envelope:
    try:
        return Envelope.from_dict(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError, SigningError):
        hint = "get it again from whoever made it"
        _refuse(path, "this bundle is damaged: it isn't a DSSE envelope", hint, "bundle")


def _signed_by(envelope: Envelope, key: SSlibKey) -> bool:
    try:
        envelope.verify([key], 1)
    except SigningError:
        return False
    return True


def _payload(envelope: Envelope, path: Path) -> Payload:
    try:
        return Payload.model_validate_json(envelope.payload)
    except ValidationError:
        hint = "it was made by another version of Privet: sign the policy again"
        _refuse(path, "the signed payload isn't one of ours", hint, "bundle")


def _refuse(path: Path, message: str, hint: str, code: str = "unsigned") -> NoReturn:
    raise ConfigError([Problem(str(path), 1, 1, message, hint, code)])
