"""What a message says of itself."""

from datetime import UTC, datetime

from portal.mail.actions import rendered
from portal.organisations.models import Organisation


def test_a_screen_reader_is_told_the_language_of_a_message() -> None:
    context = {
        "organisation": Organisation(name="Acme"),
        "url": "https://accord.example/i/1",
        "expires_at": datetime(2026, 3, 5, tzinfo=UTC),
    }
    letter = rendered(template="invitation", to="ada@example.org", language="fr", context=context)
    assert '<html lang="fr">' in letter.html
    assert "rejoindre Acme" in letter.text
