"""Contacts: the people an organisation may know."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Collate, Lower
from django.utils.translation import gettext_lazy as _

from portal.organisations.scoping import TenantManager

KEY = "C"  # keys compare byte by byte: faster, and prefix searches can use the index


class Origin(models.TextChoices):
    """Where an address comes from (I-01)."""

    OWN_FORM = "own_form", _("Our own form")
    OWN_SALE = "own_sale", _("A sale of ours")
    PARTNER = "partner", _("A partner")
    BOUGHT = "bought", _("A bought list")
    PUBLIC = "public", _("A public source")
    MIGRATION = "migration", _("Another tool of ours")
    API = "api", _("A system of ours")
    STAFF = "staff", _("Entered by a member")


class Contact(models.Model):
    """A person by up to three identities, each unique in the organisation; ids are never reused.

    ``email_key`` is the normalised address (rule v1, `subscribers.contacts.normalising`), ``phone`` is E.164.
    """

    # No constraint: imports would pay a look-up a row for an organisation that their job has locked anyway.
    organisation = models.ForeignKey(
        "portal.Organisation", on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    # Null where there is none: an empty text would be unique, too.
    email = models.CharField(_("e-mail"), max_length=320, null=True, blank=True)  # noqa: DJ001
    email_key = models.CharField(max_length=320, null=True, db_collation=KEY)  # noqa: DJ001
    phone = models.CharField(_("phone"), max_length=20, null=True, blank=True, db_collation=KEY)  # noqa: DJ001
    external_id = models.CharField(_("external id"), max_length=200, null=True, blank=True, db_collation=KEY)  # noqa: DJ001
    first_name = models.CharField(_("first name"), max_length=200, blank=True, db_default="")
    last_name = models.CharField(_("last name"), max_length=200, blank=True, db_default="")
    language = models.CharField(_("language"), max_length=10, blank=True, db_default="", db_collation=KEY)
    country = models.CharField(_("country"), max_length=2, blank=True, db_default="", db_collation=KEY)
    tags = ArrayField(models.CharField(max_length=100), verbose_name=_("tags"), default=list, blank=True, db_default=[])
    attributes = models.JSONField(_("fields"), default=dict, blank=True, db_default={})
    origin = models.CharField(_("origin"), max_length=10, choices=Origin.choices)
    source_import = models.ForeignKey(
        "subscribers.Import", on_delete=models.DO_NOTHING, null=True, db_constraint=False, db_index=False
    )
    # Only what did not come with `source_import`: column or `attributes.<key>` -> number of an import, or an actor.
    provenance = models.JSONField(null=True)
    art14_due = models.DateField(null=True, help_text="until when they must be told where their data is from (G 14(3))")
    art14_sent_at = models.DateTimeField(null=True, help_text="when a message told them (I-08)")
    seed = models.BooleanField(_("seed contact"), default=False, db_default=False)
    restricted_at = models.DateTimeField(null=True, blank=True)
    collected_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(null=True)

    objects = TenantManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "email_key"],
                name="one_contact_an_email",
                condition=models.Q(email_key__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["organisation", "phone"],
                name="one_contact_a_phone",
                condition=models.Q(phone__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["organisation", "external_id"],
                name="one_contact_an_external_id",
                condition=models.Q(external_id__isnull=False),
            ),
            models.CheckConstraint(
                name="contact_has_an_identity",
                condition=models.Q(email_key__isnull=False)
                | models.Q(phone__isnull=False)
                | models.Q(external_id__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "-id"], name="contacts_newest_first"),
            models.Index("organisation", Collate(Lower("last_name"), "C"), "id", name="contacts_by_last_name"),
            models.Index(fields=["organisation"], name="contacts_seeds", condition=models.Q(seed=True)),
            models.Index(
                fields=["organisation", "source_import"],
                name="contacts_by_import",
                condition=models.Q(source_import__isnull=False),
            ),
            models.Index(
                fields=["organisation", "art14_due"],
                name="contacts_to_inform",
                condition=models.Q(art14_due__isnull=False),
            ),
            models.Index(
                fields=["organisation", "source_import"],
                name="contacts_informed",
                condition=models.Q(art14_sent_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"contact:{self.pk}"

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def display_name(self) -> str:
        return self.full_name or self.email or self.phone or self.external_id or f"#{self.pk}"


class TagName(models.Model):
    """The tags in use, for suggestions and filters: a short list kept beside the arrays, so no page scans them."""

    organisation = models.ForeignKey("portal.Organisation", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=100, db_collation=KEY)

    objects = TenantManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "name"], name="one_tag_a_name")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
