"""Writing the parts of a request anew, as a plan for one endpoint says.

Invariants: a part in which nothing is hidden keeps its text; a token stands for one spelling of one
value; nothing depends on time or chance (the key alone makes hashes and surrogates).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence

from proxy.errors import CannotMask
from proxy.exchange import Action, ActionKind, Alphabet, Inside, Key, Moved, Path, TextPart
from proxy.ladder import PLACEHOLDER
from proxy.mask import short_number
from proxy.mask.actions import Form, Written, write
from proxy.mask.keyed import Keyed
from proxy.mask.masked import Masked, Restorable
from proxy.mask.numbered import Numbered, Value, text_at
from proxy.mask.plan import Hidden, Plan
from proxy.mask.pseudonyms import Pseudonyms

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NUMBER = re.compile(r"[0-9]+")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z_-]{0,39}")
_ATTEMPTS = 64


class Rendering:
    """The state of one pass over the parts for one endpoint."""

    def __init__(  # noqa: PLR0917 — what is written, and what it is written with
        self,
        parts: Sequence[TextPart],
        numbered: Numbered,
        plan: Plan,
        key: bytes,
        keyed: Keyed | None,
        own_key: bytes,
    ) -> None:
        """Write `parts` as `plan` says.

        Args:
            key: for hashes and the surrogates of numbers in JSON.
            own_key: for pseudonyms, per principal.
            keyed: what gives values their numbers where counting doesn't.
        """
        self._parts = parts
        self._numbered = numbered
        self._plan = plan
        self._key = key
        self._own_key = own_key
        self._keyed = keyed
        self._restorable = keyed is None or keyed.exact
        self._issued: dict[tuple[str, str], str] = {}
        self._forms: dict[int, Form] = {}
        self._written: dict[int, Written] = {}  # a plan has one action for a spelling
        self._plain: dict[int, tuple[str, bool]] = {}
        self._tokens: dict[str, str] = {}
        self._digits: dict[str, str] = {}
        self._members: dict[str, frozenset[str]] = {}
        self._held: dict[int, set[str]] = {}
        self._bare: set[str] = set()
        self._settled = True
        self._shown: set[str] = set()
        self._ranges: list[tuple[int, int]] = []
        self._moves: list[Moved] = []
        self._secret = [text_at(parts, place) for place in plan.secret]
        self._pseudonyms = self._with_pseudonyms()

    def run(self) -> Masked:
        """All parts; raises CannotMask."""
        texts: list[str] = []
        tokens: list[tuple[tuple[int, int], ...]] = []
        edits: dict[Path, str] = {}
        moved: dict[Path, tuple[Moved, ...]] = {}
        for part, hidden in zip(self._parts, self._plan.hidden, strict=True):
            if not hidden:
                texts.append(part.text)
                tokens.append(())
                continue
            self._ranges, self._moves = [], []
            text = self._spliced(part, hidden)
            texts.append(text)
            tokens.append(tuple(self._ranges))
            if text != part.text:
                edits[part.path] = text
                moved[part.path] = tuple(self._moves)
        return Masked(
            edits,
            tuple(texts),
            Restorable(
                self._tokens,
                self._digits,
                frozenset(self._bare),
                self._members,
                self._pseudonyms.issued,
            ),
            tuple(text for text in self._secret if text not in self._shown),
            tuple(tokens),
            self._plan,
            moved,
            self._settled,
        )

    def _spliced(self, part: TextPart, hidden: Sequence[Hidden]) -> str:
        pieces: list[str] = []
        done = length = 0
        plain = self._plain if part.alphabet is Alphabet.TEXT else {}
        for start, end, spelling, action in hidden:
            if action.kind is ActionKind.PSEUDONYMISE and not _bounded(part.text, start, end):
                # A surrogate is restored between bounds only; a placeholder brings its own.
                text, ours = self._unbounded(part, spelling)
            else:
                text, ours = plain.get(spelling) or self._piece(part, spelling, action)
            pieces += part.text[done:start], text
            length += start - done
            after = length + len(text)
            if ours:
                self._ranges.append((length, after))
            self._moves.append((start, end, length, after))
            length, done = after, end
        pieces.append(part.text[done:])
        masked = "".join(pieces)
        fitted = part.alphabet is Alphabet.NAME and _NAME.fullmatch(part.text)
        if fitted and not _NAME.fullmatch(masked):
            raise _cannot_mask(part.path, self._secret)
        return masked

    def _piece(self, part: TextPart, spelling: int, action: Action) -> tuple[str, bool]:
        """What stands in place of a spelling in this part, and whether that is a token of ours.

        Made once where the alphabet is text.
        """
        form = self._form(spelling)
        written = self._write(spelling, form, action)
        text = self._dressed(part, form, written)
        piece = text, written.token or written.restored or part.alphabet is Alphabet.DIGITS
        if part.alphabet is Alphabet.TEXT:
            self._plain[spelling] = piece
        return piece

    def _unbounded(self, part: TextPart, spelling: int) -> tuple[str, bool]:
        form = self._form(spelling)
        return self._dressed(part, form, write(form, PLACEHOLDER, self._key)), True

    def _value_of(self, spelling: int) -> Value:
        return self._numbered.values[self._numbered.spellings[spelling].values[0]]

    def _form(self, spelling: int) -> Form:
        form = self._forms.get(spelling)
        if form is None:
            value = self._value_of(spelling)
            one = self._numbered.spellings[spelling]
            text, first = text_at(self._parts, one.at), text_at(self._parts, value.at)
            form = Form(text, first, value.name, str(value.number), one.letter)
            form = self._forms[spelling] = self._keyed.form(form) if self._keyed else form
            if self._issued.setdefault((form.name, form.number), first) != first:
                raise CannotMask(
                    "Two values of this request can't be told apart once they are hidden.",
                    hint="Leave one of them out.",
                )
        return form

    def _write(self, spelling: int, form: Form, action: Action) -> Written:
        known = self._written.get(spelling)
        if known:
            return known
        if action.kind is ActionKind.PSEUDONYMISE:
            written = self._pseudonymised(form)
        else:
            written = write(form, action, self._key)
        if written.hidden and not written.token and not written.restored:
            self._settled = False
            if self._reveals(written.text):
                written = write(form, PLACEHOLDER, self._key)
        if not written.hidden:
            self._shown.add(form.text)
        self._written[spelling] = written
        return written

    def _pseudonymised(self, form: Form) -> Written:
        """A surrogate, or a placeholder where there is none.

        Where numbers are keyed it is a placeholder too: there what stands for a value must not
        depend on anything else that the request says.
        """
        text = self._pseudonyms.of(form) if self._keyed is None else None
        if text is None:
            return write(form, PLACEHOLDER, self._key)
        self._settled = False
        return Written(text, token=False, restored=True)

    def _with_pseudonyms(self) -> Pseudonyms:
        """Surrogates, given in the order of numbers, which a longer conversation doesn't change."""
        wanted = {
            one.spelling
            for some in self._plan.hidden
            for one in some
            if one.action.kind is ActionKind.PSEUDONYMISE and self._keyed is None
        }
        said = (part.text for part in self._parts) if wanted else ()
        made = Pseudonyms(self._own_key, said, self._secret)
        for spelling in sorted(wanted):
            made.give(self._form(spelling))
        return made

    def _reveals(self, text: str) -> bool:
        """Whether a coarser value happens to spell a hidden one (a PIN that ends a card number)."""
        folded = text.casefold()
        return any(secret.casefold() in folded for secret in self._secret)

    def _dressed(self, part: TextPart, form: Form, written: Written) -> str:
        restored = written.restored and self._restorable
        if part.alphabet is Alphabet.DIGITS and written.hidden:
            return self._surrogate(part, form, restored=restored)
        if part.alphabet is Alphabet.NAME and written.hidden:
            if not written.token:
                written = write(form, PLACEHOLDER, self._key)
            self._bare.add(written.text)
        if not written.token:
            return written.text
        if restored and self._tokens.setdefault(written.text, form.text) != form.text:
            raise _cannot_mask(part.path, self._secret)  # two hashes that are the same
        bracketed = part.alphabet is Alphabet.TEXT
        return f"<{written.text}>" if bracketed else written.text

    def _surrogate(self, part: TextPart, form: Form, *, restored: bool) -> str:
        """Another number of the same length that stands nowhere else in the request."""
        self._settled = False
        text = form.text
        if not _NUMBER.fullmatch(text):
            raise _cannot_mask(part.path, self._secret)
        if len(text) <= short_number.MOST_DIGITS:
            return self._short_surrogate(part, text, restored=restored)
        for attempt in range(_ATTEMPTS):
            surrogate = _other_digits(text, self._key, attempt)
            unused = self._digits.get(surrogate, text) == text
            if unused and not any(surrogate in other.text for other in self._parts):
                if restored:
                    self._digits[surrogate] = text
                return surrogate
        raise _cannot_mask(part.path, self._secret)

    def _short_surrogate(self, part: TextPart, text: str, *, restored: bool) -> str:
        """One that comes back only under the key that its number stood under."""
        held = self._held.get(len(text))
        if held is None:
            held = short_number.held((other.text for other in self._parts), len(text))
            self._held[len(text)] = held
        taken = held | {other for other, number in self._digits.items() if number != text}
        surrogate = short_number.surrogate(text, taken, self._key)
        if surrogate is None or part.text != text:
            raise _cannot_mask(part.path, self._secret)
        if restored:
            self._digits[surrogate] = text
            key = next((step for step in reversed(part.path) if isinstance(step, str)), "")
            self._members[surrogate] = self._members.get(surrogate, frozenset()) | {key}
        return surrogate


