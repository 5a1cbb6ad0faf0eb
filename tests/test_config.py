"""privet.yaml: what it may say, where each problem is, and what the environment may change."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import get_args

import pytest

from proxy.config import Configuration, load
from proxy.providers import KINDS
from proxy.section import KeySource
from proxy.sections import ProviderSection
from proxy.yaml_file import ConfigError

SETTINGS = """\
listen: 127.0.0.1:8080
policy: policy.yaml
keys: keys.yaml
secret: keys/secret
audit:
  site: acme/main
  signing_key: keys/log.key
  recipients: [keys/auditor.pub, keys/recovery.pub]
providers:
  openai:
    base_url: https://api.example.org/v1
    key: {env: EXAMPLE_KEY}
models:
  gpt-4o:
    - {provider: openai, model: gpt-4o}
"""


def loaded(
    folder: Path, text: str = SETTINGS, environment: dict[str, str] | None = None
) -> Configuration:
    path = folder / "privet.yaml"
    path.write_text(text)
    return load(path, environment or {})


def problems(
    folder: Path, text: str = SETTINGS, environment: dict[str, str] | None = None
) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text, environment)
    return [str(problem).removeprefix(f"{folder}/") for problem in caught.value.problems]


def changed(old: str, new: str) -> str:
    assert old in SETTINGS
    return SETTINGS.replace(old, new)


def test_the_settings_and_their_defaults(tmp_path: Path) -> None:
    configuration = loaded(tmp_path)
    settings = configuration.settings
    assert settings.address == ("127.0.0.1", 8080)
    assert configuration.path(settings.secret) == tmp_path / "keys/secret"
    assert settings.audit.recipients == ("keys/auditor.pub", "keys/recovery.pub")
    assert (settings.audit.content, settings.audit.dir) == ("masked", "audit")
    assert settings.providers["openai"].retries == 2
    assert settings.models["gpt-4o"][0].model == "gpt-4o"
    assert (settings.anyone, settings.any_model, settings.log_level) == (False, None, "info")


def test_an_ipv6_address(tmp_path: Path) -> None:
    settings = loaded(tmp_path, changed("127.0.0.1:8080", "'[::1]:80'")).settings
    assert settings.address == ("::1", 80)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            *("policy: policy.yaml", "polcy: policy.yaml"),
            ["1:1: key 'policy' is missing", "2:1: unknown key 'polcy' (did you mean 'policy'?)"],
        ),
        ("  site: acme/main\n", "", ["6:3: key 'site' is missing"]),
        ("site: acme/main", "site: a b", ["6:9: site: "]),
        ("127.0.0.1:8080", "8080", ["1:9: listen: is written HOST:PORT"]),
        ("127.0.0.1:8080", "127.0.0.1:99999", ["1:9: a port is at most 65535"]),
        ("policy:", "admin_listen: 127.0.0.1:8080\npolicy:", ["2:15: callers and operators need"]),
        ("policy:", "admin_listen: 127.0.0.1:70000\npolicy:", ["2:15: a port is at most 65535"]),
        (
            *("provider: openai", "provider: opnai"),
            ["15:18: there is no provider 'opnai' (did you mean 'openai'?)"],
        ),
        ("models:", "any_model: opena\nmodels:", ["13:12: there is no provider 'opena' (did you"]),
        ("keys: keys.yaml\n", "", ["1:1: give one of `keys`"]),
        ("keys: keys.yaml\n", "keys: k.yaml\nanyone: true\n", ["3:7: give one of `keys`"]),
        (
            *("{env: EXAMPLE_KEY}", "{env: A, file: b}"),
            ["12:10: key: give exactly one of env, file or command"],
        ),
        ("{env: EXAMPLE_KEY}", "{}", ["12:10: key: give exactly one"]),
        ("{env: EXAMPLE_KEY}", "{command: []}", ["12:20: command: "]),
        ("https://api.example.org/v1", "api.example.org", ["11:15: base_url: "]),
        ("https://api.example.org/v1", "https://u:p@example.org", ["11:15: base_url: "]),
        ("https://api.example.org/v1", "https://example.org/?a=b", ["11:15: base_url: "]),
        ("    key: {env", "    retries: -1\n    key: {env", ["12:14: retries: "]),
        (
            "    key: {env",
            "    connect_timeout_s: 0\n    key: {env",
            ["12:24: connect_timeout_s: "],
        ),
        ("models:", "log_level: loud\nmodels:", ["13:12: log_level: "]),
        ("models:", "limits: {body_bytes: 7}\nmodels:", ["13:22: body_bytes: "]),
        ("models:", "detect: {processes: many}\nmodels:", ["13:21: processes: "]),
        ("models:", "keys: again.yaml\nmodels:", ["13:1: "]),
    ],
)
def test_every_problem_is_named_where_it_is(
    tmp_path: Path, old: str, new: str, expected: list[str]
) -> None:
    found = problems(tmp_path, changed(old, new))
    assert len(found) == len(expected), found
    for problem, start in zip(found, expected, strict=True):
        assert problem.startswith(f"privet.yaml:{start}"), found


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    text = changed("provider: openai", "provider: nobody").replace("keys: keys.yaml\n", "")
    assert len(problems(tmp_path, text + "any_model: nobody\n")) == 3


def test_a_missing_file_is_a_problem_too(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing\.yaml:1:1: "):
        load(tmp_path / "nothing.yaml", {})


# The environment.


def test_the_environment_replaces_a_few_settings(tmp_path: Path) -> None:
    environment = {
        "PRIVET_LISTEN": "0.0.0.0:9000",
        "PRIVET_POLICY": "/etc/policy.yaml",
        "PRIVET_LOG_LEVEL": "debug",
        "PRIVET_LOG_FORMAT": "json",
        "PRIVET_SECRET": "ignored",
    }
    configuration = loaded(tmp_path, SETTINGS, environment)
    settings = configuration.settings
    assert settings.address == ("0.0.0.0", 9000)  # noqa: S104 — an address, not a listener
    assert configuration.path(settings.policy) == Path("/etc/policy.yaml")
    assert (settings.log_level, settings.log_format) == ("debug", "json")
    assert settings.secret == "keys/secret"
    assert settings.providers == loaded(tmp_path).settings.providers


def test_an_empty_variable_is_none(tmp_path: Path) -> None:
    assert loaded(tmp_path, SETTINGS, {"PRIVET_LISTEN": ""}) == loaded(tmp_path)


@pytest.mark.parametrize(
    ("variable", "value"),
    [("PRIVET_LISTEN", "everywhere"), ("PRIVET_LOG_LEVEL", "loud"), ("PRIVET_LISTEN", "h:99999")],
)
def test_an_invalid_variable_is_a_problem(tmp_path: Path, variable: str, value: str) -> None:
    (problem,) = problems(tmp_path, SETTINGS, {variable: value})
    assert variable in problem or "port" in problem


def test_without_keys_only_loopback_is_served_whoever_asks(tmp_path: Path) -> None:
    open_door = changed("keys: keys.yaml", "anyone: true")
    assert loaded(tmp_path, open_door).settings.anyone
    in_file = open_door.replace("127.0.0.1:8080", "0.0.0.0:8080")
    assert "loopback" in problems(tmp_path, in_file)[0]
    assert "loopback" in problems(tmp_path, open_door, {"PRIVET_LISTEN": "0.0.0.0:8080"})[0]


# Keys of providers.


def test_a_key_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXAMPLE_KEY", "k-1")
    assert KeySource(env="EXAMPLE_KEY").read(tmp_path) == "k-1"
    monkeypatch.delenv("EXAMPLE_KEY")
    with pytest.raises(ValueError, match="EXAMPLE_KEY holds no key"):
        KeySource(env="EXAMPLE_KEY").read(tmp_path)


def test_a_key_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("  k-2\n")
    assert KeySource(file="key").read(tmp_path) == "k-2"
    with pytest.raises(ValueError, match="the file other can't be read"):
        KeySource(file="other").read(tmp_path)


def test_a_key_from_a_command(tmp_path: Path) -> None:
    assert KeySource(command=(sys.executable, "-c", "print('k-3')")).read(tmp_path) == "k-3"


@pytest.mark.parametrize(
    "command",
    [
        (sys.executable, "-c", "import sys; print('k-4'); sys.exit(3)"),
        ("/no/such/program",),
    ],
    ids=["exit status", "no program"],
)
def test_a_command_that_fails_gives_no_key(tmp_path: Path, command: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="the key command failed") as caught:
        KeySource(command=command).read(tmp_path)
    assert "k-4" not in str(caught.value)


@pytest.mark.parametrize("key", ["k\nx", "k\x00x", "schlüssel", "k\tx"])
def test_a_key_that_no_header_may_carry_is_refused_unseen(tmp_path: Path, key: str) -> None:
    (tmp_path / "key").write_bytes(key.encode("latin-1"))
    with pytest.raises(ValueError, match="no header may carry") as caught:
        KeySource(file="key").read(tmp_path)
    assert key not in str(caught.value)
    assert "0x" not in str(caught.value)


def test_a_key_is_never_empty(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(" \n")
    with pytest.raises(ValueError, match="holds no key"):
        KeySource(file="key").read(tmp_path)


def test_every_kind_of_provider_has_a_word_in_the_settings() -> None:
    assert set(get_args(ProviderSection.model_fields["type"].annotation)) == set(KINDS)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{to: 'syslog.acme.example:514'}", "write unix:/PATH"),
        ("{to: 'udp://logs.acme.example:514', required: true}", "can't be `required`"),
        ("{to: 'tcp://logs.acme.example:601', ca_file: ca.pem}", "are for tls://"),
        ("{to: 'tls://logs.acme.example:6514', certificate: us.pem}", "go together"),
        ("{type: kafka, to: 'tls://logs.acme.example:6514'}", "syslog"),
    ],
)
def test_a_sink_that_cant_be_one(tmp_path: Path, entry: str, message: str) -> None:
    (problem,) = problems(tmp_path, changed("  site: acme", f"  sinks: [{entry}]\n  site: acme"))
    assert problem.startswith("privet.yaml:6:")
    assert message in problem


def test_sinks(tmp_path: Path) -> None:
    entries = "{to: 'unix:/dev/log'}, {to: 'tls://[::1]:6514', required: true, every_s: 5}"
    text = changed("  site: acme", f"  sinks: [{entries}]\n  site: acme")
    one, two = loaded(tmp_path, text).settings.audit.sinks
    assert (one.type, one.required, one.every_s) == ("syslog", False, 60)
    assert (two.to, two.required, two.every_s) == ("tls://[::1]:6514", True, 5)
