"""Exports of other tools: never blind `subscribed`."""

from __future__ import annotations

import pytest

from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from subscribers.imports.actions import ReadingChoice, create_import
from subscribers.imports.columns.mapping import guess_mapping
from subscribers.imports.columns.presets import PRESETS
from subscribers.imports.columns.statuses import WORDS, Said, StatusColumn, row_status
from tests.subscribers.imports.files import OUR_FORM, csv_upload
from tests.subscribers.imports.rows import cells, reasons, staged

MAILCHIMP = "Email Address,First Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,{kind}LEID,EUID,TAGS"
UNSUBSCRIBED = "UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_REASON,"
CLEANED = "CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,"
SIGNED_UP = ["2024-01-31 10:00:00", "192.0.2.1", "2024-01-31 10:05:00", "192.0.2.2"]
BREVO = "CONTACT ID,EMAIL,PRENOM,NOM,SMS,DOUBLE_OPT-IN,EMAIL_BLACKLISTED,SMS_BLACKLISTED,ADDED_TIME,MODIFIED_TIME"
LISTMONK = "uuid,email,name,attributes,status,created_at,updated_at"
CLAIMED = [("news", "email"), ("news", "sms")]


def said(header: str, *rows: list[str], file_name: str = "export.csv") -> tuple[str, list[tuple[str | None, ...]]]:
    """The preset, and what is staged of each row: the address, what it says, and on which channels."""
    columns = header.split(",")
    guess = guess_mapping(columns, rows, {}, file_name)
    found = staged({column: guess.mapping[column] for column in columns}, *rows, preset=guess.preset, claimed=CLAIMED)
    assert reasons(found) == []
    names = [name for name in ("email", "said", "channels", "stopped_at") if name in found.columns]
    return guess.preset, cells(found, *names)


def test_people_who_left_at_mailchimp_are_opt_outs_with_their_day() -> None:
    header = MAILCHIMP.format(kind=UNSUBSCRIBED)
    row = ["a@x.example", "Ada", "2", *SIGNED_UP, "2025-02-01 09:00:00", "News 12", "N/A", "1", "e", '"vip"']
    assert said(header, row) == ("mailchimp_unsubscribed", [("a@x.example", "stop", "2025-02-01T09:00:00+00:00")])


def test_addresses_cleaned_by_mailchimp_have_bounced() -> None:
    row = ["a@x.example", "Ada", "2", "", "", "2024-01-31 10:05:00", "", "2025-02-01 09:00:00", "News", "1", "e", ""]
    assert said(MAILCHIMP.format(kind=CLEANED), row) == ("mailchimp_cleaned", [("a@x.example", "bounce")])


@pytest.mark.parametrize(
    ("file_name", "preset", "staged_row"),
    [
        ("subscribed_email_audience_export_abc.csv", "mailchimp_subscribed", ("a@x.example",)),
        ("unsubscribed_email_audience_export_abc.csv", "mailchimp_unsubscribed", ("a@x.example", "stop")),
        ("cleaned_members_export.csv", "mailchimp_cleaned", ("a@x.example", "bounce")),
        ("nonsubscribed_email_audience_export.csv", "mailchimp_nonsubscribed", ("a@x.example", "none")),
        ("Non-Subscribed.csv", "mailchimp_nonsubscribed", ("a@x.example", "none")),
        ("people.csv", "mailchimp", ("a@x.example",)),
    ],
)
def test_a_mailchimp_file_has_the_status_of_its_kind(
    file_name: str, preset: str, staged_row: tuple[str | None, ...]
) -> None:
    row = ["a@x.example", "Ada", "2", *SIGNED_UP, "1", "e", ""]
    assert said(MAILCHIMP.format(kind=""), row, file_name=file_name) == (preset, [staged_row])


