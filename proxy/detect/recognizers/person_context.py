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
    r"|dhr|Mevr|mevr|mw|Mw|Hr|Fr|lek|mgr|inż|ks|dr|Rev|Revd|Cllr|Sgt|Capt|Lt|Hon|Ing|Arq|Lic|Geom"
    r"|Rag|Bc|MUDr|JUDr)\.?|(?:avv|dott|dott\.ssa|ing|arch|geom|rag|sig|sig\.ra|prof|proff|ir|drs|lic"
    r"|Eng)\.[ºª]?|HHJ|Judge|Justice|Miss|Sir|Dame|Professor|Doctor|Herrn?"
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


#: In whose name something is sent, kept or paid.
_IN_THE_NAME_OF = (
    r"(?:t\.n\.v\.|z\. ?Hd\.(?: v\.)?|(?i:c/o|attn\.?:?|for the attention of|payable to"
    r"|in the name of|lautend auf|à l['\u2019]attention de|à l['\u2019]ordre de|au nom de|a nombre de"
    r"|a la atención de|intestat[oa] a|alla c\.a\. di|alla cortese attenzione di|em nome de"
    r"|ao cuidado de|ter attentie van|op naam van|do rąk|na nazwisko))"
)
#: Who is whose: in small letters, but for German, where the name follows it.
_RELATIVE = (
    r"(?:son|daughter|wife|husband|mother|father|brother|sister|partner|aunt|uncle|nephew|niece|mum"
    r"|mom|dad|fiancée?|Sohn|Tochter|Ehefrau|Ehemann|Schwester|Bruder|Neffe|Nichte|fils|fille|épouse"
    r"|époux|mari|mère|père|frère|sœur|hijo|hija|esposa|esposo|marido|madre|padre|hermano|hermana"
    r"|sobrino|sobrina|figlio|figlia|moglie|marito|fratello|sorella|nipote|filho|filha|irmão|irmã"
    r"|mãe|pai|zoon|dochter|moeder|vader|broer|zus|syn|córka|żona|mąż|matka|ojciec|brat|siostra|hustru"
    r"|son|dotter|datter|søn|kone|mand)"
)
_ROLE = (
    r"(?i:driver|tenant|landlord|manager|contact|nurse|client|customer|owner|guarantor|engineer"
    r"|technician|referee|witness|candidate|successor|applicant|claimant|patient|colleague|assistant)"
)
_PLURAL = (
    r"(?:proff?\.|dott\.|sigg\.|Messrs\.?|Mssrs\.?|Drs\.?|MM\.|Mmes|Herren|Frauen|señores|Sres\.?|Srs\.?"
    r"|senhores|heren|dames|Panowie|Panie|Państwo)"
)
_AND = r"(?:,|[ ](?:and|und|et|y|e|en|i|&))[ ]"
_SHORT_SIGN_OFF = (
    r"(?:Gru(?:ß|ss)|Gr[üu](?:ß|ss)e|LG|VG|MfG|Groet(?:jes)?|Gr\.|Mvg|Bises|Saludos|Saluti|Abra[çz]os?"
    r"|Bjs|Pozdrawiam|Pozdr\.|Cheers|Thanks|Thx|Regards|Best|Hälsningar|Hilsen|Mvh)"
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
            "signature in the same line",
            rf"^[ \t>]{{0,4}}{_SHORT_SIGN_OFF},?[ ](?P<value>{NAME})[ \t]*\r?$",
            0.65,
        ),
        _pattern(
            "in whose name", rf"(?<!\w){_IN_THE_NAME_OF}[ ](?:{_TITLE}[ ])?(?P<value>{NAME})", 0.7
        ),
        _pattern(
            "relative",
            rf"(?<![\w-]){_RELATIVE}(?:[ ]|[ ]?:[ ]|,[ ]|[ ]\()(?P<value>{NAME})(?!\w)",
            0.6,
        ),
        _pattern("role", rf"\b{_ROLE} is (?P<value>{FULL_NAME})(?!\w)", 0.6),
        _pattern(
            "second of several",
            rf"{_PLURAL}[ ]{NAME}{_AND}(?P<value>{PARTICLE}{{0,2}}{NAME})(?!\w)",
            0.7,
        ),
        _pattern(
            "third of several",
            rf"{_PLURAL}[ ]{NAME}{_AND}{PARTICLE}{{0,2}}{NAME}{_AND}(?P<value>{NAME})(?!\w)",
            0.7,
        ),
        _pattern(
            "party of a case",
            rf"\b(?i:in the matter of|case of|in re|rechtssache|mandat|in sachen|causa|affaire|asunto"
            rf"|w sprawie)[ ](?P<value>{NAME})(?=[ ](?:v|vs|gegen|contra|contre|contro|przeciwko|c)\b"
            r"|[ ]\./\.)",
            0.7,
        ),
        _pattern(
            "whose device",
            rf"\b(?:iPhone|iPad|MacBook|Galaxy|Laptop|laptop|ordinateur|portátil|computer|telefon)[ ]"
            rf"(?:de|di|do|da|von|van|of)[ ](?P<value>{NAME})(?!\w)",
            0.6,
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
