"""Which column holds what: guessed from names and values, unsure where it is."""

from __future__ import annotations

from typing import Any

import pytest

from subscribers.imports.columns.guessing import guess_dates
from subscribers.imports.columns.mapping import TARGETS, Guess, guess_mapping, mapping_problems, require_identity
from subscribers.imports.columns.suggesting import suggest_field
from subscribers.imports.problems import NoIdentityColumnError


def guessed(table: str, fields: dict[str, str] | None = None, file_name: str = "people.csv") -> Guess:
    """The guess for a table written with `|` and one line a row."""
    header, *lines = [line.strip() for line in table.strip().splitlines()]
    rows = [[cell.strip() for cell in line.split("|")] for line in lines]
    return guess_mapping([name.strip() for name in header.split("|")], rows, fields or {}, file_name)


def unsure(guess: Guess) -> list[str]:
    return [doubt.removeprefix("mapping:") for doubt in guess.doubts]


@pytest.mark.parametrize(
    "header",
    [
        "External ID|First Name|Last Name|Email Address|Mobile|Language|Country|Tags|Opt-in date|Opt-in IP",
        "N° client|Prénom|Nom|Adresse e-mail|Téléphone portable|Langue|Pays|Étiquettes|Inscrit le|IP inscription",
        "Kundennr.|Vorname|Nachname|E-Mail-Adresse|Handynummer|Sprache|Land|Schlagworte|Angemeldet am|Anmelde-IP",
        "ID cliente|Nombre|Apellidos|Correo electrónico|Móvil|Idioma|País|Etiquetas|Fecha de alta|IP de alta",
        "Codice cliente|Nome|Cognome|Indirizzo e-mail|Cellulare|Lingua|Paese|Etichette|Data consenso|IP iscrizione",
        "Klantnummer|Voornaam|Achternaam|E-mailadres|Mobiel|Taal|Land|Groepen|Inschrijfdatum|IP inschrijving",
    ],
    ids=["en", "fr", "de", "es", "it", "nl"],
)
def test_names_of_six_languages_are_known(header: str) -> None:
    guess = guessed(header)
    assert list(guess.mapping.values()) == [
        "external_id", "first_name", "last_name", "email", "phone", "language", "country", "tags",
        "consent.occurred_at", "consent.ip",
    ]  # fmt: skip
    assert guess.doubts == []


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("Unsubscribed", "consent.status"),
        ("Désabonné le", "consent.withdrawn_at"),
        ("Abgemeldet am", "consent.withdrawn_at"),
        ("Form URL", "consent.form_url"),
        ("Texte du consentement", "consent.text"),
        ("Finalité", "consent.purpose"),
        ("Kanal", "consent.channel"),
        ("sha256", "suppression.sha256"),
        ("Email MD5", "suppression.md5"),
        ("hasOptedOutOfEmail", "consent.status"),
        ("consent.ip", "consent.ip"),
    ],
)
def test_what_a_row_says_of_consent_has_names_too(header: str, target: str) -> None:
    assert guessed(header).mapping == {header: target}


@pytest.mark.parametrize(
    ("header", "targets"),
    [
        (
            "Record ID|First Name|Last Name|Email|Phone Number|Mobile Phone Number|Lead Status|Country/Region",
            ["external_id", "first_name", "last_name", "email", None, "phone", None, "country"],
        ),
        (
            "Email|Klaviyo ID|First Name|Email Marketing Consent|Email Marketing Consent Timestamp",
            ["email", None, "first_name", "consent.status", "consent.occurred_at"],
        ),
        ("Subscriber|Name|Last name|Subscribed", ["email", None, "last_name", "consent.status"]),
        ("firstname|lastname|email|mobile|preferred_locale", ["first_name", "last_name", "email", "phone", "language"]),
        (
            "Name|Given Name|Family Name|Group Membership|E-mail 1 - Value|Phone 1 - Value",
            [None, "first_name", "last_name", "tags", "email", "phone"],
        ),
        (
            "First Name|Last Name|E-mail Address|E-mail 2 Address|Mobile Phone|Home Phone|Categories",
            ["first_name", "last_name", "email", None, "phone", None, "tags"],
        ),
        (
            "uid|email|email 2|first name|last name|full name|phone|birthday|language|tags",
            ["external_id", "email", None, "first_name", "last_name", None, "phone", None, "language", "tags"],
        ),
        (
            "Email|Accepts Email Marketing|Phone|Accepts SMS Marketing",
            ["email", "consent.status", "phone", "consent.status"],
        ),
    ],
    ids=["hubspot", "klaviyo", "mailerlite", "mautic", "google", "outlook", "vcard", "shopify"],
)
def test_exports_of_other_tools_are_understood(header: str, targets: list[str | None]) -> None:
    assert list(guessed(header).mapping.values()) == targets


