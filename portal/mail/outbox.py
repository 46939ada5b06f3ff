"""What the embedded instance wrote to ``var/mail`` instead of sending: for host operators, in development only."""

from __future__ import annotations

import email
import email.policy
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings


@dataclass(frozen=True)
class WrittenMail:
    name: str
    written_at: datetime
    to: str
    subject: str
    text: str


def mail_is_written_to_files() -> bool:
    return not settings.ACCORD.production and "filebased" in settings.EMAIL_BACKEND


def written_mails(*, newest: int = 50) -> list[WrittenMail]:
    """The newest messages first."""
    folder = Path(settings.EMAIL_FILE_PATH)
    files = sorted(folder.glob("*.log"), key=lambda file: file.stat().st_mtime, reverse=True)[:newest]
    return [read_mail(file) for file in files]


def read_mail(file: Path) -> WrittenMail:
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    body = message.get_body(("plain",))
    return WrittenMail(
        name=file.name,
        written_at=datetime.fromtimestamp(file.stat().st_mtime, tz=UTC),
        to=str(message["To"]),
        subject=str(message["Subject"]),
        text=body.get_content() if body else "",
    )
