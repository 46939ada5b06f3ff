"""Pages of contacts: the list, one person, and their form."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.errors import DomainError
from portal.organisations.access import MemberRequest, member_page
from portal.organisations.links import organisation_url
from portal.organisations.roles import Capability
from portal.ui.csv_files import csv_response
from portal.ui.forms import add_problems
from subscribers.contacts.actions import mark_seed, record_export, save_contact, update_contact
from subscribers.contacts.forms import FIELD_PREFIX, ContactForm, initial_of, locale
from subscribers.contacts.listing import CONTACTS, contacts_of, download_rows
from subscribers.contacts.models import Contact, Origin
from subscribers.contacts.queries import contact_of, estimated_total
from subscribers.contacts.sections import ContactSection, sections_for
from subscribers.fields.queries import declared_fields
from subscribers.imports.models import UpdateRule
from subscribers.timeline import timeline_of

TIMELINE_LENGTH = 50


@member_page(Capability.CONTACTS_VIEW)
def contact_list(request: MemberRequest) -> HttpResponse:
    """Everybody the organisation knows."""
    listing = CONTACTS.read(request)
    listing.load(contacts_of(request.organisation, listing))
    context = {
        "listing": listing,
        "total": None if listing.narrowed else estimated_total(request.organisation),
        "may_edit": request.actor.may(Capability.CONTACTS_EDIT),
        "may_import": request.actor.may(Capability.IMPORTS_RUN),
        "may_export": request.actor.may(Capability.PERSONAL_DATA_EXPORT),
        "query": request.GET.urlencode(),
    }
    return render(request, "subscribers/contact_list.html", context)


@member_page(Capability.PERSONAL_DATA_EXPORT)
def contact_download(request: MemberRequest) -> HttpResponseBase:
    """The same list as a file, all of it, written while it is read."""
    listing = CONTACTS.read(request)
    record_export(
        actor=request.actor,
        organisation=request.organisation,
        filters=listing.filters,
        searched=bool(listing.search),
    )
    keys = [row.key for row in declared_fields()]
    return csv_response(download_rows(request.organisation, listing, keys), name="contacts.csv")


@member_page(Capability.CONTACTS_VIEW)
def contact_detail(request: MemberRequest, contact_id: int) -> HttpResponse:
    """One person, everything this member may see."""
    now = timezone.now()
    contact = contact_of(request.organisation, contact_id)
    drawn = [(section, section_html(request, section, contact)) for section in sections_for(request.actor)]
    page = timeline_of(request.organisation, contact.pk, cursor=request.GET.get("older") or None, limit=TIMELINE_LENGTH)
    context = {
        "contact": contact,
        "now": now,
        "language": locale().languages.get(contact.language or "", contact.language),
        "country": locale().territories.get(contact.country or "", contact.country),
        "attributes": [(row.label, contact.attributes.get(row.key)) for row in declared_fields()],
        "main_sections": [pair for pair in drawn if pair[0].column == "main"],
        "side_sections": [pair for pair in drawn if pair[0].column == "side"],
        "timeline": [happening.entry() for happening in page.happenings],
        "older": page.next_cursor,
        "may_edit": request.actor.may(Capability.CONTACTS_EDIT),
        "may_copy": request.actor.may(Capability.PERSONAL_DATA_EXPORT),
    }
    return render(request, "subscribers/contact_detail.html", context)


def section_html(request: HttpRequest, section: ContactSection, contact: Contact) -> str:
    organisation = contact.organisation
    context = {"contact": contact, **section.context(organisation, contact, timezone.now())}
    return render_to_string(section.template, context, request=request)


@member_page(Capability.CONTACTS_EDIT)
def contact_create(request: MemberRequest) -> HttpResponse:
    """Enter one person by hand."""
    form = ContactForm(request.POST or None, declared=list(declared_fields()))
    if request.method == "POST" and form.is_valid():
        try:
            contact, created = save_contact(
                actor=request.actor,
                organisation=request.organisation,
                values=form.values(),
                update=UpdateRule.FILL,
                origin=Origin.STAFF,
            )
        except DomainError as error:
            add_contact_problems(form, error)
        else:
            known = _("This person was known already: what was empty has been filled in.")
            messages.success(request, _("The contact has been created.") if created else known)
            return to_contact(request, contact.pk)
    return contact_form(request, form, contact=None)


@member_page(Capability.CONTACTS_EDIT)
def contact_edit(request: MemberRequest, contact_id: int) -> HttpResponse:
    """Change what is said of a person."""
    contact = contact_of(request.organisation, contact_id)
    form = ContactForm(request.POST or None, initial=initial_of(contact), declared=list(declared_fields()))
    if request.method == "POST" and form.is_valid():
        try:
            update_contact(
                actor=request.actor,
                organisation=request.organisation,
                contact_id=contact.pk,
                values=form.values(),
            )
        except DomainError as error:
            add_contact_problems(form, error)
        else:
            messages.success(request, _("The contact has been changed."))
            return to_contact(request, contact.pk)
    return contact_form(request, form, contact=contact)


def contact_form(request: MemberRequest, form: ContactForm, *, contact: Contact | None) -> HttpResponse:
    status = 422 if form.errors else 200
    context = {"form": form, "contact": contact}
    return render(request, "subscribers/contact_form.html", context, status=status)


def add_contact_problems(form: ContactForm, error: DomainError) -> None:
    """As for any form, with the problems of declared fields at their inputs."""
    for problem in error.errors:
        if len(problem.loc) == 2 and problem.loc[0] == "attributes":
            form.add_error(f"{FIELD_PREFIX}{problem.loc[1]}", str(problem.detail))
    left = [problem for problem in error.errors if problem.loc[:1] != ("attributes",)]
    if left or not error.errors:
        add_problems(form, type(error)(error.detail, errors=left))


@require_POST
@member_page(Capability.CONTACTS_EDIT)
def contact_seed(request: MemberRequest, contact_id: int) -> HttpResponse:
    """Make the contact a seed, or an ordinary one again."""
    wanted = request.POST.get("seed") == "1"
    mark_seed(actor=request.actor, organisation=request.organisation, contact_id=contact_id, seed=wanted)
    marked, unmarked = _("This is now a seed contact."), _("This is no longer a seed contact.")
    messages.success(request, marked if wanted else unmarked)
    return to_contact(request, contact_id)


def to_contact(request: MemberRequest, contact_id: int) -> HttpResponse:
    return redirect(organisation_url(request.organisation, "subscribers:contact_detail", contact_id=contact_id))
