"""Hiding values on the way out: numbers, actions, the guard; and putting them back."""

from proxy.mask.guard import check
from proxy.mask.masking import Masked, Numbering, Restorable, number
from proxy.mask.restore import Restorer, Stream

__all__ = ["Masked", "Numbering", "Restorable", "Restorer", "Stream", "check", "number"]
