"""``GET /n/{organisation}/{notice}``: the notice as it stands, or as it stood. No cookie, no script, no session."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation.trans_real import parse_accept_lang_header

from consent.notices.file_answers import A_YEAR, file_answer
from consent.notices.frozen_files import frozen_file
from consent.notices.models import NoticeVersion
from consent.notices.queries import best_wording, wordings_of_version
from portal.errors import NotFoundError
from portal.organisations.models import Organisation

READING = ("GET", "HEAD")


def notice(request: HttpRequest, organisation: str, notice: str) -> HttpResponse:
    """In the reader's language where there is one; ``?language=`` and ``?version=`` choose."""
    if request.method not in READING:
        return HttpResponseNotAllowed(READING)
    sender = Organisation.objects.filter(slug=organisation).first()
    if sender is None:
        raise NotFoundError
    wordings = wordings_of_version(sender.pk, notice, version_asked(request))
    wording = best_wording(wordings, languages_asked(request, sender))
    if wording is None:
        raise NotFoundError
    return page(sender, wording, wordings, asked=version_asked(request))


def notice_file(request: HttpRequest, organisation: str, digest: str) -> HttpResponse:
    """``GET /n/{organisation}/files/{sha256}``: what a published version shows, live or not, and nothing else."""
    if request.method not in READING:
        return HttpResponseNotAllowed(READING)
    sender = Organisation.objects.filter(slug=organisation).first()
    if sender is None:
        raise NotFoundError
    file, content = frozen_file(sender, digest)
    response = file_answer(file, content, caching=A_YEAR)
    response["Cross-Origin-Resource-Policy"] = "cross-origin"  # forms stand on the sites of the organisation, too
    return response


def version_asked(request: HttpRequest) -> int | None:
    asked = request.GET.get("version", "")
    if not asked:
        return None
    if not asked.isascii() or not asked.isdecimal() or len(asked) > 9:
        raise NotFoundError
    return int(asked)


def languages_asked(request: HttpRequest, sender: Organisation) -> list[str]:
    """Chosen, else the browser's in its order, else the organisation's."""
    accepted = [code for code, _weight in parse_accept_lang_header(request.headers.get("Accept-Language", ""))]
    short = [code.partition("-")[0] for code in (request.GET.get("language", ""), *accepted)]
    return [*short, sender.locale]


def page(
    sender: Organisation, wording: NoticeVersion, wordings: list[NoticeVersion], *, asked: int | None
) -> HttpResponse:
    known = dict(settings.LANGUAGES)
    language = wording.language if wording.language in known else settings.LANGUAGE_CODE
    with translation.override(language), timezone.override(sender.zone):
        context = {
            "organisation": sender,
            "version": wording,
            "asked": asked,
            "others": [(each.language, language_name(each.language)) for each in wordings if each != wording],
        }
        return HttpResponse(render_to_string("consent/public/notice.html", context))


def language_name(code: str) -> str:
    return str(translation.get_language_info(code)["name_local"]).capitalize()
