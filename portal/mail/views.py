"""The mails an embedded instance wrote instead of sending."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from portal.errors import NotFoundError
from portal.mail.outbox import mail_is_written_to_files, written_mails
from portal.organisations.access import HostRequest, host_page


@host_page
def outbox(request: HostRequest) -> HttpResponse:
    """Development only: elsewhere mail is personal data that no operator may read."""
    if not mail_is_written_to_files():
        raise NotFoundError
    return render(request, "portal/mail/outbox.html", {"mails": written_mails()})