@pytest.mark.django_db
def test_whoever_maps_the_columns_by_hand_does_not_make_subscribers_of_those_who_left(in_acme: Organisation) -> None:
    row = ["a@x.example", "Ada", "2", *SIGNED_UP, "2025-02-01 09:00:00", "News 12", "", "1", "e", ""]
    source = create_import(
        actor=Actor.system(in_acme),
        organisation=in_acme,
        upload=csv_upload("\n".join([MAILCHIMP.format(kind=UNSUBSCRIBED), ",".join(row), ""])),
        choice=ReadingChoice(mapping={"Email Address": "email"}),
        declaration=OUR_FORM,
    )
    assert source.preset == "mailchimp_unsubscribed"


def test_a_mailchimp_file_of_an_unknown_kind_is_a_doubt() -> None:
    row = ["a@x.example", "Ada", "2", *SIGNED_UP, "1", "e", ""]
    columns = MAILCHIMP.format(kind="").split(",")
    assert guess_mapping(columns, [row], {}, "people.csv").doubts == ["preset"]
    assert guess_mapping(columns, [row], {}, "subscribed_members_export.csv").doubts == []


def test_mailchimp_proves_a_consent_by_the_form_not_by_its_own_import() -> None:
    columns = MAILCHIMP.format(kind="").split(",")
    signed_up = ["a@x.example", "Ada", "2", *SIGNED_UP, "1", "e", ""]
    mapping = guess_mapping(columns, [signed_up], {}).mapping
    assert (mapping["OPTIN_TIME"], mapping["OPTIN_IP"]) == ("consent.occurred_at", "consent.ip")
    assert mapping["CONFIRM_TIME"] is None
    imported = ["a@x.example", "Ada", "2", "", "", "2024-01-31 10:05:00", "", "1", "e", ""]
    mapping = guess_mapping(columns, [imported], {}).mapping
    assert "consent.occurred_at" not in mapping.values()


def test_people_on_the_blacklist_of_brevo_are_opt_outs_of_its_channel() -> None:
    preset, rows = said(
        BREVO,
        ["1", "a@x.example", "Ada", "M", "33612345678", "1", "false", "false", "2024-01-31", "2024-01-31"],
        ["2", "b@x.example", "Ben", "S", "", "1", "true", "false", "2024-01-31", "2024-01-31"],
        ["3", "c@x.example", "Cleo", "P", "33612345679", "1", "false", "true", "2024-01-31", "2024-01-31"],
        ["4", "d@x.example", "Dan", "P", "", "2", "false", "false", "2024-01-31", "2024-01-31"],
        ["5", "e@x.example", "Eve", "P", "", "", "false", "false", "2024-01-31", "2024-01-31"],
    )
    assert preset == "brevo"
    assert rows == [
        ("a@x.example", "grant", None),
        ("b@x.example", "stop", "{email}"),
        ("c@x.example", "stop", "{sms}"),
        ("d@x.example", "none", None),
        ("e@x.example", "none", None),
    ]


def test_a_subscriber_of_listmonk_is_enabled_and_that_is_no_consent() -> None:
    row = ["u", "{0}@x.example", "Ada Martin", "{{}}", "{0}", "2024-01-31 10:00:00.1 +0000 UTC", ""]
    rows = [[cell.format(status) for cell in row] for status in ("enabled", "disabled", "blocklisted")]
    preset, found = said(LISTMONK, *rows)
    assert preset == "listmonk"
    assert found == [("enabled@x.example", "none"), ("disabled@x.example", "none"), ("blocklisted@x.example", "stop")]


@pytest.mark.parametrize(
    ("status", "of_list", "expected"),
    [
        ("enabled", "confirmed", "grant"),
        ("enabled", "unconfirmed", "none"),
        ("enabled", "unsubscribed", "stop"),
        ("blocklisted", "confirmed", "stop"),
        ("disabled", "confirmed", "none"),
    ],
)
def test_its_subscription_to_a_list_counts_where_it_is_exported(status: str, of_list: str, expected: str) -> None:
    row = ["u", "a@x.example", "Ada", "{}", status, "", "", of_list]
    assert said(f"{LISTMONK},subscription_status", row)[1] == [("a@x.example", expected)]


