"""What a person's name looks like in writing: shared by the recognizers of persons."""

from __future__ import annotations

import re

from proxy.detect.names.given import is_given_name

#: A capital, of Latin scripts.
UPPER = (
    "[A-Z\u00c0-\u00d6\u00d8-\u00de\u0100\u0102\u0104\u0106\u010c\u010e\u0110\u0118\u011a\u0130"
    "\u0141\u0143\u0147\u0150\u0158\u015a\u015e\u0160\u0164\u016e\u0170\u0179\u017b\u017d]"
)
#: A word of a name: capitalised, all in capitals, hyphenated, or an initial.
WORD = (
    rf"(?:{UPPER}\.(?:-?{UPPER}\.){{0,3}}"
    rf"|(?:[OD]['\u2019])?{UPPER}[^\W\d_]{{1,24}}(?:[-'\u2019][^\W\d_]{{2,24}})?)"
)
#: What may stand between the words of a surname.
PARTICLE = (
    r"(?:(?:van|von|de|der|den|het|la|las|los|le|da|do|dos|das|del|della|di|du|ten|ter|zu|y|e|bin"
    r"|al|el|af|Ó|Ní|Nic|Uí)[ ])"
)
NAME = rf"{WORD}(?:[ ]{PARTICLE}{{0,2}}{WORD}){{0,3}}"
FULL_NAME = rf"{WORD}(?:[ ]{PARTICLE}{{0,2}}{WORD}){{1,3}}"
#: Two to four words in any spelling.
ANY_CASE = r"[^\W\d_]{2,24}(?:[ ][^\W\d_]{2,24}){1,3}"

_PLACE = re.compile(
    r" (?:street|st|road|rd|avenue|ave|lane|drive|court|square|place|way|close|terrace|hill|park"
    r"|river|lake"
    r"|bay|island|beach|valley|airport|station|hospital|school|university|college|church|house"
    r"|hall|tower"
    r"|bridge|hotel|tech|development|services|broadband|centre|center|museum|stra(?:ß|ss)e|platz"
    r"|weg|allee|gasse)\.?\Z",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"[^\W\d_]+")
#: Words that stand where a name does and are nobody's; in lower case.
NOBODY = frozenset(
    (  # noqa: SIM905  # a list of words reads better so
        "all team teams everyone everybody folks sir sirs madam madams ma'am colleague"
        " colleagues customer customers client clients user users member members friend friends"
        " support service services sales admin administrator hiring manager recruiter editor"
        " doctor professor committee world there again guys both reader readers student students"
        " parent parents patient patients guest guests applicant kollege kollegen kolleginnen"
        " damen herren kunde kunden kundin kundinnen leute zusammen alle freunde mitarbeiter"
        " mitarbeitende interessenten equipe équipe tous toutes monde madame monsieur messieurs"
        " mesdames cliente clientes clienti equipo todos todas señor señora señores señoras"
        " amigos tutti tutte colleghi signore signori signora time pessoal senhor senhora"
        " senhores cliënt klant klanten collega collega's allen allemaal mevrouw heer panie"
        " państwo państwa pan pani wszyscy zespół zespole klient klienci unknown none null nil"
        " undefined true false test n/a na tbd todo string str name names value example company"
        " group department limited anonymous confidential redacted hello hi the a an and or of"
        " for in on at to from with by is are was were be not no yes see please what which who"
        " when where how why this that these those it he she we you they i me my your our new"
        " old default public private first last january february march april may june july"
        " august september october november december monday tuesday wednesday thursday friday"
        " saturday sunday mr mrs ms dr prof rev dept office desk care hotline newsletter noreply"
        " billing payroll legal google claude gpt chatgpt copilot alexa siri python java git"
        " github docker jenkins kubernetes"
    ).split()
)


def could_be_somebody(value: str) -> bool:
    """Say whether none of a value's words speaks against its being a name."""
    words = [word.lower() for word in _LETTERS.findall(value)]
    return bool(words) and not any(word in NOBODY for word in words)


def holds_given_name(value: str) -> bool:
    """Say whether a value is no nobody's and one of its words is a known given name."""
    return could_be_somebody(value) and any(is_given_name(w) for w in _LETTERS.findall(value))


def names_a_place(value: str) -> bool:
    """Say whether a value's last word is a street's, a river's or a building's."""
    return _PLACE.search(value) is not None
