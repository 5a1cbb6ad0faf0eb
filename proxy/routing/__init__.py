"""Which endpoints may answer for a model, and in which order they are tried."""

from proxy.routing.catalogue import Catalogue
from proxy.routing.health import Health

__all__ = ["Catalogue", "Health"]
