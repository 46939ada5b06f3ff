"""Reads for the frame around every page."""

from django_scopes import scopes_disabled

from portal.organisations.models import Organisation


def organisations_of(user_id: int) -> list[Organisation]:
    """The organisations a user is a member of today, by name."""
    with scopes_disabled():
        found = Organisation.objects.filter(memberships__user_id=user_id, memberships__ended_at=None)
        return list(found.order_by("name").only("slug", "name"))
