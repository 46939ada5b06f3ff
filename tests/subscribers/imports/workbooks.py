"""The smallest workbooks that spreadsheet programs would open, written by hand: XLSX, ODS and XLS."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

Sheets = Mapping[str, Sequence[Sequence[Any]]]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
DAY, MOMENT = 1, 2  # the number formats of the cells made by `day` and `moment`


class Dated(float):
    """A number that Excel shows as a day or a moment."""

    style = DAY


class Moment(Dated):
    style = MOMENT


def packed(files: Mapping[str, str | bytes], **options: Any) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def xlsx(sheets: Sheets, *, links: Mapping[str, str] | None = None, hidden: Sequence[str] = ()) -> bytes:
    """Cells are text, numbers, booleans, `Dated`, None. ``links``: cell of the first sheet -> target."""
    names = list(sheets)
    files = {
        "[Content_Types].xml": content_types(len(names)),
        "_rels/.rels": relations({"rId1": ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        + "".join(
            f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"'
            + (' state="hidden"/>' if name in hidden else "/>")
            for number, name in enumerate(names, start=1)
        )
        + "</sheets></workbook>",
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14"/>'
        '<xf numFmtId="22"/></cellXfs></styleSheet>',
        "xl/_rels/workbook.xml.rels": relations(
            {f"rId{number}": ("worksheet", f"worksheets/sheet{number}.xml") for number in range(1, len(names) + 1)}
            | {"rId90": ("styles", "styles.xml")}
        ),
    }
    for number, rows in enumerate(sheets.values(), start=1):
        places = links if number == 1 and links else {}
        files[f"xl/worksheets/sheet{number}.xml"] = sheet_xml(rows, list(places))
        if places:
            targets = {f"rId{place}": ("hyperlink", target) for place, target in enumerate(places.values())}
            files[f"xl/worksheets/_rels/sheet{number}.xml.rels"] = relations(targets)
    return packed(files)


def content_types(sheets: int) -> str:
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = [("workbook", f"{kind}.sheet.main+xml"), ("styles", f"{kind}.styles+xml")]
    parts += [(f"worksheets/sheet{number}", f"{kind}.worksheet+xml") for number in range(1, sheets + 1)]
    return (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        + "".join(f'<Override PartName="/xl/{name}.xml" ContentType="{said}"/>' for name, said in parts)
        + "</Types>"
    )


def relations(targets: Mapping[str, tuple[str, str]]) -> str:
    return f'<Relationships xmlns="{RELATIONS}">' + "".join(
        f'<Relationship Id="{name}" Type="{OFFICE}/{kind}" Target={quoteattr(target)} '
        f'TargetMode="{"External" if kind == "hyperlink" else "Internal"}"/>'
        for name, (kind, target) in targets.items()
    ) + "</Relationships>"  # fmt: skip


def sheet_xml(rows: Sequence[Sequence[Any]], links: Sequence[str]) -> str:
    cells = "".join(
        f'<row r="{number}">'
        + "".join(cell_xml(f"{chr(65 + place)}{number}", value) for place, value in enumerate(row))
        + "</row>"
        for number, row in enumerate(rows, start=1)
        if row
    )
    linked = "".join(f'<hyperlink ref="{cell}" r:id="rId{place}"/>' for place, cell in enumerate(links))
    linked = f"<hyperlinks>{linked}</hyperlinks>" if linked else ""
    return f'<worksheet xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheetData>{cells}</sheetData>{linked}</worksheet>'


def cell_xml(place: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, Dated):
        return f'<c r="{place}" s="{value.style}"><v>{float(value)}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{place}"><v>{value}</v></c>'
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def ods(sheets: Sheets, *, manifest: str = "") -> bytes:
    names = {"office": "office", "table": "table", "text": "text"}
    spaces = " ".join(f'xmlns:{key}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for key, name in names.items())
    tables = "".join(
        f"<table:table table:name={quoteattr(name)}>"
        + "".join("<table:table-row>" + "".join(map(ods_cell, row)) + "</table:table-row>" for row in rows)
        + "</table:table>"
        for name, rows in sheets.items()
    )
    content = f"<office:document-content {spaces}><office:body><office:spreadsheet>{tables}</office:spreadsheet>"
    return packed(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": content + "</office:body></office:document-content>",
            "META-INF/manifest.xml": f"<manifest>{manifest}</manifest>",
        }
    )


def ods_cell(value: Any) -> str:
    if isinstance(value, int | float):
        kind = f'office:value-type="float" office:value="{value}"'
    else:
        kind = 'office:value-type="string"'
    return f"<table:table-cell {kind}><text:p>{escape(str(value))}</text:p></table:table-cell>"


def xls(name: str, rows: Sequence[Sequence[Any]]) -> bytes:
    """A BIFF8 workbook of one sheet in an OLE file."""
    cells = b"".join(
        xls_cell(row, column, value) for row, values in enumerate(rows) for column, value in enumerate(values)
    )
    sheet = record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0)) + cells + record(0x0A, b"")
    opening = record(0x809, struct.pack("<HHHHII", 0x600, 0x05, 0, 0, 0, 0))
    place = len(opening) + 4 + 8 + len(name) + 4
    bound = record(0x85, struct.pack("<IBBBB", place, 0, 0, len(name), 0) + name.encode("latin-1"))
    return ole("Workbook", opening + bound + record(0x0A, b"") + sheet)


def record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def xls_cell(row: int, column: int, value: Any) -> bytes:
    if isinstance(value, int | float):
        return record(0x203, struct.pack("<HHHd", row, column, 0, value))
    text = value.encode("utf-16-le")
    return record(0x204, struct.pack("<HHHHB", row, column, 0, len(value), 1) + text)


def ole(stream: str, content: bytes) -> bytes:
    """A compound file that holds one stream."""
    content = content.ljust(max(4096, -(-len(content) // 512) * 512), b"\0")
    sectors = len(content) // 512
    chain = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, 2 + sectors), 0xFFFFFFFE]
    fat = struct.pack("<128I", *chain, *[0xFFFFFFFF] * (128 - len(chain)))
    folder = entry("Root Entry", 5, child=1, start=0xFFFFFFFE, size=0) + entry(stream, 2, start=2, size=len(content))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    header += struct.pack("<109I", 0, *[0xFFFFFFFF] * 108)
    return header + fat + folder.ljust(512, b"\0") + content


def entry(name: str, kind: int, *, child: int = 0xFFFFFFFF, start: int, size: int) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    siblings = (0xFFFFFFFF, 0xFFFFFFFF)
    return struct.pack(
        "<64sHBBIII16sIQQIQ", text, len(text), kind, 1, *siblings, child, bytes(16), 0, 0, 0, start, size
    )
