"""Fields: what an organisation may note about a person besides the basics, each with its justification (I-10)."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.organisations.scoping import TenantManager


class FieldType(models.TextChoices):
    TEXT = "text", _("Text")
    NUMBER = "number", _("Number")
    BOOLEAN = "boolean", _("Yes or no")
    DATE = "date", _("Date")
    DATETIME = "datetime", _("Date and time")
    CHOICE = "choice", _("One choice")
    CHOICES = "choices", _("Several choices")


class Field(models.Model):
    """A declared attribute: its values live in ``Contact.attributes[key]`` in JSON form.

    number -> number; boolean -> true/false; date -> ``YYYY-MM-DD``; datetime -> RFC 3339 UTC; choices -> list of text.
    """

    organisation = models.ForeignKey("portal.Organisation", on_delete=models.CASCADE, related_name="+")
    key = models.CharField(
        _("key"),
        max_length=50,
        validators=[RegexValidator(r"^[a-z][a-z0-9_]*$")],
        help_text=_("Small letters, digits and underscores; used in rules, imports and the API."),
    )
    label = models.CharField(_("label"), max_length=100)
    type = models.CharField(_("type"), max_length=10, choices=FieldType.choices)
    choices = ArrayField(models.CharField(max_length=100), verbose_name=_("choices"), default=list, blank=True)
    justification = models.TextField(
        _("justification"),
        help_text=_("Why the organisation needs this about a person. A field without a reason is not collected."),
    )
    purpose = models.CharField(_("purpose"), max_length=50, blank=True)
    created_at = models.DateTimeField()

    objects = TenantManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "key"], name="one_field_a_key")]
        ordering = ["key"]

    def __str__(self) -> str:
        return self.key
