"""Who is calling: from the header fields of a request to a Principal, or a 401.

Each way of knowing a caller is one file with an `Identify`: virtual keys in keys.py, nobody asked
in anyone.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from proxy.exchange import Principal

#: Header fields -> who is calling; raises errors.Unauthenticated. Field names in any case.
Identify = Callable[[Mapping[str, str]], Principal]
