"""Passwords where something calls them so: settings, code, forms, sentences.

Entity PASSWORD. What is called a password is one unless it is a variable, a template, a type, a
sentence or a word for nothing. In quotes a value may be any string; without them it must look like
a password, because `password = line` is code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from presidio_analyzer import RecognizerResult

from proxy.detect.recognizers.assignment import CODE, PROSE, Labelled, automaton, labelled_values
from proxy.detect.recognizers.needs import any_of
from proxy.detect.recognizers.placeholders import is_instruction, stands_for_nothing, words
from proxy.detect.recognizers.value_pattern import ValuePattern, ValueRecognizer

_WORDS = words(
    # English and what programs say
    "password passwd passwrd passphrase passcode passwort pword psswd pswd"
    " pwd pass pw"
    # German, French, Spanish, Italian, Portuguese, Dutch, Polish
    " kennwort losungswort zugangscode motdepasse mot_de_passe mdp contraseña contrasena"
    " clave parola palavra-passe senha wachtwoord toegangscode hasło haslo hasła hasłem hasla"
    # Swedish, Danish, Norwegian, Finnish, Czech, Hungarian, Turkish, Russian; Chinese, Japanese,
    # Korean
    " lösenord adgangskode passord salasana heslo jelszó şifre пароль 密码 密碼 パスワード 비밀번호"
)
_PHRASES = (
    "mot de passe", "palavra passe", "palavra-passe", "code d'accès", "identified by",
    "wifi code", "wi-fi code", "wifi key", "wlan-code", "wlan code", "wlan-schlüssel",
    "wlan schlüssel", "netzwerkschlüssel", "code wifi", "code du wifi", "clé wifi", "clé du wifi",
    "codice wifi", "codice del wifi", "código wifi", "código del wifi", "código do wifi",
    "wifi-code", "kod wifi", "kod do wifi",
)  # fmt: skip
#: Words that mean a password only if they stand alone: `pass` is also what a test does.
_SHORT = frozenset(["pass", "pwd", "pw", "clave", "parola"])
#: What may follow them all the same: whose it is, or how it is kept.
_WHOSE = words(
    "secure plain clear raw new old admin root user db prod dev staging live main master"
)

#: Words of an identifier that say the value is something about a password.
_ABOUT = words(
    "length len min max field input file files path dir url uri link policy policies reset hint"
    " expiry expires expired expire age days attempts strength manager prompt type name label"
    " column validator validators validation authentication changed at date required encoder"
    " encoding format regex pattern error errors message visible show hide toggle confirm"
    " confirmation generator hasher hash hashed hashers algorithm salt rounds complexity history"
    " count store storage id ids secret_name lookup placeholder description title text button form"
    " protected protection enabled disabled auth through rate ed ing word by port test tests"
    " keychain safe class style icon forgot forgotten last updated request response dialog"
    " encode decode split param params info"
)
#: Operators that say little.
_WEAK = frozenset([" ", "is", "to", "as", "was", "be"])
_SPLIT = re.compile(r"[^\W_]+?(?=[A-Z][a-z])|[a-z0-9]+(?=[A-Z])|[^\W_]+")
_SYMBOL = re.compile(r"[^\w\s.:/,()\[\]{}<>\\=-]")
#: Least length of what is a password although little says so; no function, mail address or number.
_EVIDENT = 6
_ADDRESS = re.compile(r"[(){}<>\[\]]|@[\w-]+\.|://|^[#$%&@\d.,:/-]+$")
_AMONG = re.compile(r"[A-Z].*[a-z].*\d|[a-z].*[A-Z].*\d|\d[A-Za-z]+\d|[A-Za-z]\d+[A-Za-z]")
_PADDED = 12
_BASE64 = re.compile(r"[A-Za-z0-9+/]*[a-z][A-Za-z0-9+/]*={1,2}")
_IDENTIFIER = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)
_WORD = re.compile(r"\d{6,20}|[A-Z]?[a-z]{4,40}|[A-Z]{5,40}|[a-z]{3,20}_[a-z]{3,20}", re.ASCII)
_SENTENCE = re.compile(r"(?:[A-Z\u00c0-\u00de][^\W\d]*|[a-z]+ing)(?:[ ,.?!]+[^\W\d]+){2,}[.?!…]?")
_MENTIONS = re.compile(
    r"pass|pwd|secret|token|contrase|kennwort|wachtwoord|senha|has[łl]o|field", re.IGNORECASE
)
#: A selector or a name in quotes: `"#add-password"`, `"user_password"`.
_NAMED = re.compile(r"^[#.]|[_-]pass|pass(?:word)?[_-]|Pass(?:word)?$|password")
#: `if ("hunter2" == password)`: the value first.
_COMPARED = re.compile(
    r"(?P<quote>[\"'])(?P<value>(?:(?!(?P=quote))[^\n]){3,100})(?P=quote)"
    r"[ \t]?[!=]==?[ \t]?[\w.$]{0,40}(?:pass|pwd|secret|private_key|api_?key)",
    re.IGNORECASE,
)
#: Hashes as crypt(3), Cisco and Kerberos tools write them: worth as much as the password.
_HASH = re.compile(
    r"(?P<value>\$(?:1|5|6|8|9|y|2[abxy]|apr1|argon2(?:id|i|d)|scrypt|pbkdf2-sha(?:256|512))\$"
    r"(?:[\w=,.-]{1,40}\$){0,2}[\w./=$+]{20,140}|\$krb5(?:asrep|tgs|pa)\$\d{2}\$[^\s\"']{60,4000})"
)
#: A pair after a word for both: "login: jdoe / hunter2", "creds admin:Tr0ub4dor".
_PAIR = re.compile(
    r"\b(?:log[ -]?in|sign[ -]?in|credentials?|creds|account|user(?:name)?/(?:pass(?:word)?|pw)"
    r"|benutzer(?:name)?/passwort|usuario/contraseña|zugang(?:sdaten)?|anmeldedaten|identifiants?"
    r"|credenciales|credenziali|credenciais|inloggegevens"
    r"|dane logowania)\b[^\n:=/]{0,40}?"
    r"(?::|=|\b(?:are|is|with|as|sind|mit|sont|son|sono|são|zijn|to)\b)"
    r"[ \t]*[\"'`]?(?P<user>[\w.@+\\-]{2,60})[\"'`]?[ \t]*(?:/|:|\|)[ \t]*[\"'`]?"
    r"(?P<value>[^\s\"'`<>|/]{4,100})",
    re.IGNORECASE,
)


#: What somebody did with one that was named a few words before: "… my password. I set it to X1".
_SET = re.compile(
    r"(?:password|passwort|kennwort|mot de passe|contraseña|senha|wachtwoord|hasło)\b[^\n]{0,120}?"
    r"\b(?:(?:set|reset|changed)(?: it| that)?(?: back)? to|(?:before|now) (?:it|that) (?:was|is)"
    r"|(?:new|old|other|temporary|current) one (?:is|was)"
    r"|auf(?= \S{5,60} (?:gesetzt|geändert|zurückgesetzt|umgestellt))|remis à|changé en|cambiad[oa] (?:a|por)"
    r"|puesto|mudei para|alterad[oa] para|gezet op|veranderd in|gewijzigd in|zmienion[ey] na)"
    r"[ :]{1,2}[\"'`]?(?P<value>(?=[^\s\"'`]{0,60}\d)[^\s\"'`<>|/,;:()]{5,60}[^\s\"'`<>|/,;:().?])",
    re.IGNORECASE,
)
#: "grafana is admin / Pe4cock": the account of nobody says what the other half is.
_ADMIN = re.compile(
    r"\b(?:admin|root|administrator|postgres|guest|sa) / (?P<value>(?=[^\s/]{0,60}\d)"
    r"[^\s\"'`<>|/,()]{5,60})",
    re.IGNORECASE,
)
_CALLED = (
    r"(?:password|passwd|pass ?phrase|passwort|kennwort|mot de passe|mdp|contraseña|palavra-passe"
    r"|senha|wachtwoord|has[łl][aoeęu]?m?|parola|lösenord|adgangskode|passord|hesl[oaeu]m?|jelszó)"
)
_WITH_DIGIT = (
    r"(?=[^\s\"'`]{0,60}\d)(?=[^\s\"'`]{0,60}[^\W\d_])[^\s\"'`<>|/,;:()]{5,60}[^\s\"'`<>|/,;:().?]"
)
#: "po zmianie hasła na X1-y", "changing the password to X1-y": a word for a change, then "to".
_CHANGED = re.compile(
    r"(?:chang|set|reset|updat|änder|geändert|setz|zmian|zmien|ustaw|wijzig|verander|zet|cambi|mud"
    r"|alter|modif|réinit|impost|ändr|ændr|změn|nastav)\w{0,8}[^\n.]{0,30}?"
    rf"{_CALLED}(?:[ ][^\W\d_]{{1,12}}){{0,3}}?[ ](?:to|auf|zu|in|à|en|por|para|naar|op|na|till|til)"
    rf"[ :]{{1,2}}[\"'`]?(?P<value>{_WITH_DIGIT})",
    re.IGNORECASE,
)
#: "het wachtwoord (Tulp*19)": no word, because of a digit and a capital or a mark in it.
_IN_BRACKETS = re.compile(
    rf"\b(?i:{_CALLED})[ ][(\[][\"'`]?(?P<value>(?=[^\s()]{{0,40}}\d)(?=[^\s()]{{0,40}}(?:[A-Z]|[^\w\s()]))"
    r"[^\s\"'`<>|,;()\[\]]{6,40})[\"'`]?[)\]]",
)
#: Values in braces hold any character in connection strings (ODBC); those of names are templates.
_BRACED = re.compile(
    r"(?:password|pwd)=\{(?![\w.]{0,100}\})(?P<value>[^{}\n]{4,100})\}(?=[;\"'\s]|\Z)",
    re.IGNORECASE,
)
#: Terraform: a variable that is called a password, and its default.
_DEFAULT = re.compile(
    r"\bvariable[ \t]{1,4}\"[\w-]{0,40}(?:pass|pw|secret|passphrase)[\w-]{0,20}\"[ \t]{0,4}\{"
    r"[^{}]{0,200}?\bdefault[ \t]{0,8}=[ \t]{0,4}\"(?P<value>[^\"\n]{4,100})\"",
    re.IGNORECASE,
)


class PasswordRecognizer(ValueRecognizer):
    """Finds PASSWORD under labels and in sentences."""

    ENTITY = "PASSWORD"
    PATTERNS = (
        ValuePattern("compared with", _COMPARED, 0.7),
        ValuePattern("user and password", _PAIR, 0.6),
        ValuePattern("password hash", _HASH, 0.9),
        ValuePattern("set to", _SET, 0.6),
        ValuePattern("changed to", _CHANGED, 0.6),
        ValuePattern("in brackets", _IN_BRACKETS, 0.6),
        ValuePattern("of an administrator", _ADMIN, 0.6),
        ValuePattern("in braces", _BRACED, 0.8),
        ValuePattern("default of a variable", _DEFAULT, 0.8),
    )
    _ASSIGNED = ValuePattern("assigned", CODE, 0.9)
    _SAID = ValuePattern("said", PROSE, 0.7)
    _LABELS = automaton((*_WORDS, *_PHRASES))
    NEEDS = (any_of(*_WORDS, *_PHRASES, *(one.regex for one in PATTERNS)),)

    def analyze(
        self, text: str, entities: Sequence[str], nlp_artifacts: Any = None
    ) -> list[RecognizerResult]:
        """Return what is called a password; see Presidio's base class."""
        return [*self._called(text), *super().analyze(text, entities, nlp_artifacts)]

    def plausible(self, value: str) -> bool:
        """Accept what was compared, paired or hashed if it looks like a password."""
        return value.startswith("$") or (
            not stands_for_nothing(value) and looks_like_password(value)
        )

    def _called(self, text: str) -> Iterator[RecognizerResult]:
        for one in labelled_values(text, self._LABELS):
            if _is_about(one) or (stands_for_nothing(one.value) and not _quoted_literal(one)):
                continue
            if one.prose:
                if _said(one):
                    yield self._result(self._SAID, one.start, one.end)
            elif _assigned(one):
                yield self._result(self._ASSIGNED, one.start, one.end)


