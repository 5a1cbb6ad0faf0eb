"""placeholder: a numbered name, restored in the answer."""

from __future__ import annotations

from proxy.exchange import Action
from proxy.mask.actions.form import Form, Written


def write(form: Form, _action: Action, _key: bytes) -> Written:
    """``PERSON_1``, or ``PERSON_1b`` for another spelling of the same value."""
    return Written(f"{form.name}_{form.number}{form.letter}", token=True, restored=True)
