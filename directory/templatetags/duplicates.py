"""On the page of a service: that it was merged into another, or which ids lead to it."""

from __future__ import annotations

from typing import Any

from django import template

from directory.duplicates.identity import survivor_of
from directory.models import Service

register = template.Library()


@register.inclusion_tag("duplicates/merged.html")
def merged(service: Service | None) -> dict[str, Any]:
    """Nothing on the page of a new service."""
    if not service:
        return {}
    return {"kept": survivor_of(service), "former": service.former_ids.all()}