def looks_like_password(value: str) -> bool:
    """Say whether a bare value can't be an ordinary word, a name in code, a number or a date."""
    if len(value) < 4 or len(value) > 200 or not any(c.isalnum() for c in value):
        return False
    digit = any(c.isdigit() for c in value)
    letter = any(c.isalpha() for c in value)
    return bool(letter and (digit or _SYMBOL.search(value)))


def _is_about(one: Labelled) -> bool:
    """Say whether the label names something about a password, or something else altogether."""
    if _ABOUT & {word.lower() for word in _SPLIT.findall(one.after)}:
        return True
    before = {word.lower() for word in _SPLIT.findall(one.before)}
    if (short := one.keyword.lower()) in _SHORT:  # "bypass", "pass_rate", "pass by"
        starts = not one.before[-1:].isalpha() or (
            one.keyword[0].isupper() and one.before[-1].islower()
        )
        after = {word.lower() for word in _SPLIT.findall(one.after)}
        return not starts or bool(after - _WHOSE) or (short == "pass" and one.operator in _WEAK)
    return bool(
        before & {"forgot", "reset", "no", "show", "hide", "has", "is", "confirm", "change"}
    )


def _quoted_literal(one: Labelled) -> bool:
    """Say whether quotes make a literal of what would be a call or a path without them."""
    return (
        one.quoted
        and looks_like_password(one.value)
        and "(" in one.value[1:]
        and " " not in one.value
    )


