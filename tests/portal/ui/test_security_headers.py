"""Every answer carries the strict policy, also when something went wrong."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from portal.ui.security import CONTENT_SECURITY_POLICY, SecurityHeadersMiddleware


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/accounts/login/", "/no-such-page", "/ui/gallery"])
def test_pages_carry_the_strict_policy(path: str) -> None:
    response = Client().get(path)
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self'; img-src 'self' data:;")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in response.headers["Permissions-Policy"]


def test_a_view_may_set_its_own_policy() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(headers={"Referrer-Policy": "no-referrer"})

    response = SecurityHeadersMiddleware(view)(RequestFactory().get("/"))
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
