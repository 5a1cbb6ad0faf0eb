"""Secrets without a format of their own: values that look random and stand under a telling label.

Entity API_KEY, with a lower score than a known format. Both halves are needed: a label alone
(`token`, `secret`, a vendor's name with `key`) is in every other line of source code, and a random
looking string alone is a checksum, an identifier or data.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from presidio_analyzer import RecognizerResult

from proxy.detect.recognizers.assignment import CODE, PROSE, Labelled, automaton, labelled_values
from proxy.detect.recognizers.placeholders import (
    is_example,
    is_excerpt,
    is_instruction,
    stands_for_nothing,
    words,
)
from proxy.detect.recognizers.value_pattern import ValuePattern, ValueRecognizer

#: Words that call a value a secret, wherever in an identifier they stand.
_SECRET_WORDS = words(
    "token secret apikey api_key api-key api.key apitoken accesskey access_key access-key"
    " authkey auth_key auth-key credential creds privatekey private_key private-key signingkey"
    " signing_key signing-key encryptionkey encryption_key encryption-key masterkey master_key"
    " master-key accountkey account_key account-key sharedkey shared_key presharedkey servicekey"
    " service_key service-key appkey app_key app-key application_key licensekey license_key"
    " license-key subscriptionkey subscription-key subscription_key storagekey storage_key hmackey"
    " hmac_key sl_key sl-key webhookkey webhook_key authorization x-auth bearer _auth"
    " unsealkey schlüssel schluessel sleutel klucz jeton clave_api chiave_api cle_api chave_api"
    " clé_api apikulcs żeton"
)
#: The same in two words.
_SECRET_PHRASES = (
    "api key",
    "access key",
    "private key",
    "signing key",
    "encryption key",
    "license key",
    "unseal key",
    "the key",
    "our key",
    "my key",
    "your key",
    "master key",
    "account key",
    "service key",
    "clave api",
    "clé api",
    "chiave api",
    "klucz api",
    "chave de api",
    "api-sleutel",
    "api-schlüssel",
)
#: Services whose keys have no form of their own; `key` beside the name makes a label.
_VENDORS = words(
    "adafruit adobe airtable algolia alibaba artifactory asana auth0 aws beamer bintray bitbucket"
    " bittrex blynk cloudant cloudflare codeclimate codecov cohere coinbase confluent contentful"
    " datadog deepgram discord droneci dropbox elevenlabs etsy facebook fastly figma finicity"
    " finnhub flickr freshbooks github gitlab gitter google heroku hubspot ibm_ ibm- ibm-cloud"
    " intercom jenkins jfrog jira kagi kraken kucoin launchdarkly linkedin lob looker mailchimp"
    " mailgun mapbox mattermost meraki messagebird message_bird message-bird mistral netlify newrelic new_relic nytimes okta"
    " openai openweather opsgenie pagerduty pingdom plaid postmark privateai pusher rapidapi"
    " rollbar sauce segment sendbird sendgrid sentry shodan slack snyk softlayer sonar sourcegraph sparkpost"
    " splunk square squarespace sumologic telegram travis trello twilio twitch twitter typeform"
    " vault virustotal vonage watson weatherapi yandex zendesk zoho zoom"
)
_VENDOR_ROLE = re.compile(r"key|secret|token|sid\b|pat\b|login|auth|sec\b|_pw\b", re.IGNORECASE)

#: Words of an identifier that say the value is something about a secret, not the secret.
_ABOUT = words(
    "id ids name names url uri endpoint file path dir version length len size type count limit"
    " expires expiry expire expiration ttl at age date time public pub primary foreign hash"
    " fingerprint thumbprint digest checksum alias board code frame pair pairs press pressed ring"
    " selector signature stone word words up down left right csrf xsrf idempotency partition sort"
    " routing shard next page continuation cursor prev previous start end color colour index"
    " kind class format regex pattern prefix suffix ref arn vault store storage method scheme"
    " provider issuer audience scope scopes status state error message description label labels"
    " hint placeholder field header headers param parameter option column table schema event events"
    " handler manager service factory builder generator parser validator reader writer usage"
    " budget window max min total cost price per reset default last seen used created updated"
    " host hostname server region bucket key_id keyid accessor lookup mount tokenizer sequence"
    " bucketkey locale lang language natural hot idx enabled disabled required rotation"
)
#: Words before it that say that the secret is none.
_PRETENDED = words("non invalid wrong fake dummy mock mocked example sample placeholder")
#: Operators beside which a value that a person made up counts too.
_FIRM = words("= : := => == != === !== ::= ?= ||= -> >")
#: Least length of a value that follows its label with nothing between.
_LONG = 20
#: Words that make it a token or key of another sort.
_OTHER = words(
    "public pub primary foreign csrf xsrf idempotency partition sort routing shard next page cache"
    " continuation cursor prev previous natural hot idx bucket sequence schema index object"
    " store jsonweb authenticity"
)
#: Digits of a number that is taken for a key, and the entropy of one of them in bits: at most 3.32.
_LONG_NUMBER, _RANDOM_DIGITS = 28, 2.5
_SYMBOLS = frozenset("!@#$%^&*?~")
#: What a vendor's name alone announces: 32 or more hexadecimal digits, or a UUID.
_WHOLE = re.compile(r"[0-9a-f]{32,64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SPLIT = re.compile(r"[^\W_]+?(?=[A-Z][a-z])|[a-z0-9]+(?=[A-Z])|[^\W_]+")
_ALPHABET = re.compile(r"[A-Za-z0-9+/=_.~%:|-]{10,4096}", re.ASCII)
_LETTERS = re.compile(r"[A-Za-z]+")
_DOTTED = re.compile(r"(?:[A-Za-z_][\w-]*\.){1,8}[A-Za-z_][\w-]*", re.ASCII)
_CHANGES = re.compile(r"[a-z](?=[A-Z0-9])|[A-Z0-9](?=[a-z])|[A-Za-z](?=\d)|\d(?=[A-Za-z])")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
#: Runs of letters that may be words (short ones between separators only), and what no word has:
#: four vowels, consonants or neighbours on end.
_RUN = re.compile(
    r"(?<![A-Za-z0-9])(?:[A-Z]?[a-z]{2,}|[A-Z]{3,})(?![A-Za-z0-9])|[A-Z]?[a-z]{5,}|[A-Z]{5,}"
)
_VOWEL = re.compile(r"[aeiouy]", re.IGNORECASE)
_NO_WORD = re.compile(
    r"[aeiou]{4}|[bcdfghjklmnpqrstvwxz]{4}|abcd|bcde|cdef|defg|efgh|fghi|ghij|hijk|ijkl|jklm|klmn"
    r"|lmno|mnop|nopq|opqr|rstu|stuv|tuvw|uvwx|qwer|asdf",
    re.IGNORECASE,
)


class HighEntropyRecognizer(ValueRecognizer):
    """Finds API_KEY by label and randomness."""

    ENTITY = "API_KEY"
    PATTERNS = ()
    _LABELLED = ValuePattern("labelled", CODE, 0.75)
    _SAID = ValuePattern("said", PROSE, 0.6)
    _WEAK = ValuePattern("labelled, less random", CODE, 0.55)
    NEEDS = (frozenset((*_SECRET_WORDS, *_SECRET_PHRASES, *_VENDORS)),)
    _WORDS = automaton(*NEEDS)

    def analyze(
        self, text: str, entities: Sequence[str], nlp_artifacts: Any = None
    ) -> list[RecognizerResult]:
        """Return the values under telling labels; see Presidio's base class."""
        return [
            self._result(pattern, one.start, one.end)
            for one in labelled_values(text, self._WORDS)
            if not is_excerpt(text, one.start, one.end) and (pattern := self._judge(one))
        ]

    def _judge(self, one: Labelled) -> ValuePattern | None:
        if _is_about(one) or stands_for_nothing(one.value) or is_example(one.value):
            return None
        if (
            one.operator == " "
            and not one.quoted
            and (len(one.value) < _LONG or one.value.islower())
        ):
            return None
        # AWS's documentation has a pair that ends so; people try with it whether keys are stopped.
        if looks_random(one.value.removesuffix("EXAMPLEKEY")) or (
            _is_vendor(one) and _is_long_and_mixed(one.value)
        ):
            return self._SAID if one.prose else self._LABELLED
        if not _is_vendor(one) and _looks_chosen(one):
            return self._WEAK
        return None


