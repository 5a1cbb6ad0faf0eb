"""Passwords on command lines, where an option or a position says what they are.

Entity PASSWORD. ``--password=…`` is a label like others (`password.py`); here are the short options
of well-known programs, which mean a password only after that program's name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from presidio_analyzer import RecognizerResult

from proxy.detect.recognizers.assignment import automaton, lower_case
from proxy.detect.recognizers.placeholders import stands_for_nothing
from proxy.detect.recognizers.value_pattern import ValuePattern, ValueRecognizer

_VALUE = r"[\"']?(?P<value>[^\s\"'|;]{3,100})"
#: The user may be a UUID in braces or stand in quotes of its own.
_AFTER_USER = (
    r"(?P<quote>[\"']?)(?:\{[\w-]{1,60}\}[\"']?|[^\s:\"']{0,100})"
    r":[\"']?(?P<value>[^\s\"'|;]{3,200})"
)
_NO_PORT = r"[\"']?(?P<value>(?!\d{2,5}\b)[^\s\"'|;]{4,100})"

#: Programs, and what their password stands behind.
_OPTIONS = (
    ("curl wget http https xh", r"(?:-u|--user|-a|--auth|--proxy-user|-U)[ =]{0,4}" + _AFTER_USER),
    ("curl", r"(?:-u|--user)[ =]{1,4}[\"'](?P<value>[^\s:\"']{6,100}):[\"']"),
    (
        "mysql mysqldump mysqladmin mariadb mycli",
        r"-p[\"']?(?P<value>[^\s\"'|;-][^\s\"'|;]{3,100})",
    ),
    ("sshpass", r"-p[ ]{0,2}" + _VALUE),
    (
        "docker podman nerdctl helm oras buildah skopeo az npm",
        r"login\b[^\n]{0,200}?[ ]-p[ =]{1,2}" + _VALUE,
    ),
    ("redis-cli keydb-cli", r"(?:-a|--pass)[ =]{1,2}" + _VALUE),
    ("ldapsearch ldapmodify ldapadd ldapdelete ldappasswd ldapwhoami", r"-w[ ]{0,2}" + _VALUE),
    (
        "psexec psexec64 psexec.exe winexe evil-winrm crackmapexec nxc plink pscp xfreerdp",
        r"(?:-p|-P|/p:)[ ]{0,2}" + _NO_PORT,
    ),
    ("mongo mongosh mongodump sqlcmd bcp az", r"(?:-p|-P)[ ]{0,2}" + _NO_PORT),
    ("smbclient rpcclient smbmap", r"(?:-U|--user)[ =]{0,2}[\"']?[\w.\\/-]{1,60}%" + _VALUE),
    ("htpasswd", r"-[a-zA-Z]{0,4}b[a-zA-Z]{0,4}[ ]\S{1,100}[ ]\S{1,60}[ ]" + _VALUE),
    ("net", r"(?:use|user)[ ][\w:\\.$ -]{1,80}[ ](?=[^\s/*\\]{4,100}[ ]{1,4}/)" + _VALUE),
    ("openssl", r"-pass(?:in|out)?[ ]pass:" + _VALUE),
    (
        "java keytool jarsigner signtool",
        r"(?:-(?:store|key|dest|src(?:store|key)?)pass|/p)[ ]" + _VALUE,
    ),
)
#: A command ends with its line unless that goes on.
_COMMAND = re.compile(r"(?:[^\n|;\\]|\\\r?\n|\\.){0,400}")


class CommandLineRecognizer(ValueRecognizer):
    """Finds PASSWORD among the arguments of well-known programs."""

    ENTITY = "PASSWORD"
    PATTERNS = tuple(
        ValuePattern(f"option of {programs.split()[0]}", re.compile(rf"(?<=\s){option}"), 0.85)
        for programs, option in _OPTIONS
    )
    NEEDS = (
        frozenset(
            f"{program}{after}"
            for programs, _ in _OPTIONS
            for program in programs.split()
            for after in (" ", "\\")
        ),
    )

    def analyze(
        self, text: str, entities: Sequence[str], nlp_artifacts: Any = None
    ) -> list[RecognizerResult]:
        """Return passwords after the options of each program; see Presidio's base class."""
        return [
            self._result(pattern, *value.span("value"))
            for last, program in _PROGRAMS.iter_long(lower_case(text))
            if (command := _command(text, last + 1 - len(program), last + 1))
            for pattern in _OPTIONS_OF[program]
            if (value := pattern.regex.search(text, *command)) and self.plausible(value["value"])
        ]

    def plausible(self, value: str) -> bool:
        """Refuse variables, options and words that stand for a password."""
        return not value.startswith("-") and not stands_for_nothing(value)


_OPTIONS_OF = {
    program: [
        pattern
        for pattern, (programs, _) in zip(CommandLineRecognizer.PATTERNS, _OPTIONS, strict=True)
        if program in programs.split()
    ]
    for row in _OPTIONS
    for program in row[0].split()
}
_PROGRAMS = automaton(_OPTIONS_OF)


def _command(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Return where the arguments of the program at ``[start, end)`` stand, if it is called."""
    called = (start == 0 or not (text[start - 1].isalnum() or text[start - 1] in "_.-")) and (
        text[end : end + 1] in (" ", "\t", "\\")
    )
    arguments = _COMMAND.match(text, end)
    return arguments.span() if called and arguments else None
