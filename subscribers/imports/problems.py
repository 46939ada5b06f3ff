"""Why a file, or a row of it, is refused: stable codes and sentences that say what to do."""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

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


REJECT_DETAILS: dict[RejectCode, str] = {
    RejectCode.MISSING_IDENTITY: gettext_noop("No e-mail address, phone number or external id."),
    RejectCode.INVALID_EMAIL: gettext_noop("This is not an e-mail address."),
    RejectCode.INVALID_PHONE: gettext_noop("This is not a phone number of your country or an international one."),
    RejectCode.INVALID_DATE: gettext_noop("This is not a date: write 2026-01-31 or 31/01/2026."),
    RejectCode.INVALID_NUMBER: gettext_noop("This is not a number."),
    RejectCode.INVALID_VALUE: gettext_noop("This value is not one of those allowed."),
    RejectCode.TOO_LONG: gettext_noop("This value is too long."),
    RejectCode.WRONG_COLUMN_COUNT: gettext_noop("The row does not have as many cells as the file has columns."),
    RejectCode.UNDECODABLE: gettext_noop("The row holds bytes that are not text in the encoding of the file."),
    RejectCode.FUTURE_DATE: gettext_noop("This date lies in the future."),
    RejectCode.IDENTITIES_CONFLICT: gettext_noop(
        "The identities of this row belong to different contacts: correct the row, or the contacts."
    ),
}
UNCLOSED_QUOTE = gettext_noop("A quotation mark is opened and never closed.")


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
