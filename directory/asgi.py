"""ASGI entry of the directory: `manage.py serve`, or `uvicorn directory.asgi:application --lifespan off --ws none`."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "directory.settings")
application = get_asgi_application()

from directory.backup.running import hold  # noqa: E402  settings first

hold()
