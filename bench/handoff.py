"""The hand-off over HTTP beside COPY TO of the same lines."""

from __future__ import annotations

import time
from http.client import HTTPConnection
from statistics import median
from urllib.parse import urlsplit

from django.db import connection
from django_scopes import scope

from bench.segments import seconds
from bench.setting import Server
from bench.table import Line
from consent.audiences.actions import AudienceDraft, approve_audience, create_audience, submit_audience
from consent.audiences.models import Audience
from portal.accounts.models import User
from portal.api.actions import issue_engine_token
from portal.organisations.actions import add_member
from portal.organisations.actors import Actor
from portal.organisations.models import Organisation
from portal.organisations.roles import Role
from subscribers.segments.actions import create_segment

FIELDS = ["first_name", "last_name", "attributes.city"]
# The same lines, links and all, as PostgreSQL alone can write them: a token of the same length, nobody asked the gate.
SAME_LINES = """
COPY (
    SELECT json_build_object(
        'contact', c.id::text, 'address', c.email, 'language', c.language,
        'fields', json_build_object('first_name', c.first_name, 'last_name', c.last_name, 'city', c.attributes->'city'),
        'tracking', false,
        'unsubscribe_url', 'http://127.0.0.1:8000/u/' || lpad(c.id::text, 48, 'x'),
        'preferences_url', 'http://127.0.0.1:8000/p/' || lpad(c.id::text, 48, 'x'),
        'why_url', 'http://127.0.0.1:8000/w/' || lpad(c.id::text, 48, 'x'),
        'headers', json_build_object(
            'List-Unsubscribe', '<http://127.0.0.1:8000/u/' || lpad(c.id::text, 48, 'x') || '>',
            'List-Unsubscribe-Post', 'List-Unsubscribe=One-Click', 'Feedback-ID', '1:newsletter:first:accord'))
    FROM subscribers_contact c WHERE c.organisation_id = {organisation} ORDER BY c.id
) TO STDOUT (FORMAT csv, DELIMITER E'\\x02', QUOTE E'\\x01')
"""


def approved(organisation: Organisation) -> Audience:
    """An audience of everybody who agreed, prepared and approved by two people; says what the snapshot took."""
    actors = {}
    with scope(organisation=organisation):
        for role in (Role.MARKETER, Role.APPROVER):
            user = User.objects.create_user(f"{role.value}@bench.example", None)
            actors[role] = Actor.member(
                add_member(actor=Actor.system(organisation), organisation=organisation, user=user, roles=[role])
            )
        segment = create_segment(actor=actors[Role.MARKETER], name="Everybody", rule={"all": []})
        draft = AudienceDraft(
            name="Everybody", segment=str(segment.pk), purpose="newsletter", channel="email", fields=FIELDS
        )
        audience = create_audience(actor=actors[Role.MARKETER], organisation=organisation, draft=draft)
        began = time.perf_counter()
        audience = submit_audience(actor=actors[Role.MARKETER], audience=audience)
        took = time.perf_counter() - began
        allowed, size = audience.counts["allowed"], len(bytes(audience.snapshot or b""))
        print(f"    snapshot of {allowed:,}: {took * 1000:.0f} ms, {size:,} bytes")
        return approve_audience(actor=actors[Role.APPROVER], audience=audience)


def fetch(server: Server, path: str, token: str, *, method: str = "GET") -> tuple[int, bytes]:
    """The number of lines and the last one."""
    link = HTTPConnection(urlsplit(server.url).netloc, timeout=600)
    link.request(method, path, headers={"Authorization": f"Bearer {token}"})
    response = link.getresponse()
    if response.status != 200:
        raise RuntimeError(response.read().decode())
    lines, tail = 0, b""
    while chunk := response.read1(1 << 20):
        lines += chunk.count(b"\n")
        tail = (tail + chunk)[-400:]
    link.close()
    return lines, tail


def copy_same_lines(organisation: Organisation) -> int:
    lines = 0
    with connection.cursor() as cursor, cursor.copy(SAME_LINES.format(organisation=organisation.pk)) as copy:
        for block in copy:
            lines += bytes(block).count(b"\n")
    return lines


def measure_hand_off(organisation: Organisation, server: Server) -> list[Line]:
    audience = approved(organisation)
    token = issue_engine_token(actor=Actor.system(), mode="live", name="bench").secret
    path = f"/api/engine/v1/audiences/{audience.pk}"
    fetch(server, f"{path}/claim", token, method="POST")
    rates: list[tuple[float, float]] = []
    for _time in range(3):
        began = time.perf_counter()
        lines, tail = fetch(server, f"{path}/recipients", token)
        ours = (lines - 1) / (time.perf_counter() - began)
        if b'"end":true' not in tail:
            message = "the stream has no end line"
            raise RuntimeError(message)
        counted: list[int] = []
        took = seconds(lambda: counted.append(copy_same_lines(organisation)))  # noqa: B023 (called at once)
        rates.append((ours, counted[0] / took))
    ours, limit = (median(side) for side in zip(*rates, strict=True))
    return [
        Line("hand-off over HTTP", f"{ours:,.0f} rows/s", f"COPY TO of the lines {limit:,.0f}/s", ours / limit, 0.50)
    ]
