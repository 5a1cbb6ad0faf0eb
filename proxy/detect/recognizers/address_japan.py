"""Japanese addresses: from the prefecture to the building, with block numbers for a street.

Entity ADDRESS. They have no spaces to speak of, and a postcode says by its mark that it is one.
"""

from __future__ import annotations

import re

from proxy.detect.recognizers.value_pattern import ValuePattern, ValueRecognizer

_KANJI = "\u3005\u3006\u4e00-\u9fff"
_KANA = "\u3041-\u3096\u30a1-\u30fa\u30fc"
_PREFECTURE = rf"(?:東京都|北海道|(?:京都|大阪)府|[{_KANJI}]{{2,3}}県)"
#: How towns, wards and counties end.
_TOWNS = "市区町村郡"
#: Block, lot and house: 3-8-14, 3丁目8番14号.
_BLOCK = r"\d{1,4}(?:(?:[-\u2010-\u2015\u2212\uff0d]|丁目|番地?の?|号)\d{0,4}){0,4}"
_BUILDING = rf"(?:[ \u3000][{_KANJI}{_KANA}A-Za-z]{{2,20}}(?:[ \u3000]?\d{{1,4}}(?:号室?)?)?)?"
_JAPANESE = re.compile(
    rf"(?P<value>(?:〒?\d{{3}}-\d{{4}}[ \u3000]?)?{_PREFECTURE}[{_KANJI}{_KANA}]{{1,12}}[{_TOWNS}]"
    rf"[{_KANJI}{_KANA}]{{0,20}}{_BLOCK}{_BUILDING})"
)
_POSTCODE = re.compile(r"(?P<value>〒\d{3}-\d{4})")


class AddressJapanRecognizer(ValueRecognizer):
    """Finds ADDRESS by its form alone."""

    ENTITY = "ADDRESS"
    NAME = "AddressRecognizer"
    NEEDS = (frozenset({*_TOWNS, "〒"}),)
    PATTERNS = (
        ValuePattern("Japanese", _JAPANESE, 0.85),
        ValuePattern("Japanese postcode", _POSTCODE, 0.8),
    )
