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
#: These stand before people and much else, so only what can't be a word counts after them.
_PEOPLE = (
    "user", "assignee", "reporter", "requester", "account", "my account", "account is",
    "benutzer", "nutzer", "kürzel", "kennung", "konto", "mein konto", "utilisateur", "compte",
    "identifiant", "mon compte", "usuario", "cuenta", "mi cuenta", "utente", "il mio account",
    "usuário", "utilizador", "conta", "gebruiker", "mijn account", "użytkownik", "użytkownika",
    "moje konto", "konto użytkownika", "compte utilisateur", "cuenta de usuario", "logged in user",
    "service account", "svc account", "account utente", "owner", "nick", "nickname",
)  # fmt: skip
#: Words that stand in a name's place, and accounts of machines and roles.
_NOBODY = frozenset((
    "above", "acceptance", "account", "accounts", "action", "actions", "actually", "admin",
    "administrator", "agent", "agents", "airflow", "all", "all_users", "already", "always",
    "and", "anonymous", "any", "apache", "app", "appdata", "approval", "available", "base",
    "below", "bezet", "blank", "bloqué", "bool", "button", "can", "case-sensitive", "centos",
    "circleci", "clearly", "code", "confirmation", "consent", "correct", "correcto", "corretto",
    "daemon", "data", "debian", "default", "defined", "deploy", "dev", "directly", "disabled",
    "displayed", "docker", "ec2-user", "elasticsearch", "email", "empty", "enabled", "errato",
    "error", "example", "experience", "expired", "explicitly", "failed", "falsch", "false",
    "feedback", "field", "flow", "following", "for", "form", "from", "generated", "gesperrt",
    "git", "grafana", "group", "groups", "guest", "guide", "gültig", "hadoop", "has", "hello",
    "here", "hi", "hidden", "home", "host", "http", "https", "id", "incorrect", "incorrecto",
    "info", "initially", "input", "int", "interaction", "interface", "invalid", "invalide",
    "inválida", "inválido", "is", "jenkins", "kafka", "korrekt", "later", "leer", "linuxbrew",
    "localhost", "locked", "login", "mail", "mandatory", "manual", "manually", "me", "missing",
    "my", "mysql", "name", "needed", "never", "new", "nginx", "nicht", "nieprawidłowa", "nil",
    "no", "nobody", "node", "none", "noreply", "not", "null", "obbligatorio", "object",
    "obligatoire", "obligatorio", "often", "ok", "old", "ongeldig", "onjuist", "only",
    "optional", "or", "oracle", "page", "password", "permission", "permissions", "pi", "port",
    "postgres", "preferences", "previously", "prod", "profile", "profiles", "prometheus",
    "prompt", "public", "recently", "redis", "repeatedly", "request", "requests", "required",
    "review", "role", "roles", "root", "runner", "sa", "sales", "screen", "self", "service",
    "session", "sessions", "set", "shared", "shown", "simply", "spark", "specifically", "still",
    "stored", "story", "str", "string", "successful", "successfully", "support", "sys",
    "system", "taken", "test", "tester", "text", "that", "the", "then", "there", "this",
    "travis", "true", "type", "typically", "ubuntu", "uid", "unavailable", "undefined",
    "ungültig", "unique", "unknown", "used", "user", "username", "users", "usually", "vagrant",
    "valid", "valide", "value", "varchar", "vergeben", "verplicht", "vide", "visible", "vsts",
    "válido", "was", "which", "who", "with", "wrong", "www-data", "wymagana", "yes", "you",
    "your", "zajęta",
))  # fmt: skip
#: Code or a host or a file, not a name with a dot in it.
_CODE = re.compile(
    r"(?:self|this|os|request|req|config|settings|args|env|props|options|session|process|asyncio"
    r"|unittest|pytest|functools|typing|abc|contextlib|mock|app|router|click)\."
    r"|[\w.-]*\.(?:com|org|net|io|js|py|md|json|html?)\Z"
)
_NAME = r"[A-Za-z][\w.-]{1,30}\w"
_ENDS = r"(?=[\\\"'`\s,;|)&<}\]]|\.\s|\.?$)"
#: A word with another one after it is part of a sentence, unless that one is the next label.
_WHOLE = rf"{_ENDS}(?! [a-z]{{1,24}}(?![\w=:])(?! ?[=:]))"
#: Letters with a digit, an underscore or a dot in them: no language writes words like this.
_TELLING = r"(?-i:[a-z][a-z-]{0,18}(?:\d|[._][a-z0-9]{2})[a-z0-9._-]{0,24}(?<=[a-z0-9]))"
_AT_DOMAIN = r"(?-i:[a-z][a-z0-9-]{1,15}\\{1,2}[a-z][a-z0-9._-]{2,30})"
#: What calls somebody's account so, in the keys of a settings file.
_KEY = (
    r"(?:USER|USERNAME|USR|LOGIN|BENUTZER|BENUTZERNAME|UTILISATEUR|IDENTIFIANT|USUARIO|UTENTE"
    r"|UTILIZADOR|GEBRUIKER|GEBRUIKERSNAAM|UZYTKOWNIK)"
)
#: "username, password": what follows is asked for, too.
_PASSWORDS = re.compile(
    r"(?:pass|kennw|passw|contrase|clave|senha|wachtw|has[łl]|parola|mot|email|e-mail|adgangsk|heslo)",
    re.IGNORECASE,
)
_NEXT_PASSWORD = r"(?:pass|pw|secret|kennw|mot_?de|mdp|contrase|clave|senha|wachtw|has[lł]o|parola)"


