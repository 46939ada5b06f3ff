"""The queues; the worker listens to all of them, and a test sees that it does."""

from __future__ import annotations

from django.db import models


class Queue(models.TextChoices):
    IMPORTS = "imports"
    EXPORTS = "exports"
    DOCUMENTS = "documents"
    MAIL = "mail"
    DEFAULT = "default"
