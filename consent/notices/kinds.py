"""What a notice is for."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class NoticeKind(models.TextChoices):
    COLLECTION = "collection", _("Information notice")
    PRIVACY_POLICY = "privacy_policy", _("Privacy policy")
    LEGAL_NOTICE = "legal_notice", _("Legal notice")
    COOKIES = "cookies", _("Cookie page")
