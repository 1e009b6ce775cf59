"""WSGI entry of the directory, for servers such as gunicorn: `gunicorn directory.wsgi`."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "directory.settings")
application = get_wsgi_application()

from directory.backup.running import hold  # noqa: E402  settings first

hold()
