"""Odd addresses: flagged, imported, and rejected where the import says so."""

from __future__ import annotations

import pytest

from subscribers.imports.values.flags import FLAG_DETAILS, PROVIDERS, Flag, distance, domain_flags, meant_domain
from tests.subscribers.imports.rows import cells, reasons, staged

EMAIL = {"email": "email"}


@pytest.mark.parametrize(
    "local",
    ["info", "contact", "Postmaster", "ABUSE", "hostmaster", "noreply", "accueil", "comptabilite", "kontakt",
     "vertrieb", "informacion", "ventas", "amministrazione", "segreteria", "klantenservice", "administratie"],
)  # fmt: skip
def test_roles_are_flagged_in_six_languages(local: str) -> None:
    found = staged(EMAIL, (f"{local}@acme.example",), ("someone@acme.example",), (f"{local}@acme.example",))
    assert found.flags == {"role_address": 2}
    assert len(found) == 3


@pytest.mark.parametrize(
    ("domain", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("gmail.fr", "gmail.com"),
        ("hotmal.fr", "hotmail.fr"),
        ("hotmial.con", "hotmail.com"),
        ("hotmel.fr", "hotmail.fr"),
        ("yaho.fr", "yahoo.fr"),
        ("outloock.com", "outlook.com"),
        ("orang.fr", "orange.fr"),
        ("wanado.fr", "wanadoo.fr"),
        ("laposte.ner", "laposte.net"),
        ("t-onlin.de", "t-online.de"),
        ("bluewinn.ch", "bluewin.ch"),
        ("telnet.be", "telenet.be"),
        ("acme.con", "acme.com"),
    ],
)
def test_slips_are_seen_with_what_was_meant(domain: str, meant: str) -> None:
    assert meant_domain(domain) == meant
    found = staged(EMAIL, (f"ada@{domain}",), (f"ben@{domain.upper()}",))
    assert (found.flags, found.slips) == ({"probable_typo": 2}, {domain: (meant, 2)})


@pytest.mark.parametrize(
    "domain",
    ["mail.com", "email.com", "ymail.com", "hotmail.ch", "hotmail.fi", "outlook.sk", "gmx.li", "aon.com", "grange.fr",
     "tree.fr", "love.fr", "laporte.net", "cloud.com", "laposte.fr", "zmail.com", "alibaba.com", "plane.nl",
     "yahoo.com.ar", "acme.example", "xn--bcher-kva.example", "bücher.example", "a.co", "home.com"],
)  # fmt: skip
def test_real_neighbours_of_providers_are_left_alone(domain: str) -> None:
    assert domain_flags(domain) is None


def test_no_provider_is_a_slip_of_another() -> None:
    domains = [f"{name}.{end}" for name, ends in PROVIDERS.items() for end in ends.split()]
    assert [domain for domain in domains if domain_flags(domain)] == []


def test_throw_away_domains_are_flagged_with_all_below_them() -> None:
    found = staged(EMAIL, ("ada@mailinator.com",), ("ben@box.yopmail.com",), ("cleo@x.example",))
    assert found.flags == {"disposable_domain": 2}


def test_flagged_rows_are_rejected_where_the_import_says_so() -> None:
    rows = [("info@acme.example",), ("ada@gmial.com",), ("ben@mailinator.com",), ("cleo@acme.example",)]
    found = staged(EMAIL, *rows, reject_flags=["probable_typo", "disposable_domain"])
    assert reasons(found) == [
        (3, "invalid_email", FLAG_DETAILS[Flag.PROBABLE_TYPO]),
        (4, "invalid_email", FLAG_DETAILS[Flag.DISPOSABLE_DOMAIN]),
    ]
    assert (len(found), found.flags, found.slips) == (2, {"role_address": 1}, {})


def test_an_opt_out_is_taken_however_odd_its_address() -> None:
    mapping = {"email": "email", "status": "consent.status"}
    found = staged(mapping, ("info@gmial.com", "unsubscribed"), reject_flags=list(Flag))
    assert cells(found, "email", "said") == [("info@gmial.com", "stop")]
    assert found.flags == {}


def test_addresses_keep_their_writing_and_get_the_same_key_on_every_way() -> None:
    rows = [("Ada@Acme.example",), ("ada@acme.EXAMPLE",), (" Ada@acme.example ",), ("Ada@BÜCHER.example",)]
    rows += [("Ada@bücher.example",), ("<Ada@acme.example>",), ("INFO@acme.example",), ("info@acme.example",)]
    keys = cells(staged(EMAIL, *rows), "email", "email_key")
    assert keys == [
        ("Ada@Acme.example", "ada@acme.example"),
        ("ada@acme.EXAMPLE", "ada@acme.example"),
        ("Ada@acme.example", "ada@acme.example"),
        ("Ada@BÜCHER.example", "ada@xn--bcher-kva.example"),
        ("Ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("Ada@acme.example", "ada@acme.example"),
        ("INFO@acme.example", "info@acme.example"),
        ("info@acme.example", "info@acme.example"),
    ]


@pytest.mark.parametrize(
    ("one", "two", "steps"), [("", "", 0), ("ab", "ba", 1), ("gmial", "gmail", 1), ("a", "bcd", 3)]
)
def test_slips_are_counted(one: str, two: str, steps: int) -> None:
    assert distance(one, two) == distance(two, one) == steps
