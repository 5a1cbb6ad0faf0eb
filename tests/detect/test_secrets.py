"""Keys by their makers' formats, tokens and private keys. Tokens are put together at run time."""

import base64
import json
from collections.abc import Callable

import pytest

from proxy.detect.recognizers.api_key_formats_business import BUSINESS, MARKED
from proxy.detect.recognizers.api_key_formats_cloud import CLOUD
from proxy.detect.recognizers.api_key_formats_dev import DEVELOPER

Find = Callable[..., list[tuple[str, str]]]

HEX = "0f1e2d3c4b5a6978" * 10
ALNUM = "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zA" * 10
LOWER = ALNUM.lower()
UPPER = ALNUM.upper()
UUID = "-".join((HEX[:8], HEX[:4], HEX[4:8], HEX[8:12], HEX[:12]))

KEYS = [
    "AKIA" + UPPER[:16],
    "GOCSPX-" + ALNUM[:28],
    "ya29." + ALNUM[:80],
    "LTAI" + ALNUM[:20],
    "dop_" + "v1_" + HEX[:64],
    "HRKU-" + UUID,
    "pscale_" + "tkn_" + ALNUM[:43],
    "sbp_" + HEX[:40],
    "hvs." + ALNUM[:90],
    "pul-" + HEX[:40],
    "dp.pt." + ALNUM[:43],
    "tskey-" + "auth-" + ALNUM[:12] + "-" + ALNUM[:24],
    "sha256~" + ALNUM[:43],
    "ghs_" + ALNUM[:36],
    "glrt-" + ALNUM[:20],
    "glcbt-" + ALNUM[:20],
    "glptt-" + HEX[:40],
    "gloas-" + HEX[:64],
    "glagent-" + ALNUM[:50],
    "glpat-" + ALNUM[:27] + ".01.0aB1cD2eF"[:14].lower(),
    "sntrys_" + "eyJ" + ALNUM[:80] + "_" + ALNUM[:43],
    "M" + ALNUM[:25] + "." + ALNUM[:6] + "." + ALNUM[:38],
    "ATATT3" + ALNUM[:180],
    "rubygems_" + HEX[:48],
    "oy2" + LOWER[:43],
    "dckr_" + "pat_" + ALNUM[:27],
    "PMAK-" + ALNUM[:24] + "-" + ALNUM[:34],
    "glsa_" + ALNUM[:32] + "_" + HEX[:8],
    "NRAK-" + UPPER[:27],
    "dt0c01." + UPPER[:24] + "." + UPPER[:64],
    "sntryu_" + HEX[:64],
    "sk-or-v1-" + HEX[:64],
    "pplx-" + ALNUM[:48],
    "lsv2_" + "pt_" + HEX[:32] + "_" + HEX[:10],
    "xoxp-" + "523423234234-234233234233-" + HEX[:18],
    "key-" + HEX[:32],
    "xkeysib-" + HEX[:64] + "-" + ALNUM[:16],
    "rzp_" + "live_" + ALNUM[:14],
    "shpat_" + HEX[:32],
    "EZAK" + ALNUM[:54],
    "ntn_" + "12345678901" + ALNUM[:35],
    "lin_" + "api_" + ALNUM[:40],
    "figd_" + ALNUM[:40],
    "pat-" + "eu1-" + UUID,
    "200300400:" + "AA" + ALNUM[:33],
    HEX[:32] + "-us12",
    "abC8Q~" + ALNUM[:34],
]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("around", ["{}", "use {} please", '{{"x": "a\\n{}"}}', "?x=%3D{}"])
def test_a_key_is_found_wherever_it_stands(find: Find, key: str, around: str) -> None:
    assert ("API_KEY", key) in find(around.format(key))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("https://hooks.slack.com/services/{}", "T0AB12CD3/B0AB12CD3/" + ALNUM[:24]),
        ("DefaultEndpointsProtocol=https;AccountKey={};x", ALNUM[:86] + "=="),
        ("https://x.blob.core.windows.net/c?sv=2022&sig={}&se=1", ALNUM[:43] + "%3D"),
        ("Authorization: SSWS {}", "00" + ALNUM[:40]),
    ],
)
def test_what_announces_a_key_stays(find: Find, text: str, key: str) -> None:
    assert ("API_KEY", key) in find(text.format(key))


@pytest.mark.parametrize("prefix", ["ghp_", "sk-proj-", "AIza", "xoxb-", "sk_live_", "hf_"])
def test_a_mask_is_no_key(find: Find, prefix: str) -> None:
    assert "API_KEY" not in dict(find(f"use {prefix}{'x' * 40}, {prefix}<your-token> or {prefix}"))


