"""TLS towards clients and towards providers: which files, and how strictly.

Sources: RFC 8446 (TLS 1.3), Python's `ssl`. Invariants: files that can't be used leave what was in
force, or keep a listener from opening; a client certificate is verified against the files in force
when its connection begins, so no session is resumed that an earlier CA let in.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from cryptography import x509

from proxy.yaml_file import ConfigError, Problem

T = TypeVar("T")
_LIST = re.compile(rb"-----BEGIN X509 CRL-----.+?-----END X509 CRL-----", re.DOTALL)


class Door:
    """What the serving listener shows to clients, and whom of them it lets in.

    Args:
        certificate: file of the server's certificate and those between it and its CA, PEM.
        key: file of its private key, PEM, without a password.
        client_ca: file of the CAs, one of which has to have signed a client's certificate; None if
            clients need none.
        revoked: file of what those CAs have revoked, a list of each in PEM (RFC 5280, section 5);
            None if nobody looks. A list that has expired lets nobody in.

    Raises:
        ConfigError: a file can't be used.
    """

    def __init__(
        self,
        certificate: Path,
        key: Path,
        client_ca: Path | None = None,
        revoked: Path | None = None,
    ) -> None:
        self._files = (certificate, key, client_ca, revoked)
        #: To listen with: each connection gets what is in force when it begins.
        self.context = self._load()
        self._current = self.context
        self.context.sni_callback = self._choose

    def reload(self) -> None:
        """Read the files again; raises ConfigError, and then nothing has changed."""
        self._current = self._load()

    def _load(self) -> ssl.SSLContext:
        certificate, key, client_ca, revoked = self._files
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.num_tickets = 0
        context.options |= ssl.OP_NO_TICKET
        context.set_alpn_protocols(["http/1.1"])
        _use(certificate, lambda: context.load_cert_chain(certificate, key, _no_password))
        if client_ca is not None:
            # A session of TLS 1.2 can be resumed without a look at its certificate's CA.
            context.minimum_version = ssl.TLSVersion.TLSv1_3
            context.verify_mode = ssl.CERT_REQUIRED
            _use(client_ca, lambda: context.load_verify_locations(client_ca))
        if revoked is not None:
            context.verify_flags |= ssl.VerifyFlags.VERIFY_CRL_CHECK_LEAF
            _use(revoked, lambda: _load_lists(context, revoked))
        return context

    def _choose(self, connection: ssl.SSLObject, _name: str | None, _: ssl.SSLContext) -> None:
        """Asked by OpenSSL once per connection, whether the client names a server or not."""
        connection.context = self._current


def trusting(ca_file: Path | None, shown: tuple[Path, Path] | None = None) -> ssl.SSLContext:
    """For connections to a server whose CA is one of these and no other (else the system's).

    `shown` is the certificate that it is shown, and its key. Raises ConfigError.
    """
    if ca_file is None:
        context = ssl.create_default_context()
    else:
        context = _use(ca_file, lambda: ssl.create_default_context(cafile=ca_file))
    if shown is not None:
        _use(shown[0], lambda: context.load_cert_chain(*shown, _no_password))
    return context


def lists_valid_days(revoked: Path, now: datetime) -> int:
    """For how many more days the first to expire of some lists of the revoked is valid.

    10,000 if none of them names an end. Raises OSError, ValueError.
    """
    lists = map(x509.load_pem_x509_crl, _LIST.findall(revoked.read_bytes()))
    ends = [one.next_update_utc for one in lists if one.next_update_utc is not None]
    return min(((end - now.astimezone(UTC)).days for end in ends), default=10_000)


def valid_days(certificate: Path, now: datetime) -> int:
    """For how many more days a certificate is valid; raises OSError, ValueError."""
    first = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
    return (first.not_valid_after_utc - now.astimezone(UTC)).days


def _use(path: Path, load: Callable[[], T]) -> T:
    """Load a file, or say which one it is; OpenSSL's own words name no place."""
    try:
        return load()
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        said = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
        hint = "PEM files are needed; the key has to fit the certificate and have no password"
        raise ConfigError([Problem(str(path), 1, 1, f"it can't be used ({said})", hint)]) from None


def _load_lists(context: ssl.SSLContext, revoked: Path) -> None:
    context.load_verify_locations(revoked)
    if not context.cert_store_stats()["crl"]:
        raise ValueError("no list of what was revoked")


def _no_password() -> str:
    """Nobody is there to be asked for one."""
    raise ValueError("the key has a password")
