"""The pages on which staff work: plain django.contrib.admin, one file for each part of the directory."""

from __future__ import annotations

from directory.admin import articles, freshness, locations, numbers, organisations, people, places, review, services

__all__ = ["articles", "freshness", "locations", "numbers", "organisations", "people", "places", "review", "services"]
