"""Errors of the domain: each owns a stable code, an HTTP status and a sentence that says what to do.

Pages show them, the API answers them as RFC 9457 problems, and ``docs/reference/codes.md`` lists them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

type_of_text = str | Promise


@dataclass(frozen=True)
class FieldProblem:
    """What is wrong with one value: where it stands (``loc``), a stable code, and a sentence."""

    loc: tuple[str | int, ...]
    code: str
    detail: type_of_text


class DomainError(Exception):
    """Something the product refuses, told so that the reader knows what to do next."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    title: ClassVar[type_of_text] = _("This can't be done.")

    def __init__(self, detail: type_of_text | None = None, *, errors: Sequence[FieldProblem] = ()) -> None:
        super().__init__(self.code)
        self.detail = detail if detail is not None else self.title
        self.errors = tuple(errors)

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"


class NotFoundError(DomainError):
    code = "not_found"
    status = 404
    title = _("There is nothing here, or it isn't yours to see.")


class PermissionDeniedError(DomainError):
    code = "permission_denied"
    status = 403
    title = _("Your role does not allow this. Ask an owner of the organisation.")


class InvalidInputError(DomainError):
    code = "invalid_input"
    status = 422
    title = _("Something in what was sent is not right.")

    @classmethod
    def at(cls, *loc: str | int, code: str, detail: type_of_text) -> InvalidInputError:
        """One problem at one place."""
        return cls(detail, errors=[FieldProblem(loc, code, detail)])


class ConflictError(DomainError):
    code = "conflict"
    status = 409
    title = _("Somebody else changed this in the meantime. Look again, then retry.")


class DiskFullError(DomainError):
    """The disk of Accord or of its database has no room left (`portal.disk`)."""

    code = "disk_full"
    status = 507
    title = _(
        "The disk of the server is full, so nothing more could be kept. Ask your administrator to make room, then try "
        "again."
    )


class UnavailableError(DomainError):
    """The database does not answer, or two writers got in each other's way too often."""

    code = "unavailable"
    status = 503
    title = _("The database does not answer just now. Nothing was lost: try again in a moment.")
    headers: ClassVar[dict[str, str]] = {"Retry-After": "5"}


def error_classes(base: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    """Every error there is, for the reference page and its test."""
    yield base
    for child in base.__subclasses__():
        yield from error_classes(child)
