"""The words under which staff find a service, gathered into one row so that a search reads one small table."""

from __future__ import annotations

from django.db import models

from directory.models.services import Service

__all__ = ["ServiceSearch"]


class ServiceSearch(models.Model):
    """Derived by `directory.search` and never edited: names in all languages, organisation, cities, areas, contacts, public id.

    An address is not among them, so a confidential one cannot be found by searching.
    """

    service = models.OneToOneField(Service, models.CASCADE, primary_key=True, related_name="search")
    words = models.TextField()

    class Meta:
        verbose_name = "index of the search"
        verbose_name_plural = "index of the search"

    def __str__(self) -> str:
        return self.words[:80]
