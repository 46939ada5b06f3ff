"""Refusals of the API itself; those of the domain keep their own classes."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.errors import DomainError, FieldProblem


class UnauthenticatedError(DomainError):
    code = "unauthenticated"
    status = 401
    title = _("Send a valid token in the Authorization header: `Authorization: Bearer accord_…`.")
    headers = {"WWW-Authenticate": 'Bearer realm="accord"'}


class InvalidTokenError(UnauthenticatedError):
    """Unknown, expired, revoked, of another API, or used from a network it is not for: not said which."""

    code = "invalid_token"
    title = _("This token is not valid here: unknown, expired, revoked, or made for something else.")
    headers = {"WWW-Authenticate": 'Bearer realm="accord", error="invalid_token"'}  # RFC 6750, section 3


class InsufficientScopeError(DomainError):
    code = "insufficient_scope"
    status = 403
    title = _("This token lacks the scope for this operation. Make one with that scope.")

    def __init__(self, scope: str = "") -> None:
        super().__init__()
        wanted = f', scope="{scope}"' if scope else ""
        self.headers = {"WWW-Authenticate": f'Bearer realm="accord", error="insufficient_scope"{wanted}'}


class BadRequestError(DomainError):
    code = "bad_request"
    status = 400
    title = _("The request could not be read.")


class InvalidJsonError(BadRequestError):
    code = "invalid_json"
    title = _("The body is not valid JSON in UTF-8.")


class MethodNotAllowedError(DomainError):
    code = "method_not_allowed"
    status = 405
    title = _("This address does not know that method; the Allow header lists those it knows.")


class LengthRequiredError(DomainError):
    """A body sent in chunks; WSGI has no standard way to read one, so it would look empty."""

    code = "length_required"
    status = 411
    title = _("Send the body with a Content-Length, not in chunks.")


class PayloadTooLargeError(DomainError):
    code = "payload_too_large"
    status = 413
    title = _("The body is larger than this installation accepts. Split it.")


class UnsupportedMediaTypeError(DomainError):
    code = "unsupported_media_type"
    status = 415
    title = _("This operation does not read that content type.")


class InvalidCursorError(DomainError):
    code = "invalid_cursor"
    status = 422
    title = _("This cursor is not one of this list. Start again without it.")

    def __init__(self) -> None:
        super().__init__(errors=[FieldProblem(("cursor",), self.code, self.title)])


class InvalidIdempotencyKeyError(DomainError):
    code = "invalid_idempotency_key"
    status = 422
    title = _("An Idempotency-Key has 1 to 255 printable ASCII characters.")


class IdempotencyKeyReusedError(DomainError):
    code = "idempotency_key_reused"
    status = 422
    title = _("This Idempotency-Key came with another request before. Use a new key for a new request.")


class RequestInProgressError(DomainError):
    code = "request_in_progress"
    status = 409
    title = _("The first request with this Idempotency-Key still runs. Ask again in a moment.")
    headers = {"Retry-After": "2"}


class RateLimitedError(DomainError):
    code = "rate_limited"
    status = 429
    title = _("Too many requests. Wait for the seconds in the Retry-After header.")

    def __init__(self, headers: dict[str, str] | None = None) -> None:
        super().__init__()
        self.headers = headers or {}


class InternalError(DomainError):
    code = "internal_error"
    status = 500
    title = _("Something broke on our side. It was recorded; retry later.")
