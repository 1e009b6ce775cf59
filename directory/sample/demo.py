"""The demo user, whom everybody knows: for a demo on one's own machine, refused in production."""

from __future__ import annotations

__all__ = ["DEMO_PASSWORD", "DEMO_USER"]

DEMO_USER, DEMO_PASSWORD = "staff", "waypost-demo"
