"""Nationality, religion, union and party of a person as sentences say them. Entity NRP.

A word for a nation is nobody's until it is said of somebody: behind "di cittadinanza", before
"citizen", between a name and a marital state in a contract. Languages have the same words, so what
follows "translate into" is none (`is_a_language`). Unions and parties count where somebody is a
member of one.
"""

from __future__ import annotations

import re

from proxy.detect.recognizers.value_pattern import ValuePattern, ValueRecognizer

#: What English calls people of a country, where models hesitate; no given names (Roman, Dane).
DEMONYMS = frozenset(
    (  # noqa: SIM905  # a list of words reads better so
        "afghan albanian algerian american angolan argentinian armenian australian austrian"
        " azerbaijani bangladeshi belarusian belgian bolivian bosnian brazilian british bulgarian"
        " burmese cambodian cameroonian canadian chilean chinese colombian congolese croatian cuban"
        " cypriot czech danish dominican dutch ecuadorian egyptian english eritrean estonian"
        " ethiopian filipino finnish french gambian georgian german ghanaian greek guatemalan"
        " haitian honduran hungarian icelandic indian indonesian iranian iraqi irish israeli italian"
        " ivorian jamaican japanese jordanian kazakh kenyan korean kosovar kurdish kuwaiti kyrgyz"
        " laotian latvian lebanese liberian libyan lithuanian macedonian malaysian malian maltese"
        " mexican moldovan mongolian montenegrin moroccan mozambican namibian nepalese nepali"
        " nicaraguan nigerian norwegian pakistani palestinian panamanian paraguayan peruvian polish"
        " portuguese romanian russian rwandan salvadoran saudi scottish senegalese serbian"
        " singaporean slovak slovenian somali spanish sudanese swedish swiss syrian taiwanese tajik"
        " tanzanian thai tunisian turkish turkmen ugandan ukrainian uruguayan uzbek venezuelan"
        " vietnamese welsh yemeni zambian zimbabwean"
    ).split()
)
_A_LANGUAGE_BEFORE = re.compile(
    r"\b(?:in|into|to|from|between|speaks?|speaking|spoken|reads?|writes?|writing|written|learns?"
    r"|learning|teach(?:es|ing)?|translat\w{1,5}|languages?:|versions?:|fluent|native|basic)[ ]"
    r"(?:[A-Z][a-z]{2,12}(?:,[ ]|,?[ ](?:and|or|&)[ ]|/)){0,6}\Z"
)
_A_LANGUAGE_AFTER = re.compile(
    r"[ ]?(?:[,.;:!?)\]\"'\n/-]|\Z|(?:and|or|as|with|for|but|so|please|spelling|translation|version"
    r"|text|grammar|language|subtitles|course|lessons?|keyboard)\b)"
)
_REACH = 90

