"""Persons by what stands around them: titles, greetings, introductions, mail headers, signatures.

Models read sentences; mail and tickets are full of names outside of any. Eight languages.
"""

from __future__ import annotations

import re

from proxy.detect.recognizers.person_words import (
    ANY_CASE,
    FULL_NAME,
    NAME,
    PARTICLE,
    WORD,
    could_be_somebody,
)
from proxy.detect.recognizers.value_pattern import ValuePattern, ValueRecognizer

_TITLE = (
    r"(?:(?:Mr|Mrs|Ms|Mx|Dr|Drs|Prof|Sr|Sra|Srta|Sig|Sig\.ra|Sig\.na|Dott|Dott\.ssa|Dra|Avv|Mme"
    r"|Mlle|Dhr"
    r"|dhr|Mevr|mevr|mw|Mw|Hr|Fr|lek|mgr|inż|ks|dr)\.?|Miss|Sir|Dame|Professor|Doctor|Herrn?"
    r"|Frau|Monsieur"
    r"|Madame|Mademoiselle|M\.|MM\.|Maître|Señora?|Señorita|Don|Doña|D\.ª?|Dª|Signora?|Signor"
    r"|Senhora?|Dona|Pan"
    r"|Pani|Pana|Panu|Panem|Panią|[Mm]evrouw|[Mm]eneer|de heer|heer)"
)
_GREETING = (
    r"(?:Dear|Hi|Hello|Hey|Good (?:morning|afternoon|evening)|Hallo|Liebe[rs]?|Guten (?:Tag"
    r"|Morgen|Abend)"
    r"|Moin|Servus|Bonjour|Bonsoir|Salut|Cher|Chère|Coucou|Hola|Buen[oa]s (?:días|tardes|noches)"
    r"|Estimad[oa]"
    r"|Querid[oa]|Ciao|Buongiorno|Buonasera|Salve|Gentile|Egregi[oa]|Car[oa]|Olá|Oi|Bom dia"
    r"|Boa (?:tarde|noite)"
    r"|Prezad[oa]|Exm[oa]\.?|Estimad[oa]|Beste|Hoi|Dag|Goedemorgen|Goedemiddag|Geachte|Cześć"
    r"|Dzień dobry"
    r"|Witaj|Drogi|Droga|Szanown[ya]|Kochan[ya]|hi|hey|hello|hallo|thanks|Thanks|Danke|Merci"
    r"|Gracias|Grazie"
    r"|Obrigad[oa]|Bedankt|Dziękuję)"
)
_INTRODUCTION = (
    r"(?i:my name(?: is|'s)|my (?:full|real) name is|the name(?: is|'s)|name is|i am called"
    r"|ich heiße|ich heisse"
    r"|mein name ist|je m['\u2019]appelle|mon nom est|je me nomme|me llamo|mi nombre es"
    r"|mi chiamo|il mio nome è"
    r"|meu nome é|chamo-me|me chamo|mijn naam is|ik heet|nazywam się|mam na imię)"
)
_SIGN_OFF = (
    r"(?i:(?:best|kind|warm|kindest|many)? ?(?:regards|wishes)|sincerely(?: yours)?"
    r"|yours (?:sincerely|faithfully"
    r"|truly)|best|cheers|thanks(?: again| so much| a lot)?|thank you|many thanks|thank u|thx"
    r"|signed|(?:mit )?(?:freundliche[nm]?"
    r"|beste[nm]?|liebe[nm]?|viele[nm]?|herzliche[nm]?|schöne[nm]?) gr(?:ü|ue)(?:ß|ss)en?|mfg|lg"
    r"|vg|hochachtungsvoll"
    r"|(?:bien )?cordialement|bien à vous|sincères salutations|salutations(?: distinguées)?"
    r"|amicalement|bises"
    r"|(?:un )?(?:cordial |afectuoso )?saludos?(?: cordial(?:es)?)?|atentamente|un abrazo"
    r"|cordiali saluti"
    r"|distinti saluti|(?:un )?saluti?|grazie(?: mille)?|atenciosamente"
    r"|(?:com os )?(?:melhores )?cumprimentos"
    r"|(?:um )?abraços?|obrigad[oa]|gracias|merci|danke|(?:met )?(?:vriendelijke"
    r"|hartelijke) groet(?:en)?|groet(?:en|jes)?"
    r"|mvg|alvast bedankt|bedankt|pozdrawiam(?: serdecznie)?|z poważaniem|z wyrazami szacunku"
    r"|dziękuję)"
)
_HEADER = (
    r"(?:From|To|Cc|CC|Bcc|Reply-To|Sender|Von|An|De|À|Para|Da|Van|Aan|Od|Do|Author|Committer"
    r"|Co-authored-by|Signed-off-by)"
)


def _pattern(name: str, regex: str, score: float) -> ValuePattern:
    return ValuePattern(name, re.compile(regex, re.MULTILINE), score)


class PersonContextRecognizer(ValueRecognizer):
    """Finds PERSON by what stands before and after."""

    ENTITY = "PERSON"
    PATTERNS = (
        _pattern(
            "title",
            rf"(?<![\w.@/-]){_TITLE}[ \t]{{1,2}}(?:{_TITLE}[ ]){{0,2}}"
            rf"(?P<value>{PARTICLE}{{0,2}}{NAME})(?!\w)",
            0.75,
        ),
        _pattern(
            "greeting",
            rf"^[ \t>*]{{0,4}}{_GREETING}[ ](?:{_TITLE}[ ])?(?P<value>{NAME})"
            r"(?=[ \t]*(?:[,!:;.\u2013-]|$))",
            0.7,
        ),
        _pattern("introduction", rf"{_INTRODUCTION}:?[ ](?P<value>{NAME})(?!\w)", 0.85),
        _pattern(
            "introduction in lower case",
            rf"{_INTRODUCTION}:?[ ](?P<value>{ANY_CASE})"
            r"(?=[ ]?(?:[,.!;\n)]|and\b|und\b|et\b|y\b|from\b|\Z))",
            0.6,
        ),
        _pattern(
            "signature",
            rf"^[ \t>]{{0,4}}{_SIGN_OFF}[ ]?[,.!]{{0,2}}[ \t]*\r?\n(?:[ \t>]*\r?\n)?"
            rf"[ \t>~\u2013-]{{0,4}}(?:{_TITLE}[ ])?(?P<value>{NAME})"
            r"(?=[ \t]*(?:$|[,|(/\r\u2013-]))",
            0.75,
        ),
        _pattern(
            "before an address",
            rf"(?P<value>{NAME})[\"']?[ \t]{{1,2}}(?:<|\[?mailto:)[\w.+-]{{1,64}}@",
            0.9,
        ),
        _pattern(
            "surname first, before an address",
            rf"(?P<value>{WORD}, {NAME})[\"']?[ \t]<[\w.+-]{{1,64}}@",
            0.9,
        ),
        _pattern(
            "before a Notes domain",  # Jane Doe/Sales/ACME@ACME
            rf"(?<![\w@/.-])(?P<value>{FULL_NAME})(?=(?:/[\w ]{{1,20}}){{0,4}}@[A-Za-z]\w{{1,30}}"
            r"(?![\w.-]*\.\w))",
            0.8,
        ),
        _pattern(
            "mail header",
            rf"^{_HEADER}:[ \t]{{1,3}}[\"']?(?P<value>{FULL_NAME}|{WORD}, {WORD})"
            r"(?=[\"' \t\r]*(?:$|[<;,(]))",
            0.8,
        ),
    )

    def plausible(self, value: str) -> bool:
        """Refuse groups, roles and everyday words."""
        return could_be_somebody(value)