def _assigned(one: Labelled) -> bool:
    """Say whether a value in code, settings or a table is a password."""
    if one.operator in ("||", "<"):
        evident = _evident(one.value) or _padded(one.value)
        return evident and one.keyword.lower() != "pass"
    if one.operator == "|":
        return (
            not set(one.value) & set(" (=")
            and one.keyword.lower() != "pass"
            and (looks_like_password(one.value) or _WORD.fullmatch(one.value) is not None)
        )
    if one.quoted:
        if one.operator in ("(", ","):
            return looks_like_password(one.value) and not _MENTIONS.search(one.value)
        return len(one.value.strip()) >= 4 and not _is_prose(one.value)
    return _bare(one) or _plain_word(one)


def _evident(value: str) -> bool:
    """Say whether a value says itself that it is a password: symbols, or digits among letters.

    A table's row and a few words after a value say less than an equals sign.
    """
    return (
        len(value) >= _EVIDENT
        and looks_like_password(value)
        and not _ADDRESS.search(value)
        and (_SYMBOL.search(value) is not None or _AMONG.search(value) is not None)
    )


def _bare(one: Labelled) -> bool:
    """Judge a value without quotes: in code it is a name unless it looks like a password."""
    value = one.value
    if is_instruction(value) or not (looks_like_password(value) or _padded(value)):
        return False
    if one.operator == " " and not one.before.startswith("-"):
        if _padded(value):
            return True
        strong = len(value) >= 8 or _SYMBOL.search(value) is not None
        return strong and any(c.isdigit() for c in value) and "(" not in value
    if not _IDENTIFIER.fullmatch(value):
        return True
    if "." in value:
        return False
    return not _MENTIONS.search(value) or (
        any(c.isdigit() for c in value) and (one.operator == ":" or _is_setting(one))
    )


