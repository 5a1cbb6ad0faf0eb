"""Other rule sets' own tests are read from a checkout, and the figures come out of them."""

from __future__ import annotations

import random
import re
import sys
from pathlib import Path

import pytest

from proxy.detect.engine import Engine
from tests.detect.public_rules import __main__ as public_rules
from tests.detect.public_rules import detect_secrets, gitleaks
from tests.detect.public_rules.made_up import made_up

_GO = """package rules
func One() *config.Rule {
	r := config.Rule{ RuleID: "one", Keywords: []string{"one"} } // not a sample: "x"
	id := secrets.NewSecret(utils.Hex("24"))
	tps := utils.GenerateSampleSecrets("one", "on" + `e-` + id)
	tps = append(tps, "one_token=\\"" + id + "\\"", fmt.Sprintf("%s!", id))
	fps := map[string]string{ "a.txt": `nothing`, "b.txt": "one_token = \\"k9f3a7d2b8e1\\"" }
	return utils.ValidateWithPaths(r, tps, fps)
}
"""
_NOTATIONS = """func GenerateSampleSecrets(identifier string, secret string) []string {
	samples := map[string]string{
		"ini": "{i}Token=\\"{s}\\"", // and so on
		"shell": `{I}_TOKEN={s}`,
	}
	replacer := strings.NewReplacer("{i}", identifier)
"""
_SHIPPED = """
[[rules]]
id = "one"
regex = '''one_token = "([a-z0-9]{4,})"'''
keywords = ["one"]
entropy = 2.0
[[rules.allowlists]]
stopwords = ["allowed"]
"""
_PYTHON = """
SECRET = "hunter22" + "x"

@pytest.mark.parametrize("payload, should_flag", [
    ("password = {}".format(SECRET), True),
    ("password = {s}".format(s=SECRET[:3]), False),
    (made(SECRET), True),
])
def test(payload, should_flag): ...
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for path, content in (
        (gitleaks.RULES / "one.go", _GO),
        (Path("cmd/generate/config/utils/generate.go"), _NOTATIONS),
        (Path("config/gitleaks.toml"), _SHIPPED),
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)
    return tmp_path


def test_samples_are_read_off_go(checkout: Path) -> None:
    *found, no, also = gitleaks.samples(checkout)
    token = re.fullmatch('oneToken="one-([a-f0-9]{24})"', found[0].text)
    assert token
    assert [one.text for one in found[1:]] == [
        f"ONE_TOKEN=one-{token[1]}",
        f'one_token="{token[1]}"',
        f"{token[1]}!",
    ]
    assert all(one.secret for one in found)
    assert (no.text, also.text) == ("nothing", 'one_token = "k9f3a7d2b8e1"')
    assert not no.secret
    assert [*found, no, also] == list(gitleaks.samples(checkout))


def test_samples_are_read_off_pytests_lists(tmp_path: Path) -> None:
    (tmp_path / detect_secrets.PLUGINS).mkdir(parents=True)
    (tmp_path / detect_secrets.PLUGINS / "words_test.py").write_text(_PYTHON)
    found = [(one.text, one.secret) for one in detect_secrets.samples(tmp_path)]
    assert found == [("password = hunter22x", True), ("password = hun", False)]


def test_the_sets_own_rules_say_what_is_disputed(checkout: Path) -> None:
    own = gitleaks.own_rules(checkout)
    assert own('one_token = "k9f3a7d2b8e1"') == ["k9f3a7d2b8e1"]
    assert own('one_token = "aaaaaaaa"') == []  # says nothing: one character
    assert own('one_token = "allowed22"') == []
    assert own('two_token = "k9f3a7d2b8e1"') == []


def test_the_figures(
    engine: Engine,
    checkout: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(public_rules, "Engine", lambda *_, **__: engine)
    monkeypatch.setattr(sys, "argv", ["public_rules", str(checkout)])
    public_rules.main()
    found, hit, left = capsys.readouterr().out.splitlines()
    assert found == "found 3 of 4 (0.750) of what is called a secret"
    assert hit == "hit 1 of 2 (0.500) of what is called none"
    assert left == "hit 0 of 1 (0.000) without what it calls one elsewhere"


@pytest.mark.parametrize(
    "pattern", ["[a-z0-9]{8}", r"t1\.[A-Z_-]+=?", "(?:ab|cd){2,3}x", r"\d{3,}\w"]
)
def test_what_is_made_up_matches(pattern: str) -> None:
    assert re.fullmatch(pattern, made_up(pattern, random.Random(1)))
