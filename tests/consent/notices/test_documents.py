"""Which documents a notice may hand out: by content and name together, and nothing that acts by itself."""

from __future__ import annotations

import pytest

from consent.notices.documents import checked_document
from portal.errors import InvalidInputError
from tests.consent.notices.files import PDF, archive, docx, odt, picture

STREAM = b"stream\nnoise /JS noise /JavaScript noise\nendstream\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("policy.pdf", PDF),
        ("POLICY.PDF", PDF),
        ("policy.pdf", PDF.replace(b"trailer", STREAM + b"trailer")),
        ("policy.txt", "Été\n".encode()),
        ("list.csv", "\ufeffname;town\n".encode()),
        ("policy.odt", odt()),
        ("policy.docx", docx()),
    ],
)
def test_five_kinds_are_taken(name: str, content: bytes) -> None:
    assert checked_document(content, name) == name.rpartition(".")[2].lower()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("page.html", b"<html>", "notice_document_type"),
        ("page.svg", b"<svg>", "notice_document_type"),
        ("policy", PDF, "notice_document_type"),
        ("policy.pdf", b"<html>", "notice_document_type"),
        ("policy.pdf", b"%PDF-1.7 cut", "notice_document_type"),
        ("policy.docx", odt(), "notice_document_type"),
        ("policy.odt", archive(mimetype=b"application/zip"), "notice_document_type"),
        ("policy.odt", b"PK\x03\x04 broken", "notice_document_type"),
        ("policy.txt", picture(), "notice_document_type"),
        ("policy.csv", "Été".encode("latin-1"), "notice_document_type"),
        (
            "policy.pdf",
            PDF.replace(b"/Catalog", b"/Catalog/OpenAction<</S/JavaScript/JS(x)>>"),
            "notice_document_active",
        ),
        ("policy.docx", docx(**{"word/vbaProject.bin": b"x"}), "notice_document_active"),
        ("policy.odt", odt(**{"Basic/Standard/Module1.xml": b"x"}), "notice_document_active"),
        ("policy.txt", b"x" * (5 * 1024**2 + 1), "notice_document_too_large"),
    ],
)
def test_others_are_refused(name: str, content: bytes, code: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        checked_document(content, name)
    assert [problem.code for problem in refused.value.errors] == [code]


def test_an_archive_of_too_many_members_is_not_looked_into() -> None:
    with pytest.raises(InvalidInputError):
        checked_document(odt(**{f"m{n}": b"" for n in range(2_000)}), "policy.odt")
