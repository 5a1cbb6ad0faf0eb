"""All kinds of identifiers that a label names, as one recognizer: one pass for all their labels."""

from __future__ import annotations

from proxy.detect.recognizers.bank_account import BANK_ACCOUNTS
from proxy.detect.recognizers.customer_number import CUSTOMER_NUMBERS
from proxy.detect.recognizers.cvv import CVV
from proxy.detect.recognizers.device import DEVICES
from proxy.detect.recognizers.driver_license import DRIVER_LICENSES
from proxy.detect.recognizers.insurance_number import INSURANCE_NUMBERS
from proxy.detect.recognizers.labelled import LabelledRecognizer
from proxy.detect.recognizers.medical_record import MEDICAL_RECORDS
from proxy.detect.recognizers.national_id import NATIONAL_IDS
from proxy.detect.recognizers.nationality import NATIONALITIES
from proxy.detect.recognizers.passport import PASSPORTS
from proxy.detect.recognizers.pin import PINS
from proxy.detect.recognizers.username import USERNAMES
from proxy.detect.recognizers.vehicle import VEHICLES

#: Where two kinds share a label and nothing else tells them apart, the first is meant.
KINDS = (
    *NATIONAL_IDS,
    *PASSPORTS,
    *DRIVER_LICENSES,
    *VEHICLES,
    *CVV,
    *PINS,
    *DEVICES,
    *BANK_ACCOUNTS,
    *INSURANCE_NUMBERS,
    *MEDICAL_RECORDS,
    *CUSTOMER_NUMBERS,
    *USERNAMES,
    *NATIONALITIES,
)


class Identifiers(LabelledRecognizer):
    """Finds what its table's kinds are called."""

    def __init__(self, supported_language: str = "en") -> None:
        super().__init__(KINDS, supported_language, "Identifiers")
