"""Bank accounts that aren't IBANs, and the codes of the bank that go with them, by label.

"Account number" may be a bank's or any company's: what looks like a bank's is one, anything else is
a customer's number (`customer_number.py`).
"""

from __future__ import annotations

from stdnum.us import rtn

from proxy.detect.recognizers.labelled import Kind, issued

#: Whose account isn't said.
ANY_ACCOUNT = (
    "account no",
    "account number",
    "account nr",
    "account num",
    "acct",
    "acct no",
    "acc no",
    "a/c",
    "a/c no",
    "account #",
    "acct #",
    "accountnumber",
)
_ACCOUNT = (
    "bank account", "bank acct", "checking account", "bank account number", "checking",
    "savings account", "current account", "beneficiary account",
    "ibanless account", "konto nr", "kontonummer", "konto", "kto", "kto nr", "bankkonto",
    "girokonto", "depotnummer", "depot nr", "numéro de compte", "n° de compte", "compte bancaire",
    "compte n°", "n° compte", "rib", "número de cuenta", "n° de cuenta", "cuenta bancaria",
    "cuenta corriente", "n° cuenta", "cuenta n", "cuenta de ahorros", "número de la cuenta", "ccc",
    "cbu", "cvu", "numero di conto", "numero conto", "conto corrente", "c/c", "conto n", "nr conto",
    "número da conta", "conta corrente", "conta bancária", "conta n", "conta poupança", "nib",
    "rekeningnummer", "rekening", "bankrekening", "bankrekeningnummer", "numer konta", "nr konta",
    "konto bankowe", "numer rachunku", "nr rachunku", "rachunek bankowy", "rachunek",
    "numer konta bankowego", "nr rachunku bankowego", "bankkontonummer", "kontonr",
)  # fmt: skip
#: Groups of digits as banks print them; with the code of the bank before them in some countries.
_NUMBER = (
    r"\d{5} \d{5} [A-Z0-9]{11} \d{2}|[A-Z]{0,3}\d{5,18}|[A-Z]{1,3}-\d{4,12}|\d{2}(?: \d{4}){6}|\d{26}"
    r"|\d{2,6}(?:[ -]\d{2,6}){1,6}(?:[ -]\d{1,2})?"
    r"|\d{2,6}-[\dX]|\d{1,4}[./-]\d{4,10}[-/.]?[\dX]?|(?:\d{1,6}-)?\d{2,10}/\d{4}"
)
#: As banks print them where nothing else says that it is one.
_BANKS_OWN = (
    r"\d{5} \d{5} [A-Z0-9]{11} \d{2}|\d{5,18}|\d{2}(?: \d{4}){6}|\d{26}|\d{4}(?: \d{4}){1,4}"
    r"|\d{2}-\d{2}-\d{2},? \d{6,8}|\d{4} \d{4} \d{2} \d{10}"
)
_BANK_CODE = (
    "sort code", "sortcode", "sc", "blz", "bankleitzahl", "bsb", "ifsc", "ifsc code", "transit no",
    "transit number", "institution no", "code banque", "code guichet", "agência", "código do banco",
    "branch code", "bank code", "sort",
)  # fmt: skip

#: A British account as people write it, sort code first: near any of these words.
_PAYMENT = (
    "account", "bank", "direct debit", "transfer", "transferred", "paid", "payment", "refund",
    "payable", "deposit", "standing order", "debited", "credited", "pay into", "bacs", "salary",
)  # fmt: skip
_SORTED = r"\d{2}-\d{2}-\d{2},? \d{8}"

#: An account may be any account; these are long enough for a bank's, or assigned.
_ACCOUNT_ITSELF = ("account", "cuenta", "conta", "conto", "compte", "giro")
_LONG = r"\d{4} \d{4} \d{2} \d{10}|\d{4} \d{4} \d{4} \d{4}(?: \d{4})?"

BANK_ACCOUNTS = (
    Kind("BANK_ACCOUNT", ANY_ACCOUNT, beside=_BANKS_OWN, plausible=issued(5)),
    Kind("BANK_ACCOUNT", _ACCOUNT, beside=_NUMBER, plausible=issued(5)),
    Kind("BANK_ACCOUNT", ("account",), beside=r"\d{8,18}"),
    Kind("BANK_ACCOUNT", _ACCOUNT_ITSELF, beside=_LONG, assigned=_NUMBER, plausible=issued(5)),
    Kind("BANK_ACCOUNT", _PAYMENT, near=_SORTED),
    Kind("BANK_ACCOUNT", ("clabe", "clabe interbancaria"), beside=r"\d{3} ?\d{3} ?\d{11} ?\d"),
    Kind(
        "BANK_ACCOUNT",
        _BANK_CODE,
        beside=r"\d{2}-\d{2}-\d{2}|\d{2} \d{2} \d{2}|\d{6}|\d{3} ?\d{3} ?\d{2}|\d{3}-\d{3}"
        r"|\d{4,5}(?:-\d{1,3})?|[A-Z]{4}0[A-Z0-9]{6}",
    ),
    Kind(
        "BANK_ACCOUNT",
        ("routing", "routing transit", "aba", "aba routing", "rtn"),
        beside=r"\d{9}|\d{4}[- ]\d{4}[- ]\d",
        near=r"\d{9}",
        check=rtn.is_valid,
    ),
)  # fmt: skip
