"""Hiding values on the way out: numbers, actions, the guard; and putting them back."""

from proxy.mask.guard import check
from proxy.mask.masked import Masked, Restorable
from proxy.mask.masking import Numbering, number
from proxy.mask.restore import Stream
from proxy.mask.restorer import Restorer

__all__ = ["Masked", "Numbering", "Restorable", "Restorer", "Stream", "check", "number"]
