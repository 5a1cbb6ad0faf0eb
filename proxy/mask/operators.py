"""Our actions as presidio-anonymizer operators, so that they work in Presidio too.

Presidio gives an operator one text and its entity at a time and keeps no numbers, so a placeholder
needs the caller's own count: ``numbers``, a dict that fills as it goes and is shared by all calls.
Privet itself splices spans without the anonymizer engine, which costs about 100 µs a part.
"""

from __future__ import annotations

from typing import Any

from presidio_anonymizer.operators import Operator, OperatorType

from proxy.exchange import Action, ActionKind
from proxy.mask.actions import ACTIONS, Form, write
from proxy.mask.numbering import placeholder_name
from proxy.spelling import canonical

Params = dict[str, Any]


class _Acting(Operator):
    """One action. Parameters: `entity_type` (Presidio's), `to`, `keep_last`, `key`, `numbers`."""

    kind: ActionKind

    def operate(self, text: str, params: Params | None = None) -> str:
        """What stands in place of `text`."""
        given = params or {}
        name = placeholder_name(str(given.get("entity_type", "VALUE")))
        value = canonical(text)
        of_name = given.get("numbers", {}).setdefault(name, {})
        number = of_name.setdefault(value, len(of_name) + 1)
        action = Action(self.kind, str(given.get("to", "")), int(given.get("keep_last", 0)))
        written = write(Form(text, text, name, number, ""), action, given.get("key", b""))
        return f"<{written.text}>" if written.token else written.text

    def validate(self, params: Params | None = None) -> None:
        """Raises ValueError for what is keyed without a key, or a placeholder without `numbers`."""
        given = params or {}
        keyed = self.kind in (ActionKind.HASH, ActionKind.PSEUDONYMISE)
        if keyed and not given.get("key"):
            raise ValueError(f"{self.kind.name.lower()} needs `key`, as bytes")
        if self.kind is ActionKind.PLACEHOLDER and not isinstance(given.get("numbers"), dict):
            raise ValueError("placeholder needs `numbers`, a dict shared by all calls")

    def operator_name(self) -> str:
        """``privet_placeholder`` and so on."""
        return f"privet_{self.kind.name.lower()}"

    def operator_type(self) -> OperatorType:
        """Ours all anonymize."""
        return OperatorType.Anonymize


#: For ``AnonymizerEngine.add_anonymizer``, one class an action.
OPERATORS: tuple[type[Operator], ...] = tuple(
    type(f"Privet{kind.name.title()}", (_Acting,), {"kind": kind}) for kind, _ in ACTIONS
)
