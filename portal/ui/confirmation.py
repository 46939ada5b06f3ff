"""Asking before something that cannot be undone: a dialog with script, this page without."""

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.ui.components import Text

TYPED_FIELD = "confirmation"


def confirmed(request: HttpRequest, *, typed: str = "") -> bool:
    """True for a POST whose typed word, when one is asked for, is the right one."""
    if request.method != "POST":
        return False
    given = request.POST.get(TYPED_FIELD, "").strip()
    return not typed or given.casefold() == typed.strip().casefold()


def confirm_page(
    request: HttpRequest,
    *,
    title: Text,
    text: Text = "",
    action: Text = "",
    typed: str = "",
    back: str = "",
    kind: str = "danger",
    form: BaseForm | None = None,
) -> HttpResponse:
    """The page that asks; after a wrong word it comes again with status 422 and says so."""
    wrong = request.method == "POST"
    context = {
        "title": title,
        "text": text,
        "action": action or title,
        "typed": typed,
        "typed_field": TYPED_FIELD,
        "back": back,
        "kind": kind,
        "form": form,
        "wrong": wrong and not confirmed(request, typed=typed),
    }
    return render(request, "portal/confirm.html", context, status=422 if wrong else 200)
