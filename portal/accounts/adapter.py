"""How allauth behaves here: no open sign-up, and e-mails in the person's language."""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from portal.accounts.models import User
from portal.mail.actions import Letter, queue_letter
from portal.organisations.links import absolute


class AccountAdapter(DefaultAccountAdapter):
    """People come by invitation; signing in leads to the start page, which knows where they belong."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return "/"

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        return str(settings.LOGIN_URL)

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """Go on in the language the person chose in their profile."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        if user.language:
            response.set_cookie(settings.LANGUAGE_COOKIE_NAME, user.language, max_age=365 * 86400, samesite="Lax")
        return response

    def format_email_subject(self, subject: str) -> str:
        return f"Accord: {subject}"

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Links in mails are made from ``ACCORD_BASE_URL``, never from the host a visitor's request names."""
        path = urlsplit(super().get_reset_password_from_key_url(key)).path
        return absolute(path)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue allauth's message like every other one: sealed until sent, with retries, in the person's language."""
        user = context.get("user")
        language = getattr(user, "language", "") or translation.get_language() or settings.LANGUAGE_CODE
        with translation.override(language):
            message = self.render_mail(template_prefix, email, {"email": email, "request": self.request, **context})
        html = [str(content) for content, kind in getattr(message, "alternatives", []) if kind == "text/html"]
        letter = Letter(to=email, subject=message.subject, text=str(message.body), html="".join(html))
        queue_letter(organisation=None, template=template_prefix.rpartition("/")[2], language=language, letter=letter)