def test_each_preset_that_is_recognised_has_a_name() -> None:
    assert {"mailchimp", "brevo", "listmonk"} <= set(PRESETS)
    assert guess_mapping(["email", "name", "status"], [], {}).preset == ""
    assert guess_mapping(["EMAIL", "OPT_IN"], [], {}).preset == ""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("subscribed Actif abonné Inscrite angemeldet suscrito iscritto ingeschreven", Said.GRANT),
        (
            "unsubscribed Désabonné désinscrite abgemeldet baja disiscritto uitgeschreven blacklisted blocklisted",
            Said.STOP,
        ),
        ("bounced cleaned NPAI unzustellbar rebotado rimbalzato onbestelbaar", Said.BOUNCE),
        ("complained spam plainte Beschwerde queja reclamo klacht", Said.COMPLAINT),
        ("pending unconfirmed inactif ausstehend pendiente sconosciuto onbevestigd NEVER_SUBSCRIBED", Said.NONE),
    ],
)
def test_status_words_of_six_languages_are_known(words: str, expected: Said) -> None:
    column = StatusColumn.named("status")
    assert {column.meaning(word) for word in words.split()} == {expected}


def test_no_word_has_two_meanings() -> None:
    words = [word for listed in WORDS.values() for word in {word.strip() for word in listed.split(",")}]
    assert [word for word in words if words.count(word) > 1] == []


@pytest.mark.parametrize(
    ("column", "yes", "no"),
    [
        ("optin", Said.GRANT, Said.NONE),
        ("Newsletter", Said.GRANT, Said.NONE),
        ("optout", Said.STOP, None),
        ("doNotEmail", Said.STOP, None),
        ("Unsubscribed from all email", Said.STOP, None),
        ("désabonné", Said.STOP, None),
        ("Abgemeldet", Said.STOP, None),
        ("Hard bounced", Said.BOUNCE, None),
        ("spam complaint", Said.COMPLAINT, None),
    ],
)
def test_yes_and_no_mean_what_the_column_asks(column: str, yes: Said, no: Said | None) -> None:
    for word in ("1", "oui", "TRUE", "x", "ja"):
        assert StatusColumn.named(column).meaning(word) is yes
    for word in ("0", "non", "false", "nein"):
        assert StatusColumn.named(column).meaning(word) is no


def test_a_status_nobody_knows_rejects_its_row() -> None:
    found = staged({"email": "email", "status": "consent.status"}, ("a@x.example", "purple"), ("b@x.example", "1"))
    assert [(line, code) for line, code, _ in reasons(found)] == [(2, "invalid_value"), (3, "invalid_value")]
    assert found.rejects[0].column == "status"


def test_silence_is_no_consent_where_the_file_asks() -> None:
    asks, warns = StatusColumn.named("optin"), StatusColumn.named("optout")
    assert row_status([asks], [None]).said is Said.NONE
    assert row_status([warns], [None]).said is Said.GRANT
    assert row_status([asks, warns], [Said.GRANT, None]).said is Said.GRANT
    assert row_status([asks, warns], [Said.GRANT, Said.STOP]).said is Said.STOP


def test_channels_are_told_apart() -> None:
    email, sms = StatusColumn.named("optin_email"), StatusColumn.named("optin_sms")
    both = {"claimed": ["email", "sms"]}
    assert row_status([email, sms], [Said.GRANT, Said.NONE], **both).channels == ("email",)
    assert row_status([email, sms], [Said.GRANT, Said.GRANT], **both).channels is None
    assert row_status([email, sms], [Said.NONE, Said.NONE], **both).said is Said.NONE
    assert row_status([email], [Said.GRANT], claimed=["email", "sms"], named=["sms"]).channels == ("sms",)
    assert row_status([StatusColumn.named("status")], [Said.STOP], named=["sms"]).channels == ("sms",)
