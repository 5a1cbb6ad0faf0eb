"""Addresses of crypto wallets, by the check digits of their form.

Base58Check (Bitcoin, Litecoin, Dogecoin, Tron, Dash, Zcash: a double SHA-256 of four bytes; Ripple
with an alphabet of its own), Bech32 and Bech32m (BIP-173, BIP-350), Ethereum's 20 bytes in
hexadecimal (its mixed-case check needs Keccak, so the form decides), Monero and Cardano by form.
Solana's are any 32 bytes in Base58, so they need context.
"""

from __future__ import annotations

import hashlib
import re

from stdnum import bitcoin

from proxy.detect.recognizers.value_pattern import ValuePattern, ValueRecognizer

_BASE58 = "[1-9A-HJ-NP-Za-km-z]"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_RIPPLE = str.maketrans(
    "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz",
    "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
)
#: What the checksum of the whole address comes to: Bech32, Bech32m.
_CONSTANTS = (1, 0x2BC830A3)


def _wallet(name: str, regex: str, score: float) -> ValuePattern:
    return ValuePattern(name, re.compile(rf"(?<![\w/+=-])(?P<value>{regex})(?![\w/+=-])"), score)


class CryptoWalletRecognizer(ValueRecognizer):
    """Finds CRYPTO."""

    ENTITY = "CRYPTO"
    PATTERNS = (
        _wallet("base58check", rf"(?:[13LMDATX]|t1|t3){_BASE58}{{24,34}}", 0.95),
        _wallet("ripple", rf"r{_BASE58}{{24,34}}", 0.95),
        _wallet("bech32", r"(?:bc1|ltc1|BC1)[a-zA-Z0-9]{11,87}", 0.95),
        _wallet("ethereum", r"0x[0-9a-fA-F]{40}", 0.7),
        _wallet("cardano", r"addr1[a-z0-9]{50,110}", 0.9),
        _wallet("monero", rf"[48][0-9AB]{_BASE58}{{93}}", 0.9),
        _wallet("solana", rf"(?=[^\s\d]{{0,40}}\d){_BASE58}{{43,44}}", 0.2),
    )
    CONTEXT = ("solana", "phantom", "wallet", "sol address", "spl")
    #: A run as long as the shortest address.
    IN_WORDS = re.compile(r"[A-Za-z0-9]{14}")

    def plausible(self, value: str) -> bool:
        """Check the digits of forms that have some."""
        if value.lower().startswith(("bc1", "ltc1")):
            return _is_bech32(value.lower())
        if value.startswith("r") and len(value) < 36:
            return _is_base58check(value.translate(_RIPPLE))
        return len(value) > 36 or _is_base58check(value)


def _is_base58check(value: str) -> bool:
    number = bitcoin.b58decode(value)
    digest = hashlib.sha256(hashlib.sha256(number[:-4]).digest()).digest()
    return len(number) in {25, 26} and digest[:4] == number[-4:]


def _is_bech32(value: str) -> bool:
    prefix, _, data = value.partition("1")
    if not set(data) <= set(_BECH32):
        return False
    high, low = [ord(letter) >> 5 for letter in prefix], [ord(letter) & 31 for letter in prefix]
    values = [*high, 0, *low, *(_BECH32.index(letter) for letter in data)]
    return bitcoin.bech32_checksum(values) in _CONSTANTS