def _bounded(text: str, start: int, end: int) -> bool:
    return not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum())


def _other_digits(text: str, key: bytes, attempt: int) -> str:
    """As many keyed digits; the first stays zero or not zero, and doesn't grow."""
    stream = b""
    while len(stream) < len(text):
        block = f"digits\0{attempt}\0{len(stream)}\0{text}".encode()
        stream += hmac.digest(key, block, hashlib.sha256)
    digits = [str(byte % 10) for byte in stream[: len(text)]]
    first = int(text[0])
    digits[0] = str(1 + stream[0] % first) if first else "0"
    return "".join(digits)


def _cannot_mask(path: Path, secret: Sequence[str]) -> CannotMask:
    """Names the path, without keys that hold a hidden value or don't look like a field's name."""
    steps = []
    for step in path:
        match step:
            case int():
                steps.append(f"[{step}]")
            case str():
                hidden = any(text.casefold() in step.casefold() for text in secret)
                steps.append("…" if hidden or not _PLAIN_KEY.fullmatch(step) else step)
            case Key():
                steps.append("(key)")
            case Inside():
                pass
    where = ".".join(steps).replace(".[", "[")
    return CannotMask(
        f"A value that policy hides stands at {where}, where no placeholder fits.",
        hint="Leave the value out there, or ask for a model that may see it.",
    )
