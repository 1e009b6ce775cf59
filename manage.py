#!/usr/bin/env python
"""Django's command line for the directory: migrate, loadsample, publish, createsuperuser, collectstatic, ..."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command that is named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "directory.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