@pytest.mark.parametrize(
    "other",
    [
        "glptt-" + HEX[:36],
        "glimt-" + ALNUM[:30],
        "gloas-" + HEX[:70],
        "glagent-" + ALNUM[:20],
        "sntrys_" + ALNUM[:80] + "_" + ALNUM[:43],
        "M" + ALNUM[:26] + "." + ALNUM[:6] + "." + ALNUM[:38],
        "abC8Q~" + ALNUM[:33] + "~" + ALNUM[:3],
    ],
)
def test_another_length_is_no_key_but_under_a_label(find: Find, other: str) -> None:
    """Where a maker's format is exact; what is called a token is one whatever its length."""
    assert find(f"see {other} there") == []
    assert dict(find(f"api_token = '{other}'")).keys() == {"API_KEY"}


@pytest.mark.parametrize(
    "text",
    [
        "(id)hf_requiredCharacteristicTypesForDisplayMetadata:",
        "video_box.ico-" + HEX[:32],
        "this." + "getSomethingLongEnoughNow",
        "sk-button-primary-large-outlined-rounded",
        "task_" + "test_9plyv5lxo3y0wtv9f6l7",
        "AIza" + "Syabcdefghijklmnopqrstuvwxyz1234567",
        "ghp_" + ALNUM[:36] + "...",
    ],
)
def test_words_of_code_are_no_keys(find: Find, text: str) -> None:
    assert "API_KEY" not in dict(find(text))


def test_the_tables_hold_what_they_say() -> None:
    rows = [*CLOUD, *DEVELOPER, *BUSINESS, *MARKED]
    assert len({service for service, _, _ in rows}) > 150
    assert all(prefixes.strip() for _, prefixes, _ in rows)
    assert len(rows) == len(set(rows))


def _token(header: object) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part(header)}.{part({'sub': '1234567890'})}.{ALNUM[:43]}"


def test_a_token_has_a_header_in_json(find: Find) -> None:
    token = _token({"alg": "HS256"})
    assert ("JWT", token) in find(f"token {token} ok")
    assert "JWT" not in dict(find(f"token eyJ{ALNUM[:29]}.{ALNUM[:30]}.{ALNUM[:43]} ok"))


def test_a_token_in_base64_once_more(find: Find) -> None:
    twice = base64.b64encode(_token({"alg": "HS256"}).encode()).decode()
    assert ("JWT", twice) in find(f"data: {twice}")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("key: {}", base64.b64encode(f"-----BEGIN RSA PRIVATE {'KEY-----'}{ALNUM}".encode()).decode()),
        ("age: {}", "AGE-SECRET-" + "KEY-1" + "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L" + "QPZRY9X8GF" * 2 + "QPZRY9"),
        ("PrivateKey = {}", ALNUM[:43] + "="),
        ('{{"kty": "RSA", "n": "x", "d": "{}"}}', ALNUM[:86]),
        ("<RSAKeyValue><D>{}</D>", ALNUM[:88]),
    ],
)  # fmt: skip
def test_private_keys_in_other_clothes(find: Find, text: str, value: str) -> None:
    assert ("PRIVATE_KEY", value) in find(text.format(value))


def test_a_header_that_is_only_mentioned_is_no_key(find: Find) -> None:
    header = "-----BEGIN " + "PRIVATE KEY-----"
    assert find(f"if text.startswith('{header}'): raise ValueError('a key')") == []


def test_a_manifest_that_shows_the_form_holds_no_secret(find: Find) -> None:
    manifest = "kind: Secret\ndata:\n  extra: {}\n"
    assert find(manifest.format("YmFyCg==")) == []
    assert find(manifest.format("YmFydAo=")) == [("API_KEY", "YmFydAo=")]


def test_every_value_of_a_kubernetes_secret(find: Find) -> None:
    manifest = (
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\ndata:\n"
        "  extra: YWRtaW46cGFzc3dvcmQ=\n  # why\n  other: aHVudGVyMg==\n---\nkind: ConfigMap\n"
        "data:\n  colour: Ymx1ZQ==\n"
    )
    found = find(manifest)
    assert [value for _, value in found] == ["YWRtaW46cGFzc3dvcmQ=", "aHVudGVyMg=="]


@pytest.mark.parametrize(
    "hostile",
    ["password=", "password,", "password:        ", "password(", "token: ", "curl -u ", "://a:b@"]
    + ["net use ", "kind: Secret\ndata:\n a: b\n", '"kty"', "|", "Q~", "login: a/", "pass", "xx "],
)
def test_hostile_text_is_analysed_to_the_end(find: Find, hostile: str) -> None:
    """No timing is asserted here; a pattern that isn't linear would make this test hang."""
    text = (hostile * 10_000)[:40_000] + "\n\nDB_PASSWORD='hunter22'"
    assert ("PASSWORD", "hunter22") in find(text)
