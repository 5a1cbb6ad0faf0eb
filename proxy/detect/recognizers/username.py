"""Names of user accounts: after a label, in log lines, in home directories, before a host.

A name without digits or dots is a word like any other, so after a label it needs a colon, an equals
sign or a column. Accounts of machines and roles (root, www-data, admin) are nobody's.
"""

from __future__ import annotations

import re

from proxy.detect.recognizers.labelled import Kind
from proxy.detect.recognizers.value_pattern import ValuePattern, ValueRecognizer

#: These name nothing else, so a name with a digit or a dot may just follow.
_LABELS = (
    "username", "user name", "login name", "login id", "logon name", "user id", "userid",
    "user login", "screen name", "account username", "sign in name", "windows account",
    "ad account", "slack handle", "twitter handle", "instagram handle", "samaccountname",
    "preferred username", "slack id", "benutzername", "benutzerkennung", "nutzername",
    "anmeldename", "loginname", "nom d'utilisateur", "identifiant de connexion",
    "nombre de usuario", "nome utente", "nome de usuário", "nome de utilizador",
    "gebruikersnaam", "inlognaam", "nazwa użytkownika", "twitter", "instagram", "telegram",
    "tiktok", "skype", "login", "mon identifiant", "mi usuario", "meu usuário",
)  # fmt: skip
#: A sentence that ends in the name.
_SENTENCES = (
    "my username is", "her username is", "his username is", "their username is",
    "your username is", "my user name is", "my login name is", "my user id is", "my handle is",
    "benutzername ist", "benutzername lautet", "benutzerkennung ist", "mein login ist",
    "nom d'utilisateur est", "identifiant est", "mi usuario es", "nombre de usuario es",
    "nome utente è", "nome de usuário é", "gebruikersnaam is", "nazwa użytkownika to",
)  # fmt: skip
#: These need a colon, an equals sign or a column.
_ALSO_WORDS = (
    "logon", "account name", "uid", "usr", "github", "gitlab", "discord", "nickname", "benutzer",
    "kennung", "identifiant", "utilisateur", "pseudo", "usuario", "utente", "usuário",
    "utilizador", "gebruiker", "użytkownik", "nazwa konta", "linkedin", "mastodon",
    "db user", "database user", "db username", "ig", "insta", "snapchat", "steam",
)  # fmt: skip
#: Words that stand in a name's place, and accounts of machines and roles.
_NOBODY = frozenset((
    "above", "account", "accounts", "action", "actions", "admin", "administrator", "agent",
    "agents", "airflow", "all", "all_users", "already", "always", "and", "anonymous", "any",
    "apache", "app", "appdata", "available", "base", "below", "bezet", "blank", "bloqué", "bool",
    "button", "can", "case-sensitive", "centos", "circleci", "code", "correct", "correcto",
    "corretto", "daemon", "data", "debian", "default", "deploy", "dev", "disabled", "displayed",
    "docker", "ec2-user", "elasticsearch", "email", "empty", "enabled", "errato", "error",
    "example", "experience", "expired", "failed", "falsch", "false", "feedback", "field", "flow",
    "following", "for", "form", "from", "gesperrt", "git", "grafana", "group", "groups", "guest",
    "guide", "gültig", "hadoop", "has", "hello", "here", "hi", "hidden", "home", "host", "http",
    "https", "id", "incorrect", "incorrecto", "info", "input", "int", "interface", "invalid",
    "invalide", "inválida", "inválido", "is", "jenkins", "kafka", "korrekt", "leer", "linuxbrew",
    "localhost", "locked", "login", "mail", "mandatory", "manual", "me", "missing", "my", "mysql",
    "name", "needed", "new", "nginx", "nicht", "nieprawidłowa", "nil", "no", "nobody", "node",
    "none", "noreply", "not", "null", "obbligatorio", "object", "obligatoire", "obligatorio",
    "often", "ok", "old", "ongeldig", "onjuist", "optional", "or", "oracle", "page", "password",
    "permission", "permissions", "pi", "port", "postgres", "prod", "profile", "profiles",
    "prometheus", "prompt", "public", "redis", "request", "requests", "required", "role", "roles",
    "root", "runner", "sa", "sales", "screen", "self", "service", "session", "sessions", "set",
    "shared", "shown", "spark", "stored", "story", "str", "string", "successful", "support", "sys",
    "system", "taken", "test", "tester", "text", "that", "the", "there", "this", "travis", "true",
    "type", "typically", "ubuntu", "uid", "unavailable", "undefined", "ungültig", "unique",
    "unknown", "used", "user", "username", "users", "usually", "vagrant", "valid", "valide",
    "value", "varchar", "vergeben", "verplicht", "vide", "visible", "vsts", "válido", "was",
    "which", "who", "with", "wrong", "www-data", "wymagana", "yes", "you", "your", "zajęta",
))  # fmt: skip
#: Code or a host or a file, not a name with a dot in it.
_CODE = re.compile(
    r"(?:self|this|os|request|req|config|settings|args|env|props|options|session|process|asyncio)\."
    r"|[\w.-]*\.(?:com|org|net|io|js|py|md|json|html?)\Z"
)
_NAME = r"[A-Za-z][\w.-]{1,30}\w"
_ENDS = r"(?=[\\\"'`\s,;|)&<}\]]|\.\s|\.?$)"
#: A word with another one after it is part of a sentence.
_WHOLE = rf"{_ENDS}(?! [a-z])"