def looks_random(value: str) -> bool:
    """Say whether a value looks generated: no words, no dotted names, no counting.

    At least ten characters of a key's alphabet, digits among letters (or case that changes as no
    name's does), and an entropy that its length allows. A number must be longer than any that
    counts, dates or numbers something.
    """
    if _UUID.fullmatch(value):
        return True
    if value.isdigit():
        return len(value) >= _LONG_NUMBER and _bits(value) >= _RANDOM_DIGITS
    core = value.rstrip("=")
    if not _ALPHABET.fullmatch(value) or not any(c.isalpha() for c in core):
        return False
    changes = len(_CHANGES.findall(core)) / len(core)
    named = changes < 0.25 if any(c.isdigit() for c in core) else changes < 0.4
    if named and (_DOTTED.fullmatch(core) or not any(c.isdigit() for c in core)):
        return False
    spoken = sum(len(run) for run in _RUN.findall(core) if _is_word(run)) / len(core)
    return spoken < 0.4 and _bits(core) >= min(2.9, 0.6 * math.log2(len(core)) + 0.4)


def _is_long_and_mixed(value: str) -> bool:
    """Say whether a value may be a service's key although some of it could be spoken."""
    return (
        _LONG <= len(value) <= 100
        and value.isascii()
        and value.isalnum()
        and sum(c.isdigit() for c in value) >= 3
        and _bits(value) >= 3.5
    )


