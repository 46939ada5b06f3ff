"""A refusal reaches people as a page with its code, and htmx as a fragment."""

from dataclasses import replace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory
from pytest_django.fixtures import Settings

from portal.accounts.models import User
from portal.errors import FieldProblem, InvalidInputError, PermissionDeniedError
from portal.organisations.models import Organisation
from portal.ui.errors import DomainErrorMiddleware, csrf_failure, error_page
from tests.people import client_of


def request_of(**headers: str) -> object:
    request = RequestFactory().get("/", headers=headers)
    request.user = AnonymousUser()
    return request


def test_a_domain_error_becomes_a_page_with_its_code() -> None:
    response = error_page(request_of(), PermissionDeniedError())  # type: ignore[arg-type]
    text = response.content.decode()
    assert response.status_code == 403
    assert "<code>permission_denied</code>" in text
    assert text.count("<h1") == 1


def test_htmx_gets_a_fragment_with_every_problem() -> None:
    error = InvalidInputError(errors=[FieldProblem(("name",), "too_long", "This name is too long.")])
    response = error_page(request_of(**{"HX-Request": "true"}), error)  # type: ignore[arg-type]
    text = response.content.decode()
    assert "<html" not in text
    assert "This name is too long." in text


def test_other_exceptions_are_left_to_django() -> None:
    middleware = DomainErrorMiddleware(lambda request: None)  # type: ignore[arg-type,return-value]
    assert middleware.process_exception(request_of(), ValueError()) is None  # type: ignore[arg-type]


def test_an_old_form_is_explained() -> None:
    response = csrf_failure(request_of())  # type: ignore[arg-type]
    assert response.status_code == 403
    assert b"form_expired" in response.content


@pytest.mark.django_db
def test_a_stranger_is_told_there_is_nothing(acme: Organisation, stranger: User) -> None:
    response = client_of(stranger).get("/o/acme/")
    assert response.status_code == 404
    assert b"Acme" not in response.content


@pytest.mark.django_db
def test_a_wrong_address_is_a_plain_page() -> None:
    response = Client().get("/no-such-page")
    assert response.status_code == 404
    assert b"<h1>There is nothing here.</h1>" in response.content


@pytest.mark.django_db
def test_an_upload_above_the_limit_is_refused_before_it_is_read(
    acme: Organisation, marketer: User, settings: Settings
) -> None:
    settings.ACCORD = replace(settings.ACCORD, upload_limit=10)
    response = client_of(marketer).generic(
        "POST", "/o/acme/imports/new", b"", "multipart/form-data; boundary=x", CONTENT_LENGTH=str(2 * 1024**2)
    )
    assert response.status_code == 413
    assert b"<h1>This file is too large.</h1>" in response.content


@pytest.mark.django_db
def test_fields_that_fill_the_memory_are_too_large(marketer: User, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    response = client_of(marketer).post("/accounts/login/", {"login": "x" * 100})
    assert response.status_code == 413
