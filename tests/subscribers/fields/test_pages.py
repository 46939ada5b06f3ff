from __future__ import annotations

from django_scopes import scopes_disabled

from portal.accounts.models import User
from portal.organisations.models import Organisation
from subscribers.fields.models import Field
from tests.people import client_of


def test_a_field_is_declared_and_edited(marketer: User, acme: Organisation) -> None:
    browser = client_of(marketer)
    assert "No fields yet" in browser.get("/o/acme/fields/").content.decode()
    form = {"label": "Size", "key": "size", "type": "choice", "choices": "S\nM", "justification": "Fit"}
    assert browser.post("/o/acme/fields/new/", form).status_code == 302
    assert "Size" in browser.get("/o/acme/fields/").content.decode()
    edited = {"label": "Shoe size", "choices": "S\nM\nL", "justification": "Fit"}
    assert browser.post("/o/acme/fields/size/", edited).status_code == 302
    with scopes_disabled():
        assert (Field.objects.get().label, Field.objects.get().choices) == ("Shoe size", ["S", "M", "L"])


def test_a_field_without_a_reason_is_refused_at_its_field(marketer: User, acme: Organisation) -> None:
    answer = client_of(marketer).post("/o/acme/fields/new/", {"label": "Size", "key": "size", "type": "text"})
    assert answer.status_code == 422
    assert "justification" in answer.context["form"].errors


def test_a_viewer_reads_only(viewer: User, acme: Organisation) -> None:
    browser = client_of(viewer)
    assert browser.get("/o/acme/fields/").status_code == 200
    assert browser.get("/o/acme/fields/new/").status_code == 403
