"""The models that callers may ask for: each a name and an ordered list of endpoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from proxy.errors import NotFound
from proxy.exchange import Endpoint


@dataclass(frozen=True, slots=True)
class Catalogue:
    """`models:` of privet.yaml.

    Attributes:
        models: name -> endpoints, in order of preference.
        any_model: a provider that takes every other name as it is (``privet demo --upstream``).
    """

    models: Mapping[str, Sequence[Endpoint]] = field(default_factory=dict)
    any_model: str | None = None

    def endpoints(self, model: str) -> tuple[Endpoint, ...]:
        """The candidates for a model, preferred first.

        Raises:
            NotFound: nobody configured a model of that name.
        """
        listed = self.models.get(model)
        if listed:
            return tuple(listed)
        if self.any_model is not None:
            return (Endpoint(self.any_model, model),)
        failure = NotFound(
            "There is no such model here.", hint="GET /v1/models lists the models you may use."
        )
        failure.code = "model_not_found"
        raise failure
