"""Rows to staged rows and rejects."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from subscribers.imports.passport.periods import Period
from subscribers.imports.problems import MISSING_DATE, REJECT_DETAILS, VALUE_DETAILS, RejectCode, in_words
from subscribers.imports.reading.streaming import Block
from subscribers.imports.values.cells import text_of
from subscribers.imports.values.converting import normal_ip
from subscribers.imports.values.flags import Flag
from subscribers.imports.values.rows import joined
from tests.subscribers.imports.rows import Declared, cells, reasons, staged, validator_of

PARIS = ZoneInfo("Europe/Paris")
ZONES = [PARIS, UTC, *map(ZoneInfo, ("America/Sao_Paulo", "Africa/Monrovia", "Australia/Lord_Howe"))]
CLAIMED = [("news", "email"), ("news", "sms"), ("offers", "email")]


def test_every_reject_has_a_sentence_that_says_what_to_do() -> None:
    assert set(REJECT_DETAILS) == set(RejectCode)
    assert all(": " in sentence for sentence in (*REJECT_DETAILS.values(), *VALUE_DETAILS.values(), MISSING_DATE))


def test_a_number_is_read_as_people_of_the_rows_country_write_it() -> None:
    mapping = {"phone": "phone", "country": "country"}
    found = staged(
        mapping, ("0470 12 34 56", "Belgium"), ("06 12 34 56 78", ""), ("06 12 34 56 78", "BE"), ("0612", "BE"),
        ("+49 30 123456", "ES"), ("n/a", "FR"),
    )  # fmt: skip
    assert [phone for (phone,) in cells(found, "phone")] == [
        "+32470123456",
        "+33612345678",
        "+33612345678",
        "+4930123456",
    ]
    assert [(line, code) for line, code, _ in reasons(found)] == [(5, "invalid_phone"), (7, "missing_identity")]


def test_what_tools_write_for_nothing_is_nothing() -> None:
    mapping = {
        "email": "email",
        "on": "consent.occurred_at",
        "n": "attributes.n",
        "land": "country",
        "d": "attributes.d",
    }
    found = staged(
        mapping, ("a@x.example", "0000-00-00 00:00:00", "NULL", "#N/A", "00/00/0000"),
        ("b@x.example", "-", "n/a", "", ""),
        fields=[Declared("n", "number"), Declared("d", "date")],
    )  # fmt: skip
    assert cells(found, "occurred_at", "country", "attributes") == [(None, None, "{}")] * 2


def test_days_are_read_in_the_order_of_the_file_else_of_the_country() -> None:
    mapping = {"email": "email", "on": "consent.occurred_at", "born": "attributes.born"}
    row = ("a@x.example", "03/04/2026", "3/4/90")
    born = [Declared("born", "date")]

    def days(**reading: str) -> tuple[str | None, ...]:
        return cells(staged(mapping, row, fields=born, **reading), "occurred_at", "attributes")[0]

    assert days() == ("2026-04-03T00:00:00+00:00", '{"born": "1990-04-03"}')
    assert days(country="US") == ("2026-03-04T00:00:00+00:00", '{"born": "1990-03-04"}')
    assert days(date_order="mdy") == ("2026-03-04T00:00:00+00:00", '{"born": "1990-03-04"}')
    assert days(country="US", date_order="dmy") == days()


@given(st.datetimes(datetime(1899, 1, 1), datetime(2027, 1, 1), timezones=st.sampled_from(ZONES)))  # noqa: DTZ001
@example(datetime(2026, 3, 29, 2, 30, tzinfo=PARIS))  # clocks go forward: there is no such time
@example(datetime(2026, 10, 25, 2, 30, tzinfo=PARIS))  # and back: there are two
@example(datetime(2018, 11, 4, 0, 30, tzinfo=ZoneInfo("America/Sao_Paulo")))  # forward at midnight
@example(datetime(1972, 1, 7, 0, 10, tzinfo=ZoneInfo("Africa/Monrovia")))  # by 44 minutes and 30 seconds
@example(datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC))
@example(datetime(2026, 11, 1, 0, 0, 1, tzinfo=UTC))  # after now
@example(datetime(1899, 12, 31, 23, 59, 59, tzinfo=UTC))
def test_a_moment_is_what_its_zone_says_however_quickly_it_is_read(moment: datetime) -> None:
    moment = moment.replace(microsecond=0, fold=0)
    text = f"{moment:%Y-%m-%d %H:%M:%S}"
    mapping = {"when": "consent.occurred_at", "who": "external_id"}
    found = staged(mapping, [text, "1"], [text.replace(" ", "T"), "2"], zone=moment.tzinfo)
    if moment > datetime(2026, 11, 1, tzinfo=UTC):
        assert [reject.code.value for reject in found.rejects] == ["future_date"] * 2
    elif moment < datetime(1900, 1, 1, tzinfo=UTC):
        assert [reject.code.value for reject in found.rejects] == ["invalid_date"] * 2
    else:
        assert cells(found, "occurred_at") == [(moment.isoformat(),)] * 2


@pytest.mark.parametrize("text", ["2026-02-30 10:00:00", "2026-13-01 10:00:00", "2026-03-03 24:00:00"])
def test_a_moment_that_does_not_exist_is_none(text: str) -> None:
    found = staged({"when": "consent.occurred_at", "who": "external_id"}, [text, "1"])
    assert [reject.code.value for reject in found.rejects] == ["invalid_date"]


def test_choices_are_met_in_any_case_and_accent() -> None:
    fields = [Declared("size", "choice", ["Été", "Hiver"]), Declared("likes", "choices", ["Thé", "Café, fort", "Eau"])]
    found = staged(
        {"email": "email", "size": "attributes.size", "likes": "attributes.likes"},
        ("a@x.example", "ETE", "the; EAU"), ("b@x.example", "hiver ", "Cafe, fort"), ("c@x.example", "Printemps", ""),
        fields=fields,
    )  # fmt: skip
    assert [cell for (cell,) in cells(found, "attributes")] == [
        '{"size": "Été","likes": ["Thé", "Eau"]}', '{"size": "Hiver","likes": ["Café, fort"]}',
    ]  # fmt: skip
    assert reasons(found) == [(4, "invalid_value", REJECT_DETAILS[RejectCode.INVALID_VALUE])]


def test_towns_that_come_again_and_again_are_each_themselves() -> None:
    towns = ["Lyon", ' "Köln" ', "Lyon", "", "back\\slash"] * 5
    rows = [[town, str(number)] for number, town in enumerate(towns)]
    mapping, fields = {"town": "attributes.town", "who": "external_id"}, [Declared("town", "text")]
    found = staged(mapping, *rows, fields=fields)
    told = [json.loads(text_of(cell)) for cell in found.columns["attributes"]]
    assert told == [{"town": town.strip()} if town else {} for town in towns]
    found = staged(mapping, *rows, ["x" * 2001, "long"], fields=fields)
    assert reasons(found) == [(len(towns) + 2, "too_long", in_words(RejectCode.TOO_LONG, "", ""))]
    assert len(found) == len(towns)


def test_a_claimed_consent_needs_its_day_and_says_so() -> None:
    mapping = {"email": "email", "on": "consent.occurred_at", "status": "consent.status"}
    found = staged(
        mapping, ("a@x.example", "", "subscribed"), ("b@x.example", "", "unsubscribed"), ("c@x.example", "", "pending"),
        ("d@x.example", "2026-01-31", "subscribed"), date_required=True,
    )  # fmt: skip
    assert cells(found, "email", "said") == [("b@x.example", "stop"), ("c@x.example", "none"), ("d@x.example", "grant")]
    assert reasons(found) == [(2, "invalid_date", MISSING_DATE)]


def test_an_opt_out_is_not_lost_over_another_cell() -> None:
    mapping = {"email": "email", "country": "country", "left": "consent.withdrawn_at", "n": "attributes.n"}
    found = staged(
        mapping, ("a@x.example", "Narnia", "2026-01-31", "many"), ("b@x.example", "Narnia", "", "1"),
        ("not an address", "FR", "2026-01-31", "1"), ("c@x.example", "FR", "2999-01-31", "1"),
        fields=[Declared("n", "number")],
    )  # fmt: skip
    assert cells(found, "email", "country", "stopped_at") == [("a@x.example", None, "2026-01-31T00:00:00+00:00")]
    assert [(line, code) for line, code, _ in reasons(found)] == [
        (3, "invalid_value"), (4, "invalid_email"), (5, "future_date"),
    ]  # fmt: skip


def test_hashes_of_other_tools_are_identities_and_opt_outs() -> None:
    sha256, md5 = "ab" * 32, "CD" * 16
    found = staged(
        {"s": "suppression.sha256", "m": "suppression.md5"}, (sha256, ""), ("", f"md5:{md5}"), ("", ""), ("12", ""),
    )  # fmt: skip
    assert cells(found, "sha256", "md5") == [(rf"\\x{sha256}", None), (None, rf"\\x{md5.lower()}")]
    assert found.stops == [True, True]
    assert reasons(found) == [
        (4, "missing_identity", REJECT_DETAILS[RejectCode.MISSING_IDENTITY]),
        (5, "invalid_value", VALUE_DETAILS["suppression.sha256"]),
    ]


def test_a_row_may_narrow_what_the_file_claims() -> None:
    mapping = {"email": "email", "what": "consent.purpose", "how": "consent.channel"}
    found = staged(
        mapping, ("a@x.example", "News; offers", "E-Mail, SMS"), ("b@x.example", "", ""), ("c@x.example", "gifts", ""),
        ("d@x.example", "news", "pigeon"), claimed=CLAIMED,
    )  # fmt: skip
    assert cells(found, "purposes", "channels") == [("{news,offers}", "{email,sms}"), (None, None)]
    assert reasons(found) == [
        (4, "invalid_value", VALUE_DETAILS["consent.purpose"]), (5, "invalid_value", VALUE_DETAILS["consent.channel"]),
    ]  # fmt: skip


def test_a_row_may_bring_its_own_proof() -> None:
    mapping = {"email": "email", "url": "consent.form_url", "text": "consent.text", "ip": "consent.ip"}
    found = staged(mapping, ("a@x.example", "https://x.example/join", "I want\nnews.\t", "192.0.2.1"))
    assert cells(found, "form_url", "consent_text", "ip") == [("https://x.example/join", "I want news.", "192.0.2.1")]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:192.0.2.1", "::ffff:c000:201"),
        ("::192.0.2.1", "::c000:201"),
        ("192.0.02.1", None),
        ("2001:db8", None),
        ("localhost", None),
        ("192.0.2.1\u0660", None),
    ],
)
def test_an_ip_address_is_kept_in_its_one_form(written: str, meant: str | None) -> None:
    found = staged({"email": "email", "ip": "consent.ip"}, ("a@x.example", written))
    assert cells(found, "ip") == ([(meant,)] if meant else [])
    assert len(found.rejects) == (meant is None)


@given(st.ip_addresses())
def test_it_is_the_form_that_python_gives_it(address: object) -> None:
    assert normal_ip(str(address).upper()) == str(address)


def test_blocks_of_a_file_are_joined_with_their_opt_outs_and_flags() -> None:
    mapping = {"email": "email", "status": "consent.status"}
    parts = [
        staged(mapping, ("a@gmial.com", "active"), ("b@x.example", "bounced")),
        staged(mapping, ("info@x.example", "active"), ("d@gmial.com", "active"), ("e@x.example", "purple")),
    ]
    rows = joined(parts)
    assert len(rows) == 4
    assert rows.stops == [False, True, False, False]
    assert rows.flags == {"probable_typo": 2, "role_address": 1}
    assert rows.slips == {"gmial.com": ("gmail.com", 2)}
    kept = rows.kept([False, True, True, False])
    assert (kept.columns["email"], kept.stops) == (["b@x.example", "info@x.example"], [True, False])
    assert len(rows.rejects) == 1


def test_a_block_of_broken_rows_has_the_same_columns() -> None:
    mapping = {"email": "email", "optin_sms": "consent.status", "n": "attributes.n"}
    validator = validator_of(mapping, fields=[Declared("n", "number")])
    assert list(validator.validate(Block()).columns) == validator.column_names


@pytest.mark.parametrize("text", ["a\tb", "back\\slash", "\\N", 'quo"te', "new\nline", "\x01", "{}", "a\u2028b"])
def test_no_cell_breaks_the_copy(text: str) -> None:
    mapping = {"email": "email", "tags": "tags", "url": "consent.form_url", "n": "attributes.n"}
    found = staged(mapping, ("a@x.example", text, text, text), fields=[Declared("n", "text")])
    line, rest = found.copy_text().split("\n", 1)
    assert rest == ""
    copied = dict(zip(found.columns, map(from_copy, line.split("\t")), strict=True))
    assert json.loads(copied["attributes"])["n"] == text
    assert copied["form_url"] == " ".join(text.split())


EVERYTHING = {
    "e-mail": "email", "phone": "phone", "country": "country", "language": "language", "tags": "tags",
    "on": "consent.occurred_at", "ip": "consent.ip", "status": "consent.status", "optin_sms": "consent.status",
    "how": "consent.channel", "n": "attributes.n", "when": "attributes.when", "md5": "suppression.md5",
}  # fmt: skip
CELLS = st.text(max_size=12) | st.sampled_from(
    ["a@x.example", "info@gmial.com", "0612345678", "FR", "fr", "2026-01-31", "unsubscribed", "1", "0", "sms"]
)
ROWS = st.lists(st.lists(CELLS, min_size=len(EVERYTHING), max_size=len(EVERYTHING)), min_size=1, max_size=8)

# A collection point that asked only for the newsletter, and only for some weeks.
ASKED_THEN = Period(
    datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC), frozenset({("newsletter", "email")})
)


@settings(deadline=None)
@given(rows=ROWS, flags=st.sampled_from(["", Flag.ROLE_ADDRESS]), periods=st.sampled_from([[], [ASKED_THEN]]))
def test_every_row_is_staged_or_rejected_whatever_is_in_it(
    rows: list[list[str]], flags: str, periods: list[Period]
) -> None:
    fields = [Declared("n", "number"), Declared("when", "datetime")]
    found = staged(
        EVERYTHING, *rows, fields=fields, claimed=CLAIMED, date_required=True, reject_flags=[flags], periods=periods
    )
    assert len(found) + len(found.rejects) == len(rows)
    assert {len(column) for column in found.columns.values()} == {len(found)}
    assert len(found.stops) == len(found)
    assert all(in_words(reject.code, reject.detail, reject.column) for reject in found.rejects)


def from_copy(cell: str) -> str:
    """A cell of COPY text as PostgreSQL reads it."""
    escapes = {"t": "\t", "n": "\n", "r": "\r"}
    return re.sub(r"\\(.)", lambda found: escapes.get(found[1], found[1]), cell)
