"""A client with what a correct notice needs: an address, a DPO, two purposes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django_scopes import scope

from consent.notices.actions import NoticeDraft, approve_notice, create_notice, submit_notice
from consent.notices.tree import notice_page
from consent.notices.wagtail_models import NoticePage
from consent.purposes.actions import PurposeValues, create_purpose
from portal.accounts.models import User
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from tests.people import actor_of

DRAFT = NoticeDraft(key="signup", title="Sign-up on the web site", purposes=["newsletter", "offers"])


def described(organisation: Organisation) -> Organisation:
    """Address, DPO and two purposes that rest on consent."""
    organisation.postal_address = "1 Main Street\n69001 Lyon"
    organisation.dpo_email = f"dpo@{organisation.slug}.example"
    organisation.save()
    with scope(organisation=organisation):
        for key, name in (("newsletter", "The letter"), ("offers", "Offers of our shops")):
            values = PurposeValues(name=name, basis="consent", channels=["email"], description=f"{name}, once a month.")
            create_purpose(actor=Actor.system(organisation), key=key, values=values)
    return organisation


@pytest.fixture
def client_company(acme: Organisation) -> Organisation:
    return described(acme)


def written(organisation: Organisation, author: User, draft: NoticeDraft = DRAFT) -> NoticePage:
    """A complete draft of this author."""
    with scope(organisation=organisation):
        return create_notice(actor=actor_of(author, organisation), organisation=organisation, draft=draft)


def submitted(organisation: Organisation, author: User, draft: NoticeDraft = DRAFT) -> NoticePage:
    page = written(organisation, author, draft)
    with scope(organisation=organisation):
        submit_notice(actor=actor_of(author, organisation), page=page)
    return fresh(organisation, draft.key)


def published(organisation: Organisation, author: User, officer: User, draft: NoticeDraft = DRAFT) -> NoticePage:
    page = submitted(organisation, author, draft)
    with scope(organisation=organisation):
        approve_notice(actor=actor_of(officer, organisation), page=page)
    return fresh(organisation, draft.key)


def fresh(organisation: Organisation, key: str = "signup") -> NoticePage:
    with scope(organisation=organisation):
        page = notice_page(organisation, key)
    assert page is not None
    return page


def changed_wordings(page: NoticePage, **values: Any) -> str:
    """The draft's blocks with these values in every language, as the editor would save them."""
    draft = page.get_latest_revision_as_object()
    blocks = [
        {"type": block["type"], "value": {**block["value"], **values}, "id": block.get("id")}
        for block in draft.wordings.raw_data
    ]
    return json.dumps(blocks)
