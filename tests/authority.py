"""A certificate authority for a test: made when it is needed, forgotten with its folder."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID


class Authority:
    """Signs certificates; `file` holds its own, `serial` tells those that it issued apart."""

    def __init__(self, folder: Path, name: str = "test-ca") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name.from_rfc4514_string(f"CN={name}")
        own = self._builder(self._name, self._key.public_key(), days=30)
        own = own.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(_pem(own.sign(self._key, hashes.SHA256())))

    def issue(self, stem: str, subject: str, *, days: int = 30) -> tuple[Path, Path]:
        """A certificate for 127.0.0.1 and for clients, and its key: the files `stem`.pem, .key."""
        key = ec.generate_private_key(ec.SECP256R1())
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        certificate = (
            self._builder(x509.Name.from_rfc4514_string(subject), key.public_key(), days=days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([address]), critical=False)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        files = self._folder / f"{stem}.pem", self._folder / f"{stem}.key"
        files[0].write_bytes(_pem(certificate))
        files[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return files

    def revoke(self, *certificates: Path, days: int = 1) -> Path:
        """The list of what it has revoked, valid for so long: a file."""
        now = datetime.now(UTC)
        listed = x509.CertificateRevocationListBuilder().issuer_name(self._name)
        listed = listed.last_update(now - timedelta(days=2)).next_update(now + timedelta(days=days))
        for path in certificates:
            number = x509.load_pem_x509_certificate(path.read_bytes()).serial_number
            entry = x509.RevokedCertificateBuilder().serial_number(number).revocation_date(now)
            listed = listed.add_revoked_certificate(entry.build())
        file = self._folder / "revoked.pem"
        signed = listed.sign(self._key, hashes.SHA256())
        file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        return file

    def server(self, stem: str = "upstream") -> ssl.SSLContext:
        """For a server on 127.0.0.1."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue(stem, f"CN={stem}"))
        return context

    def client(self, stem: str = "", subject: str = "") -> ssl.SSLContext:
        """For a client that trusts this authority, and shows a certificate if it has a subject."""
        context = ssl.create_default_context(cafile=self.file)
        if subject:
            context.load_cert_chain(*self.issue(stem, subject))
        return context

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, *, days: int
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(min(now, now + timedelta(days=days)) - timedelta(days=1))
            .not_valid_after(now + timedelta(days=days, hours=1))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
        )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