_WORD = r"[^\W\d_A-ZÀ-Þ]"
#: Labels and the endings of what they stand before, language by language.
_LABELLED = (
    (
        "cittadinanza|nazionalità|religione|religión|nacionalidade?|ciudadanía|cidadania|religião",
        rf"{_WORD}{{3,14}}(?:[oa]|ese|ense|ale|és|ês)",
    ),
    ("nationalité|citoyenneté|confession", rf"{_WORD}{{3,14}}(?:ne|se|que|te|ve|le|de)"),
    ("nationaliteit", r"[^\W\d_]{3,14}s(?:e|che?)?"),
    ("staatsangehörigkeit|staatsbürgerschaft|nationalität", r"[^\W\d_]{3,14}sch(?:e[rnms]?)?"),
    (
        "obywatelstw[oa]|narodowości?|wyznani[ea]",
        rf"{_WORD}{{3,14}}(?:[sc]kie(?:go|j)?|[sc]k[ai])",
    ),
)
_STATES = (
    r"(?:casad[oa]|solteir[oa]|divorciad[oa]|viúv[oa]|separad[oa]|maior|menor|solter[oa]|viud[oa]"
    r"|mayor de edad|celibe|nubile|coniugat[oa]|divorziat[oa]|vedov[oa]|maggiorenne|célibataire"
    r"|mariée?|divorcée?|veuf|veuve|pacsée?)"
)
_UNIONS = (
    r"(?:CGT|CFDT|CFTC|CGIL|CISL|UIL|UGL|CC\.? ?OO\.?|UGT|CSIF|CGTP|CUT|FNV|CNV|NSZZ[ ]Solidarność"
    r"|Solidarnoś(?:ć|ci)|OPZZ|IG[ ]Metall|IG[ ]BAU|IG[ ]BCE|ver\.?di|NGG|GEW|EVG|GdP|DGB|SPD|CDU"
    r"|CSU|FDP|AfD|Grünen?|Linken?|Unite|UNISON|Unison|GMB|RMT|NASUWT|USDAW|Labour|PSOE|PP|VOX|Vox"
    r"|Podemos|LFI|RN|PD|M5S|Lega|PSDB|PVV|VVD|D66|PvdA|GroenLinks|PiS|Lewic[ay])"
)
_MEMBER = (
    r"(?i:mitglied(?:schaft)? (?:der|des|bei der|in der|von)|gewerkschaft|betriebsrat der"
    r"|iscritt[oa] (?:alla|al|a)|afiliad[oa] (?:al|a la|a)|militante? (?:de la|du|de|della)"
    r"|délégué(?:e)?(?: syndicale?)?(?: de la| du)?|membre (?:de la|du)|syndiqué(?:e)? (?:à la|au)"
    r"|syndicat|delegad[oa](?: sindical)?(?: de| da| do)?|filiad[oa] (?:ao|à|a)|sindicato|sindacato"
    r"|członk\w{1,5}|należy do|lid van(?: de| het)?|vakbond|member of(?: the)?|belongs to(?: the)?"
    r"|(?:the|my|his|her|our|their) union)"
)
_RELIGIONS = (
    r"(?:muslimisch|katholisch|evangelisch|jüdisch|orthodox|hinduistisch|buddhistisch|konfessionslos"
    r"|musulmane?|catholique|protestante?|juive?|bouddhiste|musulmán|musulmana|católic[oa]|judí[oa]"
    r"|protestante|testigo de Jehová|musulmano|cattolic[oa]|ebre[oa]|ortodoss[oa]|muçulman[oa]"
    r"|evangélic[oa]|judeu|judia|moslim|katholiek|gereformeerd|hervormd|joods|katolik|katoliczka"
    r"|muzułmanin|muzułmanka|protestant(?:ka)?|Muslim|Catholic|Jewish|Hindu|Sikh|Buddhist|Protestant"
    r"|Jehovah's Witness|Quaker|Mormon|atheist)"
)


def _pattern(name: str, regex: str, score: float) -> ValuePattern:
    return ValuePattern(name, re.compile(regex), score)


class NationalitySaidRecognizer(ValueRecognizer):
    """Finds NRP in what is said of somebody."""

    ENTITY = "NRP"
    PATTERNS = (
        *(
            _pattern("behind its label", rf"\b(?i:{label})[ ](?P<value>{form})(?![\w-])", 0.65)
            for label, form in _LABELLED
        ),
        _pattern(
            "citizen",
            r"(?<![\w-])(?P<value>[A-Z][a-z]{3,16}(?:-[A-Z][a-z]{3,16})?)[ ]"
            r"(?:citizens?|nationals?(?![ ](?:id|ident|ins|hea|tax|reg))|passport holders?)\b",
            0.6,
        ),
        _pattern(
            "before a marital state",
            rf"(?<=,[ ])(?P<value>{_WORD}{{4,16}}(?:[oae]|és|ês))(?=,?[ ](?:e[ ]|y[ ])?{_STATES}\b)",
            0.6,
        ),
        _pattern("member", rf"\b{_MEMBER}[ ,:]{{1,2}}(?P<value>{_UNIONS})(?!\w)", 0.6),
        _pattern(
            "in brackets", rf"\w[ ]\((?P<value>{_RELIGIONS})(?=[,;)]|[ ](?:und|and|et|y|e)\b)", 0.6
        ),
    )

    def plausible(self, value: str) -> bool:
        """Refuse what stands before "citizen" and names no nation."""
        return value not in (
            "Senior",
            "Every",
            "Each",
            "Any",
            "Other",
            "Foreign",
            "Private",
            "Good",
        )


def is_a_language(text: str, start: int, end: int) -> bool:
    """Say whether a nation's word means its language: "translate into Spanish, please"."""
    return (
        text[start:end].lower() in DEMONYMS
        and _A_LANGUAGE_AFTER.match(text, end) is not None
        and _A_LANGUAGE_BEFORE.search(text[max(0, start - _REACH) : start]) is not None
    )
