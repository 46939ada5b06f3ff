"""Pages of fields."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from portal.errors import DomainError
from portal.organisations.access import MemberRequest, member_page
from portal.organisations.links import organisation_url
from portal.organisations.roles import Capability
from portal.ui.forms import add_problems
from subscribers.fields.actions import FieldValues, create_field, update_field
from subscribers.fields.forms import FieldForm
from subscribers.fields.models import Field
from subscribers.fields.queries import declared_fields, field_of


@member_page(Capability.FIELDS_VIEW)
def field_list(request: MemberRequest) -> HttpResponse:
    """What the organisation notes about people, and why."""
    context = {"fields": declared_fields(), "may_edit": request.actor.may(Capability.FIELDS_EDIT)}
    return render(request, "subscribers/field_list.html", context)


@member_page(Capability.FIELDS_EDIT)
def field_create(request: MemberRequest) -> HttpResponse:
    """Declare a field."""
    form = FieldForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = {**form.cleaned_data, "choices": form.choice_lines()}
        try:
            create_field(actor=request.actor, organisation=request.organisation, values=FieldValues(**given))
        except DomainError as error:
            add_problems(form, error)
        else:
            messages.success(request, _("The field has been declared."))
            return redirect(organisation_url(request.organisation, "subscribers:field_list"))
    return field_form(request, form, field=None)


@member_page(Capability.FIELDS_EDIT)
def field_edit(request: MemberRequest, key: str) -> HttpResponse:
    """Change the words of a field, or add choices."""
    field = field_of(key)
    form = FieldForm(request.POST or None, field=field)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            update_field(
                actor=request.actor,
                field=field,
                label=given["label"],
                justification=given["justification"],
                choices=form.choice_lines() or None,
                purpose=given["purpose"],
            )
        except DomainError as error:
            add_problems(form, error)
        else:
            messages.success(request, _("The field has been changed."))
            return redirect(organisation_url(request.organisation, "subscribers:field_list"))
    return field_form(request, form, field=field)


def field_form(request: MemberRequest, form: FieldForm, *, field: Field | None) -> HttpResponse:
    status = 422 if form.errors else 200
    return render(request, "subscribers/field_form.html", {"form": form, "field_row": field}, status=status)