def test_declared_fields_win_over_known_names() -> None:
    guess = guessed("E-mail | Mobile | Shoe size", {"mobile": "Mobile", "shoe_size": "Shoe size"})
    assert guess.mapping == {"E-mail": "email", "Mobile": "attributes.mobile", "Shoe size": "attributes.shoe_size"}


def test_values_tell_where_names_say_nothing_and_that_is_a_doubt() -> None:
    guess = guessed(
        """column 1 | column 2 | column 3 | column 4 | column 5 | column 6
        ada@example.org | Ada | 06 12 34 56 78 | FR | fr | 192.0.2.1
        ben@example.org | Ben | 07 12 34 56 78 | BE | nl | 192.0.2.7
        cleo@example.org | Cleo | | DE | de | 2001:db8::1"""
    )
    assert list(guess.mapping.values()) == ["email", None, "phone", "country", "language", "consent.ip"]
    assert unsure(guess) == ["column 1", "column 3", "column 4", "column 5", "column 6"]


def test_numbers_of_customers_are_no_phones() -> None:
    guess = guessed("email | a | b\na@x.example | 0000012345 | 100001\nb@x.example | 0000012346 | 100002")
    assert guess.mapping == {"email": "email", "a": None, "b": None}


def test_a_name_that_the_values_speak_against_is_not_believed() -> None:
    guess = guessed(
        """mail | sms | optin | désabonné | consent
        1 | 0 | 2024-01-31 | 2025-01-31 | email
        0 | 1 | 2024-02-01 | | email, sms
        1 | 1 | 2024-02-02 | | sms"""
    )
    assert guess.mapping == {
        "mail": "consent.status", "sms": "consent.status", "optin": "consent.occurred_at",
        "désabonné": "consent.withdrawn_at", "consent": "consent.channel",
    }  # fmt: skip
    assert unsure(guess) == list(guess.mapping)


def test_the_status_of_an_order_is_none_of_a_consent() -> None:
    guess = guessed("email | status\na@x.example | shipped\nb@x.example | paid\nc@x.example | open")
    assert guess.mapping["status"] is None
    assert unsure(guess) == ["status"]
    assert guessed("email | Order status\na@x.example | pending").mapping["Order status"] is None


def test_a_whole_name_is_nobodys_last_name() -> None:
    whole = "Prénom | {name}\nAda | Ada Martin\nBen | Ben Schmidt"
    for name in ("name", "Nom", "Nom complet"):
        guess = guessed(whole.format(name=name))
        assert guess.mapping == {"Prénom": "first_name", name: None}
        assert unsure(guess) == [name]
    assert guessed("email | name\na@x.example | Martin").mapping["name"] == "last_name"


def test_numbers_of_rows_are_no_identities() -> None:
    rows = "\n".join(f"{number} | a{number}@x.example" for number in range(1, 5))
    guess = guessed(f"id | email\n{rows}")
    assert guess.mapping["id"] is None
    assert unsure(guess) == ["id"]
    assert guessed("id | email\n4711 | a@x.example\n4711b | b@x.example").mapping["id"] == "external_id"


