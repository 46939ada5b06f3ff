"""Columns that nobody may just import."""

from __future__ import annotations

import random

import pytest
from stdnum import iban, luhn
from stdnum.fr import nir

from subscribers.imports.columns.mapping import guess_mapping
from subscribers.imports.columns.sensitive import (
    SENSITIVE_DETAILS,
    can_be_cleared,
    sensitive_columns,
    sensitive_problems,
)

NAMES = {
    "health": "Allergies|Groupe sanguin|Behinderung|enfermedades|Malattie|zwangerschap|healthStatus|Handicap (RQTH)",
    "religion": "Religion|Confession|Konfession|creencias|religione|geloof",
    "union": "Trade union|Adhésion syndicale|Gewerkschaft|sindicato|iscrizione sindacale|Vakbond",
    "ethnicity": "Ethnic origin|Origine ethnique|ethnische Herkunft|etnia|razza|etnische afkomst",
    "politics": "Political opinion|Parti politique|Parteizugehörigkeit|partido político|partito|politieke voorkeur",
    "sex_life": "Sexual orientation|Vie sexuelle|Sexualität|orientación sexual|orientamento sessuale|seksuele voorkeur",
    "biometric": "Fingerprint|Empreintes digitales|Fingerabdruck|huella dactilar|impronta digitale|vingerafdruk",
    "criminal": "Criminal record|Casier judiciaire|Vorstrafen|antecedentes penales|precedenti penali|strafblad",
    "national_id": "SSN|N° sécurité sociale|Reisepass|DNI|Codice fiscale|BSN|passport_number|NIR",
    "card_number": "Card number|CVV|Numéro de carte bancaire|Kreditkartennummer|tarjeta de crédito|carta di credito",
    "iban": "IBAN|RIB|Bankverbindung|cuenta bancaria|conto corrente|rekeningnummer",
}
HARMLESS = (
    "email|first name|Nom|Prénom|Civilité|Sexe|Gender|Nationalité|Ville|Code postal|Code INSEE commune|Points|Company|"
    "Numéro de carte de fidélité|Loyalty card number|Kundenkarte|Newsletter|Département|Raison sociale|Union Street|"
    "Account disabled|Pays|Langue|Note|Source|Interests|Tax rate|Party size|Trace|Partenaire"
)


@pytest.mark.parametrize("code", NAMES)
def test_sensitive_names_are_known_in_six_languages(code: str) -> None:
    columns = NAMES[code].split("|")
    assert sensitive_columns(columns, []) == dict.fromkeys(columns, code)


def test_ordinary_names_are_left_alone() -> None:
    assert sensitive_columns(HARMLESS.split("|"), []) == {}


def by_values(name: str, values: list[str]) -> str:
    return sensitive_columns([name], [[value] for value in values]).get(name, "")


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (["4111 1111 1111 1111", "5555-5555-5555-4444", "378282246310005"], "card_number_found"),
        (["2 55 08 14 168 025 38", "1 80 01 45 000 000 69"], "national_id_found"),
        (["12345678Z", "x1234567l"], "national_id_found"),
        (["RCCMNL83S18D969H", "VNTGPP80A01H501X"], "national_id_found"),
        (["85.07.30-033 28", "17 07 30 033 84"], "national_id_found"),
        (["756.9217.0769.85", "7569217076985", "756.1234.5678.97"], "national_id_found"),
        (["FR76 3000 6000 0112 3456 7890 189"], "iban"),
        (["DE89370400440532013000", "", "NL91ABNA0417164300"], "iban"),
    ],
    ids=["cards", "nir", "dni", "codice fiscale", "be", "ahv", "one iban", "ibans"],
)
def test_numbers_whose_check_digits_are_right_are_found(values: list[str], code: str) -> None:
    assert by_values("misc", values) == code


def test_nine_digits_are_a_citizens_number_only_where_the_name_says_so() -> None:
    values = ["111222333", "123456782"]
    assert by_values("misc", values) == ""
    assert by_values("BSN", values) == "national_id_found"


@pytest.mark.parametrize(
    "made",
    [
        lambda chance: f"06{chance.randrange(10**8):08d}",
        lambda chance: f"33{chance.randrange(6, 8)}{chance.randrange(10**8):08d}",
        lambda chance: f"+49 15{chance.randrange(10**9):09d}",
        lambda chance: f"{chance.randrange(10**9):09d}",
        lambda chance: f"4{chance.randrange(10**15):015d}",
        lambda chance: f"{chance.randrange(10**8):08d}{chance.choice('ABCDEFGHJ')}",
        lambda chance: f"{chance.randrange(10**13, 10**14)}",
        lambda chance: str(1_700_000_000_000 + chance.randrange(10**10)),
        lambda chance: f"FR{chance.randrange(100):02d}{chance.randrange(10**9):09d}",
        lambda chance: f"{chance.getrandbits(128):032x}",
    ],
    ids=[
        "phones",
        "phones with country",
        "german phones",
        "siren",
        "16 digits",
        "codes",
        "siret",
        "time",
        "vat",
        "hex",
    ],
)
def test_other_numbers_do_not_trip_it(made: object) -> None:
    chance = random.Random(3)
    for size in (2, 20, 200):
        assert by_values("number", [made(chance) for _ in range(size)]) == ""  # type: ignore[operator]


def test_one_value_that_comes_again_and_again_is_asked_about_and_proves_nothing() -> None:
    assert by_values("misc", ["4111111111111111"] * 20) == "card_number"
    assert by_values("misc", ["255081416802538"]) == "national_id"
    assert by_values("misc", ["1111111111111111"] * 20) == ""


def test_chance_is_what_the_thresholds_are_for() -> None:
    assert luhn.is_valid("4111111111111111")
    assert nir.is_valid("255081416802538")
    assert iban.is_valid("FR7630006000011234567890189")


def test_a_sensitive_column_is_never_guessed_to_be_anything() -> None:
    columns = ["email", "Religion", "misc"]
    rows = [["a@x.example", "none", "4111111111111111"], ["b@x.example", "", "5555555555554444"]]
    mapping = guess_mapping(columns, rows, {"religion": "Religion", "misc": "Misc"}).mapping
    assert mapping == {"email": "email", "Religion": None, "misc": None}


def test_a_mapped_sensitive_column_stops_the_import_until_a_reason_is_written() -> None:
    mapping = {"email": "email", "Diet": "attributes.diet", "dropped": None}
    sensitive = {"Diet": "health", "dropped": "religion"}
    (problem,) = sensitive_problems(mapping, sensitive, {"Diet": "  "})
    assert (problem.loc, problem.code) == (("options", "mapping", "Diet"), "special_category")
    assert problem.detail == SENSITIVE_DETAILS["health"]
    assert (
        sensitive_problems(mapping, sensitive, {"Diet": "The menu they chose for the gala, with their consent."}) == []
    )


@pytest.mark.parametrize("code", ["card_number_found", "national_id_found"])
def test_what_the_values_prove_no_reason_clears(code: str) -> None:
    assert not can_be_cleared(code)
    assert len(sensitive_problems({"a": "external_id"}, {"a": code}, {"a": "We need it."})) == 1


def test_every_kind_is_explained() -> None:
    assert set(NAMES) | {"card_number_found", "national_id_found"} == set(SENSITIVE_DETAILS)
    assert all(
        any(law in str(text) for law in ("art. 9", "art. 10", "art. 87", "art. 5", "cards"))
        for text in SENSITIVE_DETAILS.values()
    )
