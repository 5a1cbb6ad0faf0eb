"""mask: all letters and digits but the last few become asterisks; the shape stays."""

from __future__ import annotations

from proxy.exchange import Action
from proxy.mask.actions.form import Form, Written


def write(form: Form, action: Action, _key: bytes) -> Written | None:
    """``**** **** **** 1111``; None where that would keep more than half of the value."""
    total = sum(map(str.isalnum, form.text))
    if action.keep_last * 2 > total or total == 0:
        return None
    hide = total - action.keep_last
    masked = []
    for character in form.text:
        covered = hide > 0 and character.isalnum()
        hide -= covered
        masked.append("*" if covered else character)
    return Written("".join(masked), token=False, restored=False)
