"""``/p/{token}/receipt``: where the person stands, on screen and as a file; no account, and the address masked."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils import timezone, translation
from django_scopes import scope

from consent.preferences.queries import Reader, reader_of
from consent.preferences.views import READING, page, target_of
from consent.receipts.queries import Receipt, standing_receipt
from portal.api.rates import Rate, limit
from portal.errors import NotFoundError
from portal.organisations.models import Organisation
from portal.organisations.queries import logo_inside
from portal.papers import paper

# Drawing a paper costs a hundred times what a page costs.
PAPERS = Rate(10)
View = Callable[..., HttpResponse]


def reading_only(view: View) -> View:
    @wraps(view)
    def read(request: HttpRequest, token: str) -> HttpResponse:
        return view(request, token) if request.method in READING else HttpResponseNotAllowed(READING)

    return read


def standing(reader: Reader, token: str) -> Receipt | None:
    organisation = Organisation.objects.get(pk=reader.target.organisation_id)
    with scope(organisation=organisation):
        return standing_receipt(organisation.pk, reader.target.contact_id, token=token)


@reading_only
def receipt(request: HttpRequest, token: str) -> HttpResponse:
    reader = reader_of(target_of(request, token))
    return page("receipt", reader, token, receipt=standing(reader, token))


@reading_only
def receipt_pdf(request: HttpRequest, token: str) -> HttpResponse:
    """The same as a PDF; ``not_found`` when there is nothing to put on it."""
    target = target_of(request, token)
    limit(f"receipt-pdf:{target.organisation_id}:{target.contact_id}", PAPERS)
    reader = reader_of(target)
    found = standing(reader, token)
    if found is None:
        raise NotFoundError
    zone = ZoneInfo(reader.sender.time_zone)
    with translation.override(reader.language), timezone.override(zone):
        values = {"receipt": found, "organisation_name": reader.sender.name, "sender": reader.sender}
        values["logo"] = logo_inside(reader.sender.slug, reader.sender.logo)
        content = paper("consent/receipts/receipt.html", {**values, "made_at": timezone.now()})
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = 'attachment; filename="receipt.pdf"'
    return response