def _somebody(value: str) -> bool:
    """Say whether a name can be a person's account."""
    parts = {value.lower(), value.lower().rpartition(".")[2]}
    return not parts & _NOBODY and not _CODE.match(value) and len(value) >= 3


USERNAMES = (
    Kind(
        "USERNAME",
        _LABELS,
        beside=rf"(?=\w{{0,30}}[\d_]|\w{{1,30}}\.\w)[A-Za-z][\w.-]{{1,30}}[A-Za-z0-9]{_ENDS}",
        assigned=rf"{_NAME}{_WHOLE}",
        plausible=_somebody,
    ),
    Kind("USERNAME", _SENTENCES, beside=rf"{_NAME}(?=[\"'`,;)]|\.?\s|\.?$)", plausible=_somebody),
    Kind(
        "USERNAME",
        ("username", "user name", "user", "login", "benutzer", "benutzername", "usuario"),
        beside=rf"{_NAME}(?=[\"']?(?:,|;| /| and) ?(?:pass|pw|kennwort|contrase|mot de|senha))",
        plausible=_somebody,
    ),
    Kind("USERNAME", _ALSO_WORDS, assigned=rf"{_NAME}{_WHOLE}", plausible=_somebody),
    Kind(
        "USERNAME",
        ("user", "assignee", "reporter"),
        beside=r"(?=[a-z._-]{2,20}\d|[a-z]{1,12}\.[a-z]{3})[a-z][a-z0-9._-]{2,30}[a-z0-9]" + _ENDS,
        plausible=_somebody,
    ),
)


def _pattern(name: str, regex: str, score: float) -> ValuePattern:
    return ValuePattern(name, re.compile(regex), score)


class UsernameRecognizer(ValueRecognizer):
    """Finds USERNAME where no label of a value says so."""

    ENTITY = "USERNAME"
    PATTERNS = (
        _pattern(
            "home directory",
            r"(?:/home/|/Users/|\b[A-Za-z]:(?:\\{1,2}|/)(?:Users|Benutzer|Documents and Settings)"
            r"(?:\\{1,2}|/))(?P<value>[A-Za-z][\w.-]{1,30}[A-Za-z0-9])(?![\w@])",
            0.8,
        ),
        _pattern(
            "assigned in a log or a query",
            r"(?:\b|_|(?<=[A-Z]))(?:user|USER|usr|username|login|uid|suser|duser)=[\"']?"
            rf"(?P<value>{_NAME})(?=[\"'\s,;&)\]]|$)",
            0.75,
        ),
        _pattern(
            "value of a key",
            r"[\"'](?:user|usr|login|owner|author|assignee|actor)[\"'][ ]?:[ ]?[\"']"
            r"(?P<value>[a-z][a-z0-9._-]{1,30}[a-z0-9])[\"']",
            0.7,
        ),
        _pattern(
            "session of a user",
            r"\b(?:(?:for|by) user(?=[^\n]{3,34}(?: from | on | at |[,;:.]|$))"
            r"|session opened for user|(?:logged|signed|log) in as|login as"
            r"|(?:password|publickey|keyboard-interactive)\S{0,20} for(?: invalid)?(?: user)?"
            r"|su:|sudo:)"
            r" {1,3}[\"'(]?(?P<value>[a-z][a-z0-9._-]{1,30}[a-z0-9])(?=[\"')(\s,:;]|\.\s|\.?$)",
            0.75,
        ),
        _pattern(
            "what a user did",
            r"\b[Uu]ser (?P<value>[a-z][a-z0-9._-]{2,20}) (?:can ?not|can't|couldn't|could"
            r"|got|logged|(?:is|was) locked|attempted|tried|requested|authenticated|failed"
            r"|reports|reported|signed|has no)\b",
            0.7,
        ),
        _pattern(
            "argument of a command",
            r"\b(?:sudo -u|useradd|adduser|userdel|chown(?: -R)?|[ug]id=\d{1,10}\("
            r"|(?:psql|pg_dump|mysql|mysqldump)\b[^\n]{0,60}? -[uU])"
            r" ?(?P<value>[a-z][a-z0-9._-]{1,30}[a-z0-9])(?![\w@/])",
            0.7,
        ),
        _pattern(
            "at a host",
            r"\b(?:ssh|scp|sftp|rsync|ssh-copy-id)\b[^\n@]{0,60}?[ ]"
            r"(?P<value>[a-z][a-z0-9._-]{1,30})@(?=[\w.-]{2})",
            0.75,
        ),
        _pattern(
            "mentioned",
            r"\b(?i:cc|thanks|thank you|thx|hi|hey|hello|ping|assigned to"
            r"|reviewed by|reported by|ask|danke|merci|gracias|grazie|obrigado|hallo"
            rf"|bonjour|hola|ciao|dm|follow|assignee|handle),?:? @(?P<value>{_NAME})(?![\w@/(])",
            0.7,
        ),
        _pattern(
            "in a domain",
            r"(?i:\b(?:user|account|login|logon|domain|konto|benutzer|compte|cuenta|usuario)\b"
            r"[^\n\\]{0,24}?)(?<![\w\\])[A-Z][A-Z0-9-]{1,14}\\{1,2}"
            r"(?P<value>[A-Za-z][A-Za-z0-9._-]{1,30}[A-Za-z0-9])",
            0.75,
        ),
    )

    def plausible(self, value: str) -> bool:
        """Refuse accounts of machines and roles."""
        return _somebody(value)
