"""Phone numbers with a plus and a country's code that no plan has given out.

Entity PHONE_NUMBER. `Phone` finds what a plan knows. Blocks for films and examples, blocks that are
newer than the plans, and a digit that somebody mistyped are numbers of people all the same where
the plus and the code say so and the length is one that the country has.
"""

from __future__ import annotations

import re

import phonenumbers

from proxy.detect.recognizers.value_pattern import ValuePattern, ValueRecognizer


class PhoneAbroadRecognizer(ValueRecognizer):
    """Finds PHONE_NUMBER by its form alone."""

    ENTITY = "PHONE_NUMBER"
    NAME = "Phone"
    PATTERNS = (
        ValuePattern(
            "plus and a country's code",
            # Not at a line's start without a space: a diff adds lines so.
            re.compile(
                r"(?<![\w+\n])(?P<value>\+[1-9]\d{0,2}(?:[ ./()-]{1,2}\d{1,6}){2,7})(?![\w-])"
            ),
            0.6,
        ),
    )

    def plausible(self, value: str) -> bool:
        """Accept a length that the country has, if its plan doesn't know the number."""
        try:
            number = phonenumbers.parse(value)
        except phonenumbers.NumberParseException:
            return False
        return phonenumbers.is_possible_number(number) and not phonenumbers.is_valid_number(number)
