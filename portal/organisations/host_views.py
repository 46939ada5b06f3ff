"""Pages of the host's operators."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_scopes import scopes_disabled

from portal.errors import DomainError
from portal.jobs.models import Job
from portal.organisations.access import HostRequest, host_page
from portal.organisations.provisioning import open_organisation
from portal.organisations.queries import organisation_summaries
from portal.ui.forms import add_problems


class NewOrganisationForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    slug = forms.SlugField(
        label=gettext_lazy("Short name in addresses"),
        max_length=50,
        help_text=gettext_lazy("Small letters, digits and hyphens; it can't be changed later."),
    )
    owner = forms.EmailField(label=gettext_lazy("E-mail of the owner"), help_text=gettext_lazy("Gets an invitation."))
    locale = forms.ChoiceField(label=gettext_lazy("Language"), choices=settings.LANGUAGES)


@host_page
def organisation_list(request: HostRequest) -> HttpResponse:
    return render(request, "portal/host/organisations.html", {"organisations": organisation_summaries()})


@host_page
def organisation_new(request: HostRequest) -> HttpResponse:
    form = NewOrganisationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            open_organisation(actor=request.actor, **form.cleaned_data)
        except DomainError as error:
            add_problems(form, error)
        else:
            messages.success(request, _("The organisation is made; its owner has been invited."))
            return redirect("host:organisation_list")
    return render(request, "portal/host/new_organisation.html", {"form": form})


@host_page
def job_list(request: HostRequest) -> HttpResponse:
    """The newest jobs of everybody: kinds and states, no content."""
    with scopes_disabled():
        jobs = list(Job.objects.select_related("organisation").order_by("-pk")[:200])
    return render(request, "portal/host/jobs.html", {"jobs": jobs})