def _padded(value: str) -> bool:
    """Say whether a value is base64 with its padding, which few words need."""
    return len(value) >= _PADDED and len(value) % 4 == 0 and _BASE64.fullmatch(value) is not None


def _plain_word(one: Labelled) -> bool:
    """Accept a plain word where code has no names: settings, options, forms, connection strings."""
    if one.operator == "=" and one.listed:
        return len(one.value) >= 4 and _IDENTIFIER.fullmatch(one.value) is not None
    if not _WORD.fullmatch(one.value) or _MENTIONS.search(one.value):
        return False
    if one.operator == ":":
        return one.alone and not one.tight
    return _is_setting(one) or (one.operator == "=" and one.tight and one.alone)


def _is_setting(one: Labelled) -> bool:
    """Say whether the label is one of a shell, a `.env` or a `.properties` file."""
    name = one.before.isupper() or one.before[-1:] in ("-", ".") or one.keyword.isupper()
    return one.operator == "=" and one.tight and name


def _said(one: Labelled) -> bool:
    """Say whether a value in a sentence is a password."""
    evident = looks_like_password(one.value) or _padded(one.value)
    return (evident and not is_instruction(one.value)) or (
        one.quoted and not _is_prose(one.value) and len(one.value) >= 4
    )


def _is_prose(value: str) -> bool:
    """Say whether a quoted value is a caption or a message ("Enter your password")."""
    words = value.split()
    return (
        len(words) > 6
        or value[0] in ",.+)"
        or (len(words) == 1 and not any(c.isdigit() for c in value) and bool(_NAMED.search(value)))
        or _SENTENCE.fullmatch(value.strip()) is not None
        or (len(words) > 1 and bool(_MENTIONS.search(value)))
    )
