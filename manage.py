#!/usr/bin/env python3
"""Accord's commands: `python manage.py help`."""

import os
import sys


def main() -> None:
    from portal import embedded

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    try:
        embedded.hold_unless_given()
    except embedded.ServicesError as error:
        sys.exit(str(error))
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"Accord's settings are not right: {error}")


if __name__ == "__main__":
    main()
