"""What puts values back into the answer to one request: in whole strings, and in streams of them.

Invariant: only values of the caller's own request come back, as its mapping says.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Container, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType

from proxy.exchange import ANY, Author, Channel, TextPart, ToolRestore
from proxy.mask import exfil, grammar
from proxy.mask.masked import Restorable
from proxy.mask.restore import Stream
from proxy.mask.surrogates import Surrogates
from proxy.mask.withhold import literals


class Restorer:
    """Restores the answer to one request, through that request's mapping only."""

    def __init__(
        self,
        mapping: Restorable,
        parts: Sequence[TextPart],
        hosts: Collection[str] = (),
        tools: Mapping[str, ToolRestore] = MappingProxyType({}),
    ) -> None:
        """Restore by `mapping`.

        Args:
            parts: the request's, as the caller sent them.
            hosts: those that policy lists besides what the caller mentioned.
            tools: tool or ANY -> whether its arguments get real values.
        """
        self.mapping = mapping
        self._tools = tools
        self._texts = [part.text for part in parts]
        said = [part.text for part in parts if part.author in (Author.OPERATOR, Author.USER)]
        self.hosts: Container[str] = exfil.KnownHosts(said, hosts)
        self._typed: dict[str, bool] = {}

    def text(self, text: str, channel: Channel) -> str:
        """A whole string, restored."""
        if "_" not in text and not (self.mapping.digits or self.mapping.surrogates):
            return text  # every spelling of a token has an underscore
        return self.stream(channel).whole(text)

    def stream(self, channel: Channel) -> Stream:
        """A restorer for one string that arrives in pieces: one choice, block or tool call."""
        return Stream(self, channel)

    def for_tool(self, name: str) -> Restorer:
        """What restores the arguments of this tool (its real name)."""
        mode = self._tools.get(name, self._tools.get(ANY, "known_hosts"))
        if mode == "known_hosts":
            return self
        other = copy.copy(self)
        if mode == "always":
            other.hosts = exfil.EVERY_HOST
        else:
            for known in ("beginnings", "surrogates"):
                other.__dict__.pop(known, None)
            other.mapping = literals(self.mapping)
        return other

    def typed(self, token: str) -> bool:
        """Whether the caller's own text holds this token, so that only the exact form is ours."""
        known = self._typed.get(token)
        if known is None:
            # Bounds don't count here: what is hidden beside it may leave it bounded.
            known = any(token in grammar.plain(text) for text in self._texts)
            self._typed[token] = known
        return known

    @cached_property
    def surrogates(self) -> Surrogates:
        """What finds surrogates in a text, and the beginning of one at its end."""
        return Surrogates(self.mapping.surrogates)

    @cached_property
    def beginnings(self) -> frozenset[str]:
        """Every beginning of every token, and of every surrogate."""
        whole = (*self.mapping.tokens, *self.mapping.digits)
        return frozenset(token[:length] for token in whole for length in range(1, len(token) + 1))
