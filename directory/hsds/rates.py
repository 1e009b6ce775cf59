"""The setting of how often one address may ask, checked when the program starts."""

from __future__ import annotations

import re

from django.core.exceptions import ImproperlyConfigured

__all__ = ["rate"]


def rate(value: str) -> str:
    """A rate as Django REST Framework writes it (`120/min`). Raises ImproperlyConfigured for anything else."""
    if not re.fullmatch(r"[1-9][0-9]{0,6}/(sec|min|hour|day)", value):
        raise ImproperlyConfigured(
            f"WAYPOST_HSDS_RATE: {value!r}: expected a number and sec, min, hour or day: 120/min"
        )
    return value
