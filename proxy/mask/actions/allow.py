"""allow: the value is shown."""

from __future__ import annotations

from proxy.exchange import Action
from proxy.mask.actions.form import Form, Written


def write(form: Form, _action: Action, _key: bytes) -> Written:
    """The value itself."""
    return Written(form.text, token=False, restored=False, hidden=False)
