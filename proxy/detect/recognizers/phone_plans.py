"""Which numbering plans a row of digits can belong to at all, before `phonenumbers` is asked.

Its matcher tries several readings of a text under one plan, at hundreds of microseconds a plan. A
number that it finds is, without what leaves a country or a region, in the form of one of the plan's
kinds of numbers, and stands on digits that follow each other; and where the plan writes such numbers
with a prefix (030 in Berlin), it has that. So a plan under which no run of digit groups has such a
form needn't be asked, and of the readings those that have it. Invariant: only what nothing would be
found in is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from phonenumbers import (
    PhoneMetadata,
    PhoneNumberDesc,
    PhoneNumberMatcher,
    region_code_for_country_code,
    region_codes_for_country_code,
)

#: A number has no fewer digits here, and no more with its country's code (E.164) and a prefix.
_FEWEST, _MOST = 7, 20
_GROUP = re.compile(r"\d+")
#: A reading without the code of a country or an extension.
_PLAIN = re.compile(r"[\d ().\-/\[\]]+")
_NO_DIGIT = re.compile(r"\D+")
#: Of a country's code, in digits; and what the library calls the region of a code without one.
_LONGEST_CODE, _NOWHERE = 3, "001"
#: How a number is written that needs no prefix: as it is, perhaps in brackets.
_BARE = re.compile(r"(?:\(?\\1\)?)?")
#: A rule for writing numbers: how those begin, all of one, and whether a prefix stands before it.
_Rule = tuple[re.Pattern[str], re.Pattern[str], bool]
_KINDS = (
    "fixed_line",
    "mobile",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "personal_number",
    "voip",
    "pager",
    "uan",
    "voicemail",
)


class Matcher(PhoneNumberMatcher):
    """The matcher, which parses a reading only if it has the form of a number of its plan."""

    def _parse_and_verify(self, candidate: str, offset: int) -> Any:
        if self.preferred_region and not _may_be(self.preferred_region, candidate):
            return None
        return super()._parse_and_verify(candidate, offset)


def _may_be(region: str, reading: str) -> bool:
    """Say whether a reading may be a number under a plan."""
    if not _PLAIN.fullmatch(reading):
        return True
    digits = _ascii(_NO_DIGIT.sub("", reading))
    leaving = _abroad(region).match(digits)
    if leaving and _of_a_country(digits[leaving.end() :]):
        return True
    return bool(_form(region).fullmatch(digits)) and not _lacks_prefix(region, digits)


def runs(stretch: str) -> frozenset[str] | None:
    """Return every run of digit groups that follow each other; None if any plan may know one."""
    if "+" in stretch or "\uff0b" in stretch:
        return None
    return frozenset(_joined([_ascii(match.group()) for match in _GROUP.finditer(stretch)]))


def _ascii(text: str) -> str:
    """Return digits of any writing as those of ASCII."""
    return text if text.isascii() else "".join(str(int(digit)) for digit in text)


def knows(region: str, found: frozenset[str] | None) -> bool:
    """Say whether a plan may know one of the runs."""
    if found is None:
        return True
    form, abroad = _form(region), _abroad(region)
    return any(form.fullmatch(run) or abroad.match(run) for run in found)


def _joined(groups: list[str]) -> Iterator[str]:
    for first in range(len(groups)):
        run = ""
        for group in groups[first:]:
            run += group
            if len(run) > _MOST:
                break
            if len(run) >= _FEWEST:
                yield run


@cache
def _form(region: str) -> re.Pattern[str]:
    """Return the form of a number under a plan, as it is dialled within the country or with its code."""
    plan = PhoneMetadata.metadata_for_region(region)
    if plan is None:
        raise ValueError(f"no plan of {region}")
    numbers = set()
    for code in region_codes_for_country_code(plan.country_code or 0):
        other = PhoneMetadata.metadata_for_region(code)
        kinds = [getattr(other, kind) for kind in _KINDS]
        numbers |= {
            kind.national_number_pattern
            for kind in kinds
            if isinstance(kind, PhoneNumberDesc) and kind.national_number_pattern
        }
    prefix = plan.national_prefix_for_parsing or ""
    # A prefix may name the company that carries the call, and end in the number itself.
    return re.compile(rf"(?:{plan.country_code})?(?:{prefix})?(?:{'|'.join(sorted(numbers))})?")


def _of_a_country(digits: str) -> bool:
    """Say whether digits may be a number behind the code of its country."""
    for length in range(1, _LONGEST_CODE + 1):
        regions = region_codes_for_country_code(int(digits[:length] or 0))
        if regions:
            # What belongs to no country (freephone numbers) has no plan of a region.
            return regions[0] == _NOWHERE or bool(_form(regions[0]).fullmatch(digits))
    return False


def _lacks_prefix(region: str, digits: str) -> bool:
    """Say whether digits are a number that is never written so: without the prefix that it needs.

    The matcher finds that out too, after parsing them. Digits that may begin with the prefix or with
    the country's code are left to it.
    """
    begins, rules = _writing(region)
    if begins.match(digits):
        return False
    for leading, whole, needed in rules:
        if leading.match(digits) and whole.fullmatch(digits):
            return needed
    return False


@cache
def _writing(region: str) -> tuple[re.Pattern[str], tuple[_Rule, ...]]:
    """Return how a number with its prefix or code begins, and how any is written, in order."""
    plan = PhoneMetadata.metadata_for_region(region)
    # The matcher goes by the rules of the code's first country.
    if plan is None or region_code_for_country_code(plan.country_code or 0) != region:
        return re.compile(""), ()
    rules = [
        (
            re.compile(rule.leading_digits_pattern[-1] if rule.leading_digits_pattern else ""),
            re.compile(rule.pattern or ""),
            not rule.national_prefix_optional_when_formatting
            and not _BARE.fullmatch(rule.national_prefix_formatting_rule or ""),
        )
        for rule in plan.number_format
    ]
    prefix = plan.national_prefix_for_parsing or "0"
    return re.compile(rf"0|{plan.country_code}|(?:{prefix})"), tuple(rules)


@cache
def _abroad(region: str) -> re.Pattern[str]:
    """Return how a number that leaves the country begins under a plan."""
    plan = PhoneMetadata.metadata_for_region(region)
    return re.compile((plan and plan.international_prefix) or "00")
