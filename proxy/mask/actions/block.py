"""block: decided by policy before anything is written; here it can only refuse."""

from __future__ import annotations

from proxy.errors import PolicyRefused
from proxy.exchange import Action
from proxy.mask.actions.form import Form, Written


def write(_form: Form, _action: Action, _key: bytes) -> Written | None:
    """Never returns.

    Raises:
        PolicyRefused: always. An endpoint with a blocked entity isn't eligible in the first place.
    """
    raise PolicyRefused("Policy blocks a kind of data that this request holds.")
