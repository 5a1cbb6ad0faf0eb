"""What stands where a secret would, and is none: variables, templates, masks, instructions, examples.

A policy that refuses secrets must not refuse ``password: ${DB_PASSWORD}``. Pure; linear.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from itertools import pairwise
from pathlib import Path


def words(text: str) -> frozenset[str]:
    """Return the words of a list that is written as text, for the sake of its readers."""
    return frozenset(text.split())


#: The value as a whole is a reference or a template that something else will fill.
_REFERENCE = re.compile(
    r"(?:"
    r"\$\{.*|\$\(.*|\$\{?[A-Za-z_]\w*\}?(?::[A-Za-z_]\w*)?|\$\d|\$env:\w+"  # shell, compose
    r"|%\w+%|%\(.*|%[sdvr]|\{.*|\}.*|#\{.*|@\{.*|@[A-Za-z_]+@?"  # templates
    r"|&lt;.*|\\{0,2}\$_\w+\[.*|/[a-z0-9_.@-]+(?:/[a-z0-9_.@-]+)+"
    r"|<.*|\[[^\]]*\]?|\(.*|!(?:Ref|Sub|GetAtt|vault|secret|reference)\b.*|\*[a-z_]+"
    r"|(?:os|self|this|env|environ|process|config|cfg|conf|settings|request|req|args|options|opts"
    r"|params|props|ctx|context|data|user|var|local|secrets|vault|Deno|System|import|form|body"
    r"|event|kwargs|app|module|each|values|Values|data_?source|aws|random_\w+)(?:\.|\[|->|::).*"
    r"|[A-Za-z_][\w.:>-]{0,60}(?:\(|\[).*"  # a call, an index
    r"|(?:op|vault|ssm|arn|secretsmanager|keyvault|gcp|https?|file|env|ref|sops|ENC)[:(].*"
    r"|/(?:run|etc|var|tmp|home|opt|mnt|usr|secrets?|vault|path|dev)/.*|~/.*|\.{1,2}/.*"
    r"|[\w./\\-]{1,80}\.(?:txt|pem|key|crt|cer|json|ya?ml|env|p12|pfx|jks|conf|cfg|ini|py|js|ts|md"
    r"|html?|php|java|go|rb|sh|sql|xml|properties|keystore)"
    r")",
    re.DOTALL,
)
_MASK = re.compile(
    r"(.)\1{2,}|(.)\2{3,}.{0,3}|[*•●xX.…#_?0,;:/\s-]{3,}|…|.{1,8}([xX*•#])\3{5,}.{0,3}", re.DOTALL
)
_NOTHING = words(
    "none null nil true false undefined nan yes no on off na n/a tbd tba unset not-set notset"
    " not_set empty blank str string text varchar char bool boolean int integer number any"
    " object bytes optional required mandatory invalid incorrect wrong missing hidden masked"
    " password passwd pass pwd passphrase passcode passwort kennwort contraseña senha token"
    " tokens key apikey api_key api-key value values default test testing username user"
    " admin_password username:password user:pass prompt ask changed reset expired protected"
    " encrypted hashed plaintext plain basic bearer oauth oauth2 jwt md5 sha1 sha256 sha512"
    " bcrypt scrypt argon2 unknown here below above follows redacted removed sensitive"
    " confidential private public todo fixme"
)
#: Words that make a value an instruction or an example, as words of their own.
_INSTRUCTION = re.compile(
    r"(?<![A-Za-z0-9])(?:your|yours|change|changeme|changeit|replace|insert|enter|example|sample"
    r"|dummy|fake|somefakekey|placeholder|redacted|foobar|todo|tbd|xxx+|notreal|goes"
    r"|dein|deine|votre|twoje|jouw)(?![A-Za-z0-9])",
    re.IGNORECASE,
)


_MASKED_REST = re.compile(r"[*#\u2022]{4}")
_REST_LEFT_OUT = re.compile(r"\.{3}|\u2026|[*#\u2022]{3}")
#: Letters in the order of the alphabet, this many on end, that no generator yields.
_ALPHABET = 8
#: Digits in order, this many on end, when most of a value is nothing else.
_COUNTED = 8
_MOSTLY = 0.6
_PUBLISHED = Path(__file__).with_name("published_keys.txt")
_DIGITS = 16


def stands_for_nothing(value: str) -> bool:
    """Say whether a value is a reference, a template, a mask or an instruction."""
    bare = value.strip().strip("\"'`").rstrip(",;:)]}.>")
    return (
        not any(character.isalnum() for character in bare)
        or bare.lower() in _NOTHING
        or _REFERENCE.fullmatch(value.strip(" \t\"'`")) is not None
        or _MASK.fullmatch(bare) is not None
        or is_instruction(bare)
    )


def is_example(value: str) -> bool:
    """Say whether a key is somebody's example: it spells the alphabet, counts, or is published.

    AWS's `…EXAMPLE` counts as a key: people try with it whether keys are stopped.
    """
    return (
        _spells_the_alphabet(value.lower())
        or _counts(value)
        or hashlib.sha256(value.encode()).hexdigest()[:_DIGITS] in _published()
    )


def is_excerpt(text: str, start: int, end: int) -> bool:
    """Say whether a key is only hinted at: the rest of it is dots, asterisks or crosses."""
    return _MASKED_REST.search(text, start, end) is not None or (
        _REST_LEFT_OUT.match(text, end) is not None
    )


def _spells_the_alphabet(value: str) -> bool:
    run = 1
    for before, after in pairwise(value):
        run = run + 1 if after.isalpha() and ord(after) == ord(before) + 1 else 1
        if run == _ALPHABET:
            return True
    return False


def _counts(value: str) -> bool:
    """Say whether most of a value is digits in their order: ``xoxp-1234567890``."""
    run = longest = 1
    for before, after in pairwise(value):
        follows = before.isdigit() and after.isdigit() and (int(after) - int(before)) % 10 == 1
        run = run + 1 if follows else 1
        longest = max(longest, run)
    return longest >= max(_COUNTED, _MOSTLY * len(value))


@cache
def _published() -> frozenset[str]:
    lines = _PUBLISHED.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def is_instruction(value: str) -> bool:
    """Say whether a value tells its reader what to put there (``<your-key>``, ``changeme``)."""
    words = value.replace("_", "-")
    return _INSTRUCTION.search(words) is not None
