"""Rebuild ``static/vendor`` from the npm registry: ``python -m portal.ui.vendoring``.

Maintainers run it to take a new version; nothing runs it in production. It writes the files, their licences
and ``versions.json`` with the SHA-256 sums that the test suite compares.
"""

import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

VENDOR = Path(__file__).resolve().parents[2] / "static" / "vendor"
SOURCE_MAP = re.compile(rb"\n?(?:/\*|//)# sourceMappingURL=.*?(?:\*/)?\s*$")
SVG_BODY = re.compile(r"<svg.*?>(.*)</svg>", re.DOTALL)
EMPTY_BOX = '<path stroke="none" d="M0 0h24v24H0z" fill="none" />'


@dataclass(frozen=True)
class Package:
    """An npm package, its pinned version, and the files we take: path inside it to our name."""

    name: str
    version: str
    licence: str
    files: dict[str, str]
    licence_file: str = "LICENSE"


PACKAGES = (
    Package(
        "@tabler/core",
        "1.6.1",
        "MIT",
        {"dist/css/tabler.min.css": "tabler.min.css", "dist/js/tabler.min.js": "tabler.min.js"},
    ),
    Package("@tabler/icons", "3.51.0", "MIT", {"icons/outline": "icons.svg"}),
    Package("htmx.org", "2.0.11", "0BSD", {"dist/htmx.min.js": "htmx.min.js"}),
    # For browsers whose own cryptography knows no Ed25519; the page that checks proofs loads it only then.
    Package("@noble/ed25519", "3.2.0", "MIT", {"index.js": "noble-ed25519.js"}),
)


def fetch(package: Package, folder: Path) -> Path:
    """Download the package with ``npm pack`` and unpack it; returns its folder."""
    command = ["npm", "pack", "--silent", f"{package.name}@{package.version}"]
    archive = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()
    target = folder / archive.removesuffix(".tgz")
    with tarfile.open(folder / archive) as unpacked:
        unpacked.extractall(target, filter="data")
    return target / "package"


def sprite(icons: Path) -> bytes:
    """Join the icons named in ``icons.txt`` into one SVG of symbols."""
    symbols = []
    for name in (VENDOR / "icons.txt").read_text().split():
        body = SVG_BODY.search((icons / f"{name}.svg").read_text())
        if body is None:
            raise ValueError(name)
        shapes = "".join(body[1].replace(EMPTY_BOX, "").split("\n")).replace("  ", "")
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{shapes}</symbol>\n')
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{"".join(symbols)}</svg>\n'.encode()


def content(source: Path) -> bytes:
    """The bytes we keep of one file: no pointer to a source map that is not there."""
    return sprite(source) if source.is_dir() else SOURCE_MAP.sub(b"\n", source.read_bytes())


def vendored(package: Package, folder: Path) -> list[dict[str, str]]:
    """Write one package's files and licence; returns its lines for ``versions.json``."""
    licence = f"{package.name.strip('@').replace('/', '-')}.LICENSE.txt"
    origin = folder / package.licence_file
    text = origin.read_text() if origin.exists() else TABLER_LICENCE
    (VENDOR / licence).write_text(text)
    lines = []
    for source, name in package.files.items():
        (VENDOR / name).write_bytes(content(folder / source))
        digest = hashlib.sha256((VENDOR / name).read_bytes()).hexdigest()
        lines.append(
            {
                "name": package.name,
                "version": package.version,
                "licence": package.licence,
                "licence_file": licence,
                "file": name,
                "sha256": digest,
            }
        )
    return lines


# The npm package names its licence in package.json and in the file's head, but carries no licence text.
TABLER_LICENCE = """MIT License

Copyright (c) 2018-2026 The Tabler Authors
Copyright (c) 2018-2026 codecalm.net Paweł Kuna

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        lines = [line for package in PACKAGES for line in vendored(package, fetch(package, Path(name)))]
    (VENDOR / "versions.json").write_text(json.dumps(lines, indent=2) + "\n")
    sys.stdout.write(f"{len(lines)} files in {VENDOR}\n")


if __name__ == "__main__":
    main()