def test_hashes_are_addresses_only_where_there_is_no_other_identity() -> None:
    digest = "0123456789abcdef" * 2
    assert guessed(f"hash\n{digest}").mapping == {"hash": "suppression.md5"}
    assert guessed(f"a\n{digest * 2}").mapping == {"a": "suppression.sha256"}
    assert guessed(f"email | token\na@x.example | {digest}").mapping["token"] is None


def test_several_columns_may_say_what_somebody_wants() -> None:
    guess = guessed("email | optin_email | optin_sms\na@x.example | 1 | 0")
    assert list(guess.mapping.values()) == ["email", "consent.status", "consent.status"]
    assert mapping_problems(guess.mapping, guess.mapping, []) == []


def test_no_other_target_is_given_twice() -> None:
    guess = guessed("email | e-mail | courriel | tags | labels\na@x.example|b@x.example|c@x.example|x|y")
    assert list(guess.mapping.values()) == ["email", None, None, "tags", None]
    problems = mapping_problems({"a": "email", "b": "email", "c": "nonsense"}, ["a", "b"], [])
    assert [problem.code for problem in problems] == ["target_taken", "unknown_column"]


def test_who_names_an_unknown_column_is_told_those_there_are() -> None:
    problem = mapping_problems({"mail": "email"}, ["e-mail", "name"], [])[0]
    assert problem.detail == "The file has no column of this name. It has: e-mail, name."
    problem = mapping_problems({"mail": "email"}, [f"column {number}" for number in range(1, 100)], [])[0]
    assert problem.detail.endswith("column 49, column 50….")


@pytest.mark.parametrize("target", ["email", "phone", "external_id", "suppression.sha256", "suppression.md5"])
def test_somebody_must_be_recognisable(target: str) -> None:
    require_identity({"a": target})
    with pytest.raises(NoIdentityColumnError):
        require_identity({"a": "first_name", "b": None})


def test_every_guess_is_a_target() -> None:
    guess = guessed("E-mail | Newsletter | Consent IP | Purpose | Channel | Consent text | Form URL | Unsub time")
    assert set(guess.mapping.values()) <= set(TARGETS)


@pytest.mark.parametrize(
    ("column", "values", "field"),
    [
        ("CODE_POSTAL", ["75001", "01000"], ("code_postal", "Code postal", "text", [])),
        ("Points (total)", ["12", "1 234,50", "-3"], ("points_total", "Points (total)", "number", [])),
        ("VIP ?", ["oui", "non", "oui"], ("vip", "VIP ?", "boolean", [])),
        ("birthDate", ["03/02/1990", "1990-02-03"], ("birth_date", "birthDate", "date", [])),
        ("last visit", ["2026-01-31 10:30", "2026-02-01 08:00"], ("last_visit", "Last visit", "datetime", [])),
        ("2nd phone", ["0612345678"], ("field_2nd_phone", "2nd phone", "text", [])),
        ("Taille", ["S", "M", "s", "L"] * 3, ("taille", "Taille", "choice", ["S", "M", "L"])),
        ("Interests", ["a, b", "b", "a", "c, a"] * 3, ("interests", "Interests", "choices", ["a", "b", "c"])),
        ("note", ["likes tea", "came twice"], ("note", "Note", "text", [])),
        ("日本", [], ("field_", "日本", "text", [])),
    ],
)
def test_a_field_is_suggested_for_a_column_that_has_none(
    column: str, values: list[str], field: tuple[Any, ...]
) -> None:
    key, label, field_type, choices = suggest_field(column, values)
    assert (key, label, field_type, choices) == (field[0].rstrip("_"), *field[1:])


def test_one_column_of_dates_settles_the_order_for_all() -> None:
    rows = [["01/02/2026", "31/12/1990"], ["03/04/2026", "01/01/1980"]]
    assert guess_dates(["signed", "born"], rows) == ("dmy", True)
    assert guess_dates(["signed"], [row[:1] for row in rows]) == ("", False)
