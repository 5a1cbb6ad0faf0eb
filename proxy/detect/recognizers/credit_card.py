"""Payment card numbers: issuer prefix, length and check digit (ISO/IEC 7812), grouped or not.

Stock Presidio knows 13 to 16 digits and not the 2-series of Mastercard; Maestro, UnionPay and newer
Visa cards have 12 to 19. The rarer lengths fit one in ten order numbers, so they need context.
"""

from __future__ import annotations

import re

from proxy.detect.recognizers.value_pattern import ValuePattern, ValueRecognizer

#: Major industry identifiers of payment cards, and JCB's older 15-digit numbers.
_PREFIX = re.compile(r"[3-6]|2[2-7]|2131|1800")


def _cards(name: str, regex: str, score: float) -> ValuePattern:
    bounded = rf"(?<![\w.-])(?P<value>{regex})(?!\d|[ -]\d|[\w-])"
    return ValuePattern(name, re.compile(bounded), score)


class CreditCard(ValueRecognizer):
    """Finds CREDIT_CARD."""

    ENTITY = "CREDIT_CARD"
    PATTERNS = (
        _cards("groups of four", r"\d{4}([ -])\d{4}\2\d{4}\2\d{2,4}(?:\2\d{1,3})?", 1.0),
        _cards("four, six, four or five", r"\d{4}([ -])\d{6}\2\d{4,5}", 1.0),
        _cards("14 to 16 digits", r"\d{14,16}", 1.0),
        _cards("other lengths", r"\d{12,13}|\d{17,19}", 0.3),
    )
    CONTEXT = (
        "card",
        "credit",
        "debit",
        "visa",
        "mastercard",
        "maestro",
        "amex",
        "discover",
        "jcb",
        "diners",
        "unionpay",
    )

    def plausible(self, value: str) -> bool:
        """Check prefix, length and the Luhn digit."""
        digits = re.sub(r"[ -]", "", value)
        if not (12 <= len(digits) <= 19 and _PREFIX.match(digits)):
            return False
        numbers = [int(digit) for digit in reversed(digits)]
        doubled = [2 * number - 9 * (number > 4) for number in numbers[1::2]]
        return (sum(numbers[::2]) + sum(doubled)) % 10 == 0
