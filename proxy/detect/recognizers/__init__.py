"""Every recognizer that is on, in the order in which they run.

A new recognizer is one file in this folder and one line in `RECOGNIZERS`. Each is a factory: it
takes a language and returns a Presidio recognizer.
"""

from __future__ import annotations

from collections.abc import Callable

from presidio_analyzer import EntityRecognizer, PatternRecognizer
from presidio_analyzer import predefined_recognizers as presidio

from proxy.detect.recognizers import presidio_own
from proxy.detect.recognizers.api_key import ApiKeyRecognizer
from proxy.detect.recognizers.credit_card import CreditCard
from proxy.detect.recognizers.date_of_birth import DateOfBirthRecognizer
from proxy.detect.recognizers.jwt import JwtRecognizer
from proxy.detect.recognizers.medical_record import MedicalRecordRecognizer
from proxy.detect.recognizers.password import PasswordRecognizer
from proxy.detect.recognizers.private_key import PrivateKeyRecognizer

Factory = Callable[[str], EntityRecognizer]


def _as_it_stands(recognizer: Callable[..., EntityRecognizer]) -> Factory:
    return lambda language: recognizer(supported_language=language)


def _with_context(recognizer: type[PatternRecognizer]) -> Factory:
    return lambda language: presidio_own.confirmed_by_context(recognizer, language)


RECOGNIZERS: tuple[Factory, ...] = (
    # Secrets
    PrivateKeyRecognizer,
    JwtRecognizer,
    ApiKeyRecognizer,
    PasswordRecognizer,
    # Formats that stand for themselves
    _as_it_stands(presidio_own.EmailAddress),
    presidio_own.Iban,
    CreditCard,
    _as_it_stands(presidio.CryptoRecognizer),
    _as_it_stands(presidio.IpRecognizer),
    _as_it_stands(presidio.MacAddressRecognizer),
    _as_it_stands(presidio_own.Url),
    _as_it_stands(presidio.DateRecognizer),
    _as_it_stands(presidio_own.Phone),
    DateOfBirthRecognizer,
    MedicalRecordRecognizer,
    # United States
    _as_it_stands(presidio_own.SocialSecurity),
    _as_it_stands(presidio.UsItinRecognizer),
    _as_it_stands(presidio.UsPassportRecognizer),
    _as_it_stands(presidio.UsLicenseRecognizer),
    _as_it_stands(presidio.UsBankRecognizer),
    _as_it_stands(presidio.UsMbiRecognizer),
    _with_context(presidio.AbaRoutingRecognizer),
    _with_context(presidio.MedicalLicenseRecognizer),
    _with_context(presidio.UsNpiRecognizer),
    # United Kingdom
    _as_it_stands(presidio.UkNinoRecognizer),
    _as_it_stands(presidio.UkDrivingLicenceRecognizer),
    _as_it_stands(presidio.UkPassportRecognizer),
    _with_context(presidio.NhsRecognizer),
    # Elsewhere: numbers with a check digit
    _as_it_stands(presidio.ItFiscalCodeRecognizer),
    _with_context(presidio.AuMedicareRecognizer),
    _with_context(presidio.AuTfnRecognizer),
    _with_context(presidio.CaSinRecognizer),
    _with_context(presidio.DeHealthInsuranceRecognizer),
    _with_context(presidio.DeIdCardRecognizer),
    _with_context(presidio.DeSocialSecurityRecognizer),
    _with_context(presidio.DeTaxIdRecognizer),
    _with_context(presidio.EsNieRecognizer),
    _with_context(presidio.EsNifRecognizer),
    _with_context(presidio.FiPersonalIdentityCodeRecognizer),
    _with_context(presidio.InAadhaarRecognizer),
    _with_context(presidio.InPanRecognizer),
    _with_context(presidio.KrRrnRecognizer),
    _with_context(presidio.PlPeselRecognizer),
    _with_context(presidio.SePersonnummerRecognizer),
    _with_context(presidio.SgFinRecognizer),
    _with_context(presidio.ThTninRecognizer),
    _with_context(presidio.TrNationalIdRecognizer),
    _with_context(presidio.ZaIdNumberRecognizer),
)
