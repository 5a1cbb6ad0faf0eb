"""What else somebody is called whose name is known: words of it, and the logins made of them.

Models read prose, and find `Hollenbach` in it by themselves; in `hollenbach_contract.pdf`,
`last=Hollenbach` or `/home/mhollenbach` they don't. So the sweep looks for these too.

Invariant: only what is long enough to be looked for in any case (spelling.LONG) is given, and no
word of everyday language. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from proxy.folding import fold
from proxy.spelling import LONG, UNSPACED, Lexicon, plain

#: The entity whose values are names.
PERSON = "PERSON"
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
#: A name has a few words; what has more is a list, or a mistake.
_MOST_WORDS = 6
#: How German and the Nordic languages write their letters where an alphabet lacks them.
_LETTERS = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "æ": "ae", "å": "aa"}
_SPELLED_OUT = str.maketrans(
    _LETTERS | {letter.upper(): two.capitalize() for letter, two in _LETTERS.items()}
)


def short_names(name: str, lexicon: Lexicon) -> tuple[str, ...]:
    """What a name of two words or more is shortened to, and how it is written without umlauts."""
    words = _WORD.findall(plain(name))
    spelled_out = [word.translate(_SPELLED_OUT) for word in words]
    forms = dict.fromkeys(_forms(words))
    if spelled_out != words:
        forms |= dict.fromkeys((" ".join(spelled_out), *_forms(spelled_out)))
    return tuple(form for form in forms if _telling(form, lexicon))


def _forms(words: list[str]) -> Iterator[str]:
    if 1 < len(words) <= _MOST_WORDS:
        yield from words
        first, last = words[0].lower(), words[-1].lower()
        yield from (first + last, first[0] + last, last + first, last + first[0])


def _telling(form: str, lexicon: Lexicon) -> bool:
    folded = fold(form).text
    everyday = folded in lexicon.words or lexicon.trivial(folded)
    return len(folded) >= LONG and not everyday and not UNSPACED.search(folded)
