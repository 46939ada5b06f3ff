"""Why a file, or a row of it, is refused: stable codes and sentences that say what to do."""

from enum import StrEnum

from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from portal.errors import DomainError


class RejectCode(StrEnum):
    """Why one row is not imported; the codes are part of the API."""

    MISSING_IDENTITY = "missing_identity"
    INVALID_EMAIL = "invalid_email"
    INVALID_PHONE = "invalid_phone"
    INVALID_DATE = "invalid_date"
    INVALID_NUMBER = "invalid_number"
    INVALID_VALUE = "invalid_value"
    TOO_LONG = "too_long"
    WRONG_COLUMN_COUNT = "wrong_column_count"
    UNDECODABLE = "undecodable"
    FUTURE_DATE = "future_date"
    IDENTITIES_CONFLICT = "identities_conflict"
    BEFORE_NOTICE = "before_notice"
    NOTICE_NOT_SHOWN = "notice_not_shown"
    PURPOSE_NOT_ASKED = "purpose_not_asked"


REJECT_DETAILS: dict[RejectCode, str] = {
    RejectCode.MISSING_IDENTITY: gettext_noop("No e-mail address, phone number or external id: fill in one of them."),
    RejectCode.INVALID_EMAIL: gettext_noop("This is not an e-mail address: write it as ada@example.org."),
    RejectCode.INVALID_PHONE: gettext_noop(
        "This is not a phone number of the country it is in: write it with its country code, +33 6 12 34 56 78."
    ),
    RejectCode.INVALID_DATE: gettext_noop("This is not a date: write 2026-01-31 or 31/01/2026."),
    RejectCode.INVALID_NUMBER: gettext_noop("This is not a number: write it in digits, 1234.5."),
    RejectCode.INVALID_VALUE: gettext_noop(
        "This value is not one of those allowed: correct it, or add it to the field."
    ),
    RejectCode.TOO_LONG: gettext_noop("This value is too long: shorten it."),
    RejectCode.WRONG_COLUMN_COUNT: gettext_noop(
        "The row does not have as many cells as the file has columns: look for a separator too many or too few."
    ),
    RejectCode.UNDECODABLE: gettext_noop(
        "The row holds bytes that are not text in the encoding of the file: save the file as UTF-8."
    ),
    RejectCode.FUTURE_DATE: gettext_noop("This date lies in the future: correct its day or its year."),
    RejectCode.IDENTITIES_CONFLICT: gettext_noop(
        "The identities of this row belong to different contacts: correct the row, or the contacts."
    ),
    RejectCode.BEFORE_NOTICE: gettext_noop(
        "On this date the notice of the collection point was not published yet: correct the date, or choose another "
        "collection point."
    ),
    RejectCode.NOTICE_NOT_SHOWN: gettext_noop(
        "On this date the collection point was closed, or showed no notice: correct the date, or choose another "
        "collection point."
    ),
    RejectCode.PURPOSE_NOT_ASKED: gettext_noop(
        "On this date the collection point did not ask for all that the row claims: correct the date, or name the "
        "purposes of the row in a column."
    ),
}
# What an `invalid_value` is, by the target of its column.
VALUE_DETAILS: dict[str, str] = {
    "country": gettext_noop("This is not a country: write its name or its code, FR."),
    "language": gettext_noop("This is not a language: write its name or its code, fr."),
    "consent.ip": gettext_noop("This is not an IP address: write 192.0.2.1, or leave the cell empty."),
    "consent.status": gettext_noop("Nobody knows this status: write subscribed, unsubscribed, bounced or pending."),
    "consent.channel": gettext_noop("This is not a channel: write email, sms, push, phone or post."),
    "consent.purpose": gettext_noop("The file does not claim this purpose: write the key of one that it claims."),
    "suppression.sha256": gettext_noop("This is not a hash: SHA-256 has 64 hexadecimal digits."),
    "suppression.md5": gettext_noop("This is not a hash: MD5 has 32 hexadecimal digits."),
}
IDENTITIES = {
    "external_id": gettext_noop("external id"),
    "email_key": gettext_noop("e-mail"),
    "phone": gettext_noop("phone"),
}
MISSING_DATE = gettext_noop("The file claims consents, and this row does not say when: fill in the date.")
UNCLOSED_QUOTE = gettext_noop("A quotation mark is opened and never closed.")


