"""What can be done with a hidden value: one action a file, from weakest to strongest."""

from __future__ import annotations

from collections.abc import Callable

from proxy.exchange import Action, ActionKind
from proxy.mask.actions import (
    allow,
    block,
    generalise,
    hashed,
    keep_last,
    placeholder,
    pseudonymise,
    redact,
)
from proxy.mask.actions.form import Form, Written

Write = Callable[[Form, Action, bytes], Written | None]

#: A new action is one file and one line here.
ACTIONS: tuple[tuple[ActionKind, Write], ...] = (
    (ActionKind.ALLOW, allow.write),
    (ActionKind.GENERALISE, generalise.write),
    (ActionKind.MASK, keep_last.write),
    (ActionKind.HASH, hashed.write),
    (ActionKind.PSEUDONYMISE, pseudonymise.write),
    (ActionKind.PLACEHOLDER, placeholder.write),
    (ActionKind.REDACT, redact.write),
    (ActionKind.BLOCK, block.write),
)

_BY_KIND = dict(ACTIONS)


def write(form: Form, action: Action, key: bytes) -> Written:
    """What stands for `form` under `action`; a placeholder where the action can't be applied.

    Raises:
        PolicyRefused: the action is `block`.
    """
    return _BY_KIND[action.kind](form, action, key) or placeholder.write(form, action, key)


__all__ = ["ACTIONS", "Form", "Write", "Written", "write"]
