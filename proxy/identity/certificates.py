"""Client certificates: TLS has verified that a CA of ours signed one; this file says who holds it.

A subject is compared as a whole: every attribute, in order, to the letter. One that isn't listed is
nobody's, whichever CA signed it. Which CAs count is `tls.client_ca`; those that sign for others too
don't belong there.

Source: RFC 4514 (how a subject is written: `CN=desk,OU=support,O=Acme`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from cryptography import x509
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from proxy.errors import Unauthenticated
from proxy.exchange import Principal
from proxy.identity.caller import CallerRecord
from proxy.identity.watched import WatchedFile
from proxy.yaml_file import read_text, read_yaml


class CertificateRecord(CallerRecord):
    """A subject, and who it is."""

    subject: Annotated[str, Field(min_length=1, max_length=1000)]

    @field_validator("subject")
    @classmethod
    def _readable(cls, subject: str) -> str:
        try:
            x509.Name.from_rfc4514_string(subject)
        except ValueError:
            raise ValueError("not a subject like CN=desk,OU=support,O=Acme (RFC 4514)") from None
        return subject

    @property
    def name(self) -> x509.Name:
        """The subject, as certificates hold it."""
        return x509.Name.from_rfc4514_string(self.subject)


class CertificatesFile(BaseModel):
    """The file: a list under `certificates`."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    certificates: Annotated[tuple[CertificateRecord, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _one_each(self) -> CertificatesFile:
        if len({record.name for record in self.certificates}) != len(self.certificates):
            raise ValueError("a subject is listed twice")
        if len({record.id for record in self.certificates}) != len(self.certificates):
            raise ValueError("an id is given twice")
        return self


class CertificateStore(WatchedFile[x509.Name]):
    """The subjects of one file; `identify` is an Identify."""

    def __init__(self, path: Path) -> None:
        """Read the file; raises proxy.yaml_file.ConfigError."""
        super().__init__(path, _holders)

    def identify(self, headers: Mapping[str, str], certificate: bytes | None = None) -> Principal:
        """The holder of the certificate that the connection began with; header fields don't count.

        Raises:
            proxy.errors.Unauthenticated: there is none, or its subject isn't listed.
        """
        if certificate is None:
            raise Unauthenticated("A client certificate is needed.")
        principal = self._principals.get(_subject(certificate))
        if principal is None:
            raise Unauthenticated(
                "This client certificate's subject isn't known here.",
                hint="Its operator lists subjects in the file that `certificates` names.",
            )
        return principal


def load_certificates(path: Path) -> tuple[CertificateRecord, ...]:
    """The records of the file. Raises proxy.yaml_file.ConfigError."""
    return read_yaml(read_text(path), str(path), CertificatesFile).certificates


def _holders(path: Path) -> dict[x509.Name, Principal]:
    return {record.name: record.principal() for record in load_certificates(path)}


@lru_cache(maxsize=1024)
def _subject(certificate: bytes) -> x509.Name:
    """Every request of a connection has the same one."""
    return x509.load_der_x509_certificate(certificate).subject