def in_words(code: str, detail: str, column: str) -> str:
    """Why a row is not imported, in the language in force, with the column it is about."""
    if code == RejectCode.IDENTITIES_CONFLICT:
        sentence = conflict_in_words(detail)
    else:
        sentence = gettext(detail or REJECT_DETAILS[RejectCode(code)])
    return gettext("%(column)s: %(problem)s") % {"column": column, "problem": sentence} if column else sentence


def conflict_in_words(detail: str) -> str:
    """Which identity is whose; ``detail`` is ``email_key:17 phone:4``."""
    held = [part.partition(":") for part in detail.split(" ")]
    if not all(kind in IDENTITIES and contact.isdecimal() for kind, _colon, contact in held):
        return gettext(detail or REJECT_DETAILS[RejectCode.IDENTITIES_CONFLICT])
    belongs = gettext("%(identity)s: contact %(contact)s")
    listed = "; ".join(
        belongs % {"identity": gettext(IDENTITIES[kind]), "contact": contact} for kind, _colon, contact in held
    )
    return gettext("The identities of this row belong to different contacts: %(listed)s.") % {"listed": listed}


class UnreadableFileError(DomainError):
    """The file as a whole cannot be imported."""

    code = "unreadable_file"
    status = 422
    title = _("This file cannot be read.")


class BinaryFileError(UnreadableFileError):
    code = "binary_file"
    title = _("This is neither a text nor a spreadsheet. Save the table as CSV or XLSX and send that file.")


class EmptyFileError(UnreadableFileError):
    code = "empty_file"
    title = _("This file is empty. Check the export that made it and send it again.")


class NoIdentityColumnError(UnreadableFileError):
    code = "no_identity_column"
    title = _("No column holds an e-mail address, a phone number or an external id. Map one to go on.")


class TooManyColumnsError(UnreadableFileError):
    code = "too_many_columns"
    title = _("This file has too many columns. Keep those you need and send it again.")


class UnknownEncodingError(UnreadableFileError):
    code = "unknown_encoding"
    title = _("This encoding is not known. Leave it out to have it detected.")


class UnknownDelimiterError(UnreadableFileError):
    code = "unknown_delimiter"
    title = _("The delimiter must be one character: a comma, a semicolon, a tab or a bar.")


class FileTooLargeError(UnreadableFileError):
    code = "file_too_large"
    status = 413
    title = _("This file is too large. Split it and send the parts one after the other.")


class EncryptedFileError(UnreadableFileError):
    code = "encrypted_file"
    title = _("This file is protected by a password. Save it without one and send it again.")


class UnpacksTooLargeError(UnreadableFileError):
    code = "file_unpacks_too_large"
    status = 413
    title = _("Unpacked, this file is far too large. Split it and send the parts one after the other.")


class NoSuchPartError(UnreadableFileError):
    code = "no_such_part"
    title = _("The file has no sheet or file of this name. Choose one of those it has.")


class BrokenFileError(UnreadableFileError):
    code = "broken_file"
    title = _("This file is damaged or incomplete. Export it again and send the new file.")


class EmptySheetError(UnreadableFileError):
    code = "empty_sheet"
    title = _("There is nothing in this sheet. Choose another one.")


class UnsupportedArchiveError(UnreadableFileError):
    code = "unsupported_archive"
    title = _("This archive cannot be read. Send the table itself, or as a ZIP or GZIP with no archive inside it.")


class UnsupportedFileError(UnreadableFileError):
    code = "unsupported_file"
    title = _("Files of this kind are not read. Save the table as CSV, XLSX or ODS and send that file.")


class FileDestroyedError(UnreadableFileError):
    code = "file_destroyed"
    status = 410
    title = _("This file has been destroyed already. Send it again as a new import.")
