"""Every recognizer that is on, in the order in which they run.

A new recognizer is one file in this folder and one line in `RECOGNIZERS`. Each is a factory: it
takes a language and returns a Presidio recognizer.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from presidio_analyzer import EntityRecognizer, PatternRecognizer
from presidio_analyzer import predefined_recognizers as presidio

from proxy.detect.recognizers import presidio_own
from proxy.detect.recognizers.address import AddressRecognizer
from proxy.detect.recognizers.address_japan import AddressJapanRecognizer
from proxy.detect.recognizers.api_key import ApiKeyRecognizer
from proxy.detect.recognizers.command_line import CommandLineRecognizer
from proxy.detect.recognizers.connection_string import ConnectionStringRecognizer
from proxy.detect.recognizers.credit_card import CreditCard
from proxy.detect.recognizers.crypto_wallet import CryptoWalletRecognizer
from proxy.detect.recognizers.date_in_words import DateInWordsRecognizer
from proxy.detect.recognizers.date_of_birth import DateOfBirthRecognizer
from proxy.detect.recognizers.date_of_birth_said import DateOfBirthSaidRecognizer
from proxy.detect.recognizers.email_written_out import EmailWrittenOutRecognizer
from proxy.detect.recognizers.high_entropy import HighEntropyRecognizer
from proxy.detect.recognizers.identifiers import Identifiers
from proxy.detect.recognizers.jwt import JwtRecognizer
from proxy.detect.recognizers.kubernetes_secret import KubernetesSecretRecognizer
from proxy.detect.recognizers.nationality_said import NationalitySaidRecognizer
from proxy.detect.recognizers.password import PasswordRecognizer
from proxy.detect.recognizers.person_context import PersonContextRecognizer
from proxy.detect.recognizers.person_given import PersonGivenNameRecognizer
from proxy.detect.recognizers.person_label import PersonLabelRecognizer
from proxy.detect.recognizers.phone import Phone
from proxy.detect.recognizers.phone_abroad import PhoneAbroadRecognizer
from proxy.detect.recognizers.phone_label import PhoneLabelRecognizer
from proxy.detect.recognizers.private_key import PrivateKeyRecognizer
from proxy.detect.recognizers.username import UsernameRecognizer
from proxy.detect.recognizers.username_of_name import UsernameOfNameRecognizer

Factory = Callable[[str], EntityRecognizer]


def _as_it_stands(
    recognizer: Callable[..., EntityRecognizer], in_words: str | None = None
) -> Factory:
    def build(language: str) -> EntityRecognizer:
        built = recognizer(supported_language=language)
        if in_words:
            built.IN_WORDS = re.compile(in_words)  # type: ignore[attr-defined]  # the gate reads it
        return built

    return build


def _with_context(recognizer: type[PatternRecognizer]) -> Factory:
    return lambda language: presidio_own.confirmed_by_context(recognizer, language)


RECOGNIZERS: tuple[Factory, ...] = (
    # Secrets
    PrivateKeyRecognizer,
    JwtRecognizer,
    ApiKeyRecognizer,
    HighEntropyRecognizer,
    KubernetesSecretRecognizer,
    PasswordRecognizer,
    ConnectionStringRecognizer,
    CommandLineRecognizer,
    # Formats that stand for themselves
    _as_it_stands(presidio_own.EmailAddress),
    EmailWrittenOutRecognizer,
    presidio_own.Iban,
    CreditCard,
    CryptoWalletRecognizer,
    _as_it_stands(presidio.IpRecognizer, r"\d\.\d|:[0-9A-Fa-f]{0,4}:"),
    _as_it_stands(presidio.MacAddressRecognizer, r"[:-][0-9A-Fa-f]{2}[:-]|\.[0-9A-Fa-f]{4}\."),
    _as_it_stands(presidio_own.Url),
    _as_it_stands(presidio.DateRecognizer),
    DateInWordsRecognizer,
    Phone,
    PhoneAbroadRecognizer,
    PhoneLabelRecognizer,
    DateOfBirthRecognizer,
    DateOfBirthSaidRecognizer,
    AddressRecognizer,
    AddressJapanRecognizer,
    Identifiers,
    UsernameRecognizer,
    UsernameOfNameRecognizer,
    NationalitySaidRecognizer,
    # Persons
    PersonLabelRecognizer,
    PersonContextRecognizer,
    PersonGivenNameRecognizer,
    # United States
    _as_it_stands(presidio_own.SocialSecurity),
    _as_it_stands(presidio.UsMbiRecognizer),
    _with_context(presidio.MedicalLicenseRecognizer),
    _with_context(presidio.UsNpiRecognizer),
    # Elsewhere: numbers with a check digit
    _with_context(presidio.AuMedicareRecognizer),
    _with_context(presidio.DeHealthInsuranceRecognizer),
)