def _is_word(run: str) -> bool:
    return _VOWEL.search(run) is not None and _NO_WORD.search(run) is None


def _bits(value: str) -> float:
    """Return the Shannon entropy of a value in bits per character."""
    total = len(value)
    return -sum(n / total * math.log2(n / total) for n in Counter(value).values())


def _looks_chosen(one: Labelled) -> bool:
    """Say whether a value looks like a secret that a person made up: letters and symbols.

    Where the label leaves no doubt (`client_secret`), digits among letters will do. In quotes right
    behind the label, or in the brackets of a call, it takes two kinds of symbols.
    """
    value = one.value
    symbols = len(set(value) & _SYMBOLS)
    if one.operator in _FIRM:
        strong = one.keyword.lower() == "secret" and bool(one.before or one.after)
        evident = symbols > 0 or (strong and sum(c.isdigit() for c in value) > 1)
    else:
        evident = one.quoted and one.operator in (" ", "(") and symbols > 1
    return (
        evident
        and 8 <= len(value) <= 100
        and not any(c.isspace() for c in value)
        and any(c.isalpha() for c in value)
        and not is_instruction(value)
    )


def _is_about(one: Labelled) -> bool:
    """Say whether the label names something about a secret, or a vendor without a secret."""
    if _is_vendor(one) and not _VENDOR_ROLE.search(one.after):
        return (
            bool(one.before or one.after) or one.operator == "||" or not _WHOLE.fullmatch(one.value)
        )
    if one.operator == "," and _VENDOR_ROLE.search(one.value):
        return True  # a list of names
    before = {word.lower() for word in _SPLIT.findall(one.before)}
    after = {word.lower() for word in _SPLIT.findall(one.after)}
    return bool(before & (_OTHER | _PRETENDED)) or bool(after & (_ABOUT | _OTHER))


def _is_vendor(one: Labelled) -> bool:
    return one.keyword.lower() in _VENDORS_SET


_VENDORS_SET = frozenset(_VENDORS)