def somebodys(value: str) -> bool:
    """Say whether a name can be a person's account."""
    parts = {value.lower(), value.lower().rpartition(".")[2]}
    return (
        not parts & _NOBODY
        and not _CODE.match(value)
        and not _PASSWORDS.match(value)
        and len(value) >= 3
    )


USERNAMES = (
    Kind(
        "USERNAME",
        _LABELS,
        beside=rf"(?=\w{{0,30}}[\d_]|\w{{1,30}}\.\w)[A-Za-z][\w.-]{{1,30}}[A-Za-z0-9]{_ENDS}",
        assigned=rf"{_NAME}{_WHOLE}",
        plausible=somebodys,
        wordy=True,
    ),
    Kind(
        "USERNAME",
        _SENTENCES,
        beside=rf"{_NAME}(?=[\"'`,;)]|\.?\s|\.?$)",
        plausible=somebodys,
        wordy=True,
    ),
    Kind(
        "USERNAME",
        ("username", "user name", "user", "login", "benutzer", "benutzername", "usuario"),
        beside=rf"{_NAME}(?=[\"']?(?:,|;| /| and) ?(?:pass|pw|kennwort|contrase|mot de|senha))",
        plausible=somebodys,
        wordy=True,
    ),
    Kind("USERNAME", _ALSO_WORDS, assigned=rf"{_NAME}{_WHOLE}", plausible=somebodys, wordy=True),
    Kind(
        "USERNAME",
        _PEOPLE,
        beside=rf"(?<![\w.])(?<!  )(?:{_TELLING}|{_AT_DOMAIN}){_ENDS}",
        plausible=somebodys,
        wordy=True,
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
            r"(?:\b|_|(?<=[A-Z]))(?:user|USER|usr|username|login|uid|suser|duser|utilisateur|usuario"
            r"|utente|usuário|utilizador|gebruiker|benutzer|uzytkownik|użytkownik)=[\"']?"
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
            "speaks in a chat",
            rf"(?m:^)(?:\[?\d\d?:\d\d\]? )?@(?P<value>{_NAME}):[ ](?![^\n]{{0,200}};[ \t]*$)",
            0.7,
        ),
        _pattern(
            "mentioned by what can't be a word",
            r"(?<![\w@/.])@(?=[\w-]{0,30}[._\d][\w])(?P<value>[a-z][\w.-]{1,30}\w)[ ,?!](?=[ ]?[a-z])",
            0.6,
        ),
        _pattern(
            "beside the full name",
            r"\b(?P<first>[A-Z])[\w'-]{1,20} (?:[\w'-]{1,20} )?(?P<last>[A-Z][a-z]{2,20})"
            r" [(\[<](?P<value>(?i:(?P=first))[a-z0-9._-]{0,12}(?i:(?P=last))[a-z0-9._-]{0,6})[)\]>,]",
            0.75,
        ),
        _pattern(
            "who can't log in",
            r"\b(?:[Uu]ser|Benutzer|Nutzer|utilisateur|usuario|utente|usuário|utilizador|gebruiker"
            r"|[Uu]żytkownik)[ ](?P<value>(?!final|medio|normal|actual|nuevo|nuovo|novo|selbst|zelf"
            r"|lambda|attual|atual|końc)[a-z][a-z0-9._-]{3,20}) (?:\(|kann sich nicht|konnte sich nicht"
            r"|ne peut pas|n'arrive pas|no puede entrar|no consigue|non riesce ad|não consegue entrar"
            r"|kan niet inloggen|nie może się zalogować)",
            0.7,
        ),
        _pattern(
            "in quotes, behind its label",
            r"\b(?:[Uu]ser|[Ll]ogin|Benutzer|Nutzer|utilisateur|identifiant|usuario|utente|usuário"
            r"|utilizador|gebruiker|[Uu]żytkownik|[Kk]onto|[Aa]ccount)[ ][\"'\u00ab\u201e\u201c]"
            r"(?P<value>[a-z][a-z0-9._-]{3,30})[\"'\u00bb\u201d\u201c]",
            0.7,
        ),
        _pattern(
            "in brackets, behind its label",
            r"[(\[](?i:log-?in|user ?name|user ?id|login ?name|benutzername|benutzerkennung|kürzel"
            r"|kennung|anmeldename|identifiant|nom d'utilisateur|usuario|nombre de usuario|utente"
            r"|nome utente|usuário|utilizador|gebruikersnaam|inlognaam|użytkownik|nazwa użytkownika"
            r"|bruger|användare)[ :=]{1,3}[\"'`]?(?P<value>(?-i:[a-z])[\w.-]{2,30})[\"'`]?(?=[,;)\]])",
            0.7,
        ),
        _pattern(
            "behind a label that names nothing else",
            r"\b(?i:benutzername|benutzerkennung|nutzername|anmeldename|loginname|nombre de usuario"
            r"|nome utente|nome de usuário|nome de utilizador|gebruikersnaam|inlognaam|nom d'utilisateur"
            r"|nazwa użytkownika|brugernavn|användarnamn|uživatelské jméno)[ ]"
            r"(?P<value>[a-z][a-z0-9._-]{3,30})(?=[,;)]|$)",
            0.6,
        ),
        _pattern(
            "who a shell says that one is",
            r"(?m:^)[^\n]{0,40}[$%>#] ?(?:whoami|id -un|logname)[ ]?\r?\n"
            r"(?P<value>[a-z][a-z0-9._-]{1,30})[ ]?(?=\r?\n|$)",
            0.75,
        ),
        _pattern(
            "who is to do it",
            r"\b(?:TODO|FIXME|XXX|HACK)\((?P<value>[a-z][a-z0-9._-]{2,30})\)",
            0.7,
        ),
        _pattern(
            "in an access log",
            rf"(?m:^)(?:\d{{1,3}}(?:\.\d{{1,3}}){{3}}|[0-9a-f:]{{3,39}}|[\w.-]{{1,80}}) [\w-]{{1,40}}"
            rf" (?P<value>{_NAME}) \[\d{{1,2}}/[A-Z][a-z]{{2}}/\d{{4}}",
            0.8,
        ),
        _pattern(
            "of a settings file",
            rf"(?<![A-Za-z])(?:[A-Z][A-Z0-9]{{0,20}}_){{0,4}}{_KEY}(?:_(?:NAME|DB|BD|ID|LOGIN))?[\"']?"
            rf"(?:=|: |[ ]=[ ](?=[\"']))[\"']?(?P<value>{_NAME})(?=[\"'\s,;&]|$)",
            0.75,
        ),
        _pattern(
            "of a settings file, above its password",
            r"(?m:^)[ \t]{0,4}(?:user|username|login|usuario|utente|benutzer|gebruiker|utilisateur)"
            rf"[ ]?=[ ]?(?P<value>{_NAME})\r?\n[ \t]{{0,4}}[\w.-]{{0,20}}{_NEXT_PASSWORD}",
            0.75,
        ),
        _pattern(
            "in a URL, before its password",
            rf"\b[a-z][a-z0-9+.-]{{1,20}}://(?P<value>{_NAME}):[^\s@/]{{1,100}}@",
            0.75,
        ),
        _pattern(
            "before its password",
            rf"(?:\blogin |\bcurl\b[^\n]{{0,200}}? -u ?[\"']?|(?m:^)[ \t]{{0,8}}-u ?[\"']?|\bauth ?= ?\([\"'])"
            rf"(?P<value>{_NAME})(?=:[^\s/]{{4}}| password |[\"'], ?[\"'])",
            0.75,
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
        return somebodys(value)
