"""Medical record numbers and patient ids: formats differ per hospital, so the label decides."""

from __future__ import annotations

import re

from proxy.detect.recognizers.value_pattern import ValuePattern, ValueRecognizer

_LABEL = (
    r"\b(?:mrn|(?:medical|patient|hospital|health)[ _-]?(?:record|chart|file)"
    r"|(?:patient|chart|hospital)(?=[ _-]?(?:id|no|num|#)))"
)
_NUMBER_WORD = r"(?:[ _-]?(?:identifier|identification|id|number|num|no\b\.?|nr\b\.?|#)){0,2}"
_BETWEEN = r"[\"']?[ \t]{0,3}(?:(?:is|was|of)\b|[:=#]){0,2}[ \t]{0,3}[\"'#]?"
_VALUE = r"(?P<value>[A-Z]{0,4}[-/ ]?\d[A-Z0-9]{0,15}(?:[-/.][A-Z0-9]{1,12}){0,4})(?![\w-])"


class MedicalRecordRecognizer(ValueRecognizer):
    """Finds MEDICAL_RECORD."""

    ENTITY = "MEDICAL_RECORD"
    PATTERNS = (
        ValuePattern(
            "label and number",
            re.compile(_LABEL + _NUMBER_WORD + _BETWEEN + r"(?<![A-Z0-9])" + _VALUE, re.IGNORECASE),
            0.85,
        ),
    )

    def plausible(self, value: str) -> bool:
        """Accept what has five digits, or fewer with letters: years, ages and rooms are none."""
        digits = sum(character.isdigit() for character in value)
        return digits >= 5 or (digits >= 3 and not value.isdigit())
