from __future__ import annotations

import json

from portal.accounts.models import User
from portal.audit.models import AuditEntry
from portal.organisations.models import Organisation
from subscribers.contacts.models import Contact
from tests.people import client_of


def test_the_dpo_sees_and_downloads_all_that_is_held(dpo: User, acme: Organisation, ada: Contact) -> None:
    browser = client_of(dpo)
    page = browser.get(f"/o/acme/contacts/{ada.pk}/copy/")
    assert page.status_code == 200
    assert "Ada.Martin@example.org" in page.content.decode()
    answer = browser.get(f"/o/acme/contacts/{ada.pk}/copy.json")
    document = json.loads(answer.content)
    assert document["format"] == "accord-copy/1"
    assert document["held"]["contact"]["phone"] == "+33612345678"
    assert "attachment" in answer["Content-Disposition"]
    actions = AuditEntry.objects.order_by("pk").values_list("action", "target_id", "user_id")
    assert list(actions) == [
        ("contact.copy_viewed", str(ada.pk), dpo.pk),
        ("contact.copied", str(ada.pk), dpo.pk),
    ]


def test_a_marketer_may_not(marketer: User, acme: Organisation, ada: Contact) -> None:
    assert client_of(marketer).get(f"/o/acme/contacts/{ada.pk}/copy/").status_code == 403
    assert "copy/" not in client_of(marketer).get(f"/o/acme/contacts/{ada.pk}/").content.decode()


def test_a_person_of_another_organisation_is_not_there(dpo: User, acme: Organisation, ada_elsewhere: Contact) -> None:
    assert client_of(dpo).get(f"/o/acme/contacts/{ada_elsewhere.pk}/copy.json").status_code == 404
