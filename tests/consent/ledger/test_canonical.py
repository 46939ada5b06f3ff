"""The fast writer of canonical events and the rfc8785 library write the same bytes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from consent.ledger.canonical import COLUMNS, canonical_event, writer
from consent.ledger.models import Action, ConsentEvent, EventSource
from consent.purposes.models import Basis, Purpose
from portal.channels import Channel
from portal.seals.canonical import moment_of_cell, moment_text, text_inside

TEXT = st.text(st.characters(blacklist_characters="\x00", blacklist_categories=["Cs"]), max_size=20)
ODD = st.one_of(TEXT, st.sampled_from(['"', "\\", "\\N", "a\tb", "line\nend\r", "é", "\x7f", "\x01\x1f", "😀", "</"]))
MOMENT = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
DIGEST = st.one_of(st.none(), st.binary(min_size=32, max_size=32))
EVENTS = st.builds(
    ConsentEvent,
    pk=st.integers(1, 2**62),
    organisation_id=st.just(7),
    contact_id=st.integers(1, 2**62),
    purpose=st.builds(Purpose, pk=st.just(3), key=st.sampled_from(["newsletter", "a_b-c9"])),
    channel=st.sampled_from(Channel.values),
    action=st.sampled_from(Action.values),
    basis=st.sampled_from(Basis.values),
    occurred_at=MOMENT,
    recorded_at=MOMENT,
    source=st.sampled_from(EventSource.values),
    source_reference=ODD,
    notice_version=ODD,
    evidence_digest=DIGEST,
    purpose_version=st.one_of(st.none(), st.integers(1, 32767)),
    notice_digest=DIGEST,
    collection_point_id=st.one_of(st.none(), st.integers(1, 2**62)),
    actor=ODD,
    paused_until=st.one_of(st.none(), MOMENT),
)
COPY_ESCAPES = {"\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}


def cell(value: object) -> bytes:
    """As ``COPY ... TO STDOUT (NULL '')`` writes it."""
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value.hex().encode()
    if isinstance(value, datetime):
        fraction = f".{value.microsecond:06d}".rstrip("0") if value.microsecond else ""
        return f"{value:%Y-%m-%d %H:%M:%S}{fraction}+00".encode()
    return "".join(COPY_ESCAPES.get(letter, letter) for letter in str(value)).encode()


def columns_of(event: ConsentEvent) -> bytes:
    names = [column.removeprefix("e.").removeprefix("encode(e.").removesuffix(", 'hex')") for column in COLUMNS]
    return b"\t".join(cell(getattr(event, name)) for name in names)


@given(EVENTS)
def test_the_fast_writer_writes_what_the_library_writes(event: ConsentEvent) -> None:
    write = writer({b"7": text_inside("acme")}, {b"3": text_inside(event.purpose.key)})
    for _time in range(2):  # the second time by what is kept of the first
        assert write(cell(event.pk), columns_of(event)) == canonical_event(event, "acme")


@given(MOMENT)
def test_a_moment_is_written_alike_from_the_database_and_from_python(at: datetime) -> None:
    assert moment_of_cell(cell(at)).decode() == moment_text(at)
    assert moment_text(at.astimezone(timezone(timedelta(hours=5, minutes=30)))) == moment_text(at)


def test_this_very_event_is_hashed_to_this_very_leaf() -> None:
    """What was sealed once must be found again by every later version of Accord."""
    event = ConsentEvent(
        pk=123,
        contact_id=45,
        purpose=Purpose(key="newsletter"),
        channel="email",
        action="grant",
        basis="consent",
        occurred_at=datetime(2026, 11, 26, 10, 0, tzinfo=UTC),
        recorded_at=datetime(2026, 11, 26, 10, 0, 0, 500000, tzinfo=UTC),
        source="form",
        source_reference="page:/welcome",
        notice_version="signup/3/fr",
        evidence_digest=bytes(32),
        purpose_version=1,
        notice_digest=bytes(range(32)),
        collection_point_id=7,
        actor="",
    )
    text = canonical_event(event, "acme")
    assert text.decode() == (
        '{"action":"grant","basis":"consent","channel":"email","collection_point":"7","contact":"45",'
        f'"evidence":"{"00" * 32}","id":"123","notice":"{bytes(range(32)).hex()}","notice_version":"signup/3/fr",'
        '"occurred_at":"2026-11-26T10:00:00.000000Z","organisation":"acme","purpose":"newsletter",'
        '"purpose_version":1,"recorded_at":"2026-11-26T10:00:00.500000Z","source":"form",'
        '"source_reference":"page:/welcome"}'
    )
