"""TLS with clients: who is let in, who that is, and what a reload changes."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from openai import APIConnectionError, AsyncOpenAI, AuthenticationError

from proxy import config
from proxy.assistant import Reply
from proxy.detect.detector import Detector
from proxy.identity.certificates import CertificateStore
from proxy.identity.keys import create_key
from proxy.server import listening
from proxy.serving.services import door, running
from proxy.tls import Door
from proxy.yaml_file import ConfigError
from tests.authority import Authority
from tests.house import write_configuration
from tests.simulator import Simulator

ASK: Any = {
    "model": "gpt-4o-mini",
    "messages": [{"role": "user", "content": "I am Jane Hollander."}],
}
DESK = "CN=desk,OU=support,O=Acme"
SUBJECTS = f"""\
certificates:
- {{id: desk-1, subject: "{DESK}", team: support, app: desk, roles: [agent]}}
"""


@dataclass
class Doorway:
    """A Privet that speaks TLS, its CA, and the door that it does it with."""

    root: str
    folder: Path
    authority: Authority
    door: Door
    services: Any

    @asynccontextmanager
    async def client(self, tls: ssl.SSLContext, key: str = "any") -> AsyncIterator[AsyncOpenAI]:
        """The official SDK over a connection of its own."""
        async with (
            httpx.AsyncClient(verify=tls) as http,
            AsyncOpenAI(
                base_url=f"{self.root}/v1", api_key=key, max_retries=0, http_client=http
            ) as client,
        ):
            yield client

    async def ask(self, tls: ssl.SSLContext, key: str = "any") -> str | None:
        async with self.client(tls, key) as client:
            answer = await client.chat.completions.create(**ASK)
        return answer.choices[0].message.content


@asynccontextmanager
async def doorway(
    folder: Path,
    detector: Detector,
    simulator: Simulator,
    authority: Authority | None = None,
    **settings: Any,
) -> AsyncIterator[Doorway]:
    """Start one; `settings` as text of privet.yaml -> text."""
    authority = authority or Authority(folder)
    authority.issue("server", "CN=privet")
    configuration = write_configuration(
        folder, simulator.base_url, settings=settings.get("changed"), extra=settings["extra"]
    )
    shown = door(configuration)
    assert shown is not None
    async with (
        running(configuration, detector) as services,
        listening(services, configuration.settings.limits, "127.0.0.1", 0, shown) as root,
    ):
        assert root.startswith("https://")
        yield Doorway(root, folder, authority, shown, services)


TLS = "tls: {certificate: server.pem, key: server.key}\n"
MUTUAL = "tls: {certificate: server.pem, key: server.key, client_ca: test-ca.pem}\n"
REVOKED = ", crl_file: revoked.pem}"
BY_CERTIFICATE: Any = {
    "extra": MUTUAL + "certificates: certificates.yaml\n",
    "changed": {"keys: keys.yaml": "# keys"},
}


async def test_callers_are_spoken_to_in_tls(
    tmp_path: Path, detector: Detector, simulator: Simulator
) -> None:
    async with doorway(tmp_path, detector, simulator, extra=TLS) as privet:
        key, _ = create_key(tmp_path / "keys.yaml", "support", "desk")
        privet.services.callers.reload_if_changed()
        simulator.says("Dear <PERSON_1>")
        assert await privet.ask(privet.authority.client(), key) == "Dear Jane Hollander"
        with pytest.raises(APIConnectionError):
            await privet.ask(ssl.create_default_context(), key)
        clear = privet.root.replace("https", "http")
        with pytest.raises(httpx.HTTPError):
            await httpx.AsyncClient().get(f"{clear}/v1/models")
    assert len(simulator.journal) == 1


async def test_who_a_certificate_is_stands_on_record(
    tmp_path: Path, detector: Detector, simulator: Simulator
) -> None:
    (tmp_path / "certificates.yaml").write_text(SUBJECTS)
    async with doorway(tmp_path, detector, simulator, **BY_CERTIFICATE) as privet:
        known = privet.authority.client("desk", DESK)
        simulator.says("Dear <PERSON_1>")
        assert await privet.ask(known) == "Dear Jane Hollander"
        async with privet.client(known) as client:
            assert [model.id async for model in client.models.list()]
        identify = privet.services.identify
        der = ssl.PEM_cert_to_DER_cert((tmp_path / "desk.pem").read_text())
        who = identify({}, der)
        assert (who.team, who.app, who.key_id, who.roles) == (
            *("support", "desk", "desk-1"),
            frozenset({"agent"}),
        )


@pytest.mark.parametrize(
    "subject",
    [
        "CN=desk,OU=support,O=Other",
        "CN=desk,OU=support",
        "OU=support,CN=desk,O=Acme",
        "CN=Desk,OU=support,O=Acme",
        "CN=desk,CN=desk,OU=support,O=Acme",
        "CN=desk\\,OU\\=support\\,O\\=Acme",
    ],
)
async def test_a_subject_that_isnt_listed_to_the_letter_is_nobody(
    subject: str, tmp_path: Path, detector: Detector, simulator: Simulator
) -> None:
    (tmp_path / "certificates.yaml").write_text(SUBJECTS)
    async with doorway(tmp_path, detector, simulator, **BY_CERTIFICATE) as privet:
        with pytest.raises(AuthenticationError) as refused:
            await privet.ask(privet.authority.client("other", subject))
        assert refused.value.code == "unauthenticated"
    assert simulator.journal == []


async def test_nobody_comes_in_without_a_certificate_of_our_ca(
    tmp_path: Path, detector: Detector, simulator: Simulator
) -> None:
    (tmp_path / "certificates.yaml").write_text(SUBJECTS)
    async with doorway(tmp_path, detector, simulator, **BY_CERTIFICATE) as privet:
        foreign = Authority(tmp_path, "foreign")
        tls = privet.authority.client()
        with pytest.raises(APIConnectionError):
            await privet.ask(tls)
        tls.load_cert_chain(*foreign.issue("forged", DESK))
        with pytest.raises(APIConnectionError):
            await privet.ask(tls)
        with pytest.raises(APIConnectionError):
            expired = privet.authority.client()
            expired.load_cert_chain(*privet.authority.issue("expired", DESK, days=-2))
            await privet.ask(expired)
    assert simulator.journal == []


async def test_with_keys_a_certificate_only_opens_the_door(
    tmp_path: Path, detector: Detector, simulator: Simulator
) -> None:
    async with doorway(tmp_path, detector, simulator, extra=MUTUAL) as privet:
        key, _ = create_key(tmp_path / "keys.yaml", "support", "desk")
        privet.services.callers.reload_if_changed()
        tls = privet.authority.client("anyone", "CN=anyone")
        simulator.says("Fine.")
        assert await privet.ask(tls, key) == "Fine."
        with pytest.raises(AuthenticationError):
            await privet.ask(tls, "pv-" + "x" * 32)


async def test_a_reload_brings_another_certificate_and_other_cas(
    tmp_path: Path, detector: Detector, simulator: Simulator
) -> None:
    (tmp_path / "certificates.yaml").write_text(SUBJECTS)
    simulator.says("one")
    simulator.says("two")
    async with doorway(tmp_path, detector, simulator, **BY_CERTIFICATE) as privet:
        before = privet.authority.client("desk", DESK)
        assert await privet.ask(before) == "one"
        successor = Authority(tmp_path, "successor")
        successor.issue("server", "CN=privet")
        privet.authority.file.write_bytes(successor.file.read_bytes())
        privet.door.reload()
        with pytest.raises(APIConnectionError):
            await privet.ask(before)  # it doesn't know the server's new CA
        before.load_verify_locations(successor.file)
        with pytest.raises(APIConnectionError):
            await privet.ask(before)  # and its own CA counts no more
        assert await privet.ask(successor.client("desk", DESK)) == "two"


async def test_a_revoked_certificate_opens_no_door(
    tmp_path: Path, detector: Detector, simulator: Simulator
) -> None:
    (tmp_path / "certificates.yaml").write_text(SUBJECTS)
    simulator.otherwise(lambda _: Reply("yes"))
    authority = Authority(tmp_path)
    authority.revoke()
    listed = {**BY_CERTIFICATE, "extra": BY_CERTIFICATE["extra"].replace("}", REVOKED, 1)}
    async with doorway(tmp_path, detector, simulator, **listed, authority=authority) as privet:
        first = authority.client("first", DESK)
        second = authority.client("second", DESK)
        assert [await privet.ask(first), await privet.ask(second)] == ["yes", "yes"]
        authority.revoke(tmp_path / "first.pem")
        privet.door.reload()
        with pytest.raises(APIConnectionError):
            await privet.ask(first)
        assert await privet.ask(second) == "yes"
        (tmp_path / "revoked.pem").write_bytes(authority.file.read_bytes())
        with pytest.raises(ConfigError, match="no list of what was revoked"):
            privet.door.reload()
        with pytest.raises(APIConnectionError):
            await privet.ask(first)  # the last good list stays
        authority.revoke(days=-1)
        privet.door.reload()
        with pytest.raises(APIConnectionError):
            await privet.ask(second)  # it has expired: nobody knows any more


async def test_no_session_outlives_the_ca_that_let_it_in(
    tmp_path: Path, detector: Detector, simulator: Simulator
) -> None:
    (tmp_path / "certificates.yaml").write_text(SUBJECTS)
    async with doorway(tmp_path, detector, simulator, **BY_CERTIFICATE) as privet:
        tls = privet.authority.client("desk", DESK)
        port = int(privet.root.rpartition(":")[2])

        async def session() -> ssl.SSLSession | None:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
            writer.write(b"GET /v1/models HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            assert b"200 OK" in await reader.read()
            session: ssl.SSLSession | None = writer.get_extra_info("ssl_object").session
            assert writer.get_extra_info("ssl_object").version() == "TLSv1.3"
            writer.close()
            return session

        held = await session()
        assert held is None or not held.has_ticket


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_text("no PEM")])
@pytest.mark.parametrize("name", ["server.pem", "server.key", "test-ca.pem"])
async def test_files_that_cant_be_used_change_nothing(
    tmp_path: Path, spoil: Callable[[Path], Any], name: str
) -> None:
    authority = Authority(tmp_path)
    files = authority.issue("server", "CN=privet")
    shown = Door(*files, authority.file)
    before = shown._current
    spoil(tmp_path / name)
    with pytest.raises(ConfigError) as refused:
        shown.reload()
    assert str(tmp_path) in str(refused.value)
    assert shown._current is before


def test_a_key_with_a_password_is_refused_and_nobody_is_asked_for_it(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization

    certificate, key = Authority(tmp_path).issue("server", "CN=privet")
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(ConfigError, match="password"):
        Door(certificate, key)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("certificates:\n- {id: a, subject: nonsense, team: t, app: a}\n", "not a subject like"),
        (SUBJECTS + SUBJECTS.split("\n", 1)[1].replace("desk-1", "desk-2"), "listed twice"),
        (SUBJECTS + SUBJECTS.split("\n", 1)[1].replace("CN=desk", "CN=d"), "an id is given twice"),
        ("certificates:\n- {id: a, subject: CN=a, team: t}\n", "app"),
        ("certificates:\n- {id: a, subject: CN=a, team: t, app: a, admin: true}\n", "admin"),
    ],
)
def test_a_file_of_subjects_is_strict(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "certificates.yaml").write_text(text)
    with pytest.raises(ConfigError, match=said):
        CertificateStore(tmp_path / "certificates.yaml")


def test_a_changed_file_of_subjects_counts_and_a_spoilt_one_doesnt(tmp_path: Path) -> None:
    path = tmp_path / "certificates.yaml"
    path.write_text(SUBJECTS)
    authority = Authority(tmp_path)
    der = ssl.PEM_cert_to_DER_cert(authority.issue("desk", DESK)[0].read_text())
    store = CertificateStore(path)
    assert store.identify({"authorization": "Bearer any"}, der).key_id == "desk-1"
    path.write_text("certificates: [")
    with pytest.raises(ConfigError):
        store.reload_if_changed()
    assert not store.sound
    assert store.identify({}, der).key_id == "desk-1"
    path.write_text("certificates: []\n")
    assert store.reload_if_changed()
    with pytest.raises(Exception, match="isn't known"):
        store.identify({}, der)


@pytest.mark.parametrize(
    ("changed", "extra", "said"),
    [
        ({}, "certificates: c.yaml\n", "give one of `keys`"),
        ({"keys: keys.yaml": "# keys"}, "certificates: c.yaml\n", "need `tls` with a `client_ca`"),
        ({"keys: keys.yaml": "# keys"}, TLS + "certificates: c.yaml\n", "need `tls` with a"),
        ({}, TLS.replace("}", REVOKED), "a `crl_file` says what a `client_ca` has revoked"),
    ],
)
def test_certificates_stand_alone_and_need_a_ca(
    changed: dict[str, str], extra: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=said):
        write_configuration(tmp_path, "http://127.0.0.1:1", settings=changed, extra=extra)


def test_the_sample_in_the_readme_is_a_file_of_subjects(tmp_path: Path) -> None:
    page = (Path(config.__file__).parent / "identity" / "README.md").read_text("utf-8")
    sample = page.partition("certificates.yaml\n```yaml\n")[2].partition("```")[0]
    (tmp_path / "certificates.yaml").write_text(sample)
    CertificateStore(tmp_path / "certificates.yaml")
