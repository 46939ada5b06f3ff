"""A file in chunks: small ones at its start and at its end, cut alike by whoever reads it again."""

from __future__ import annotations

import io
import subprocess
import sys

from portal.channels import Channel
from subscribers.imports.columns.statuses import CHANNELS
from subscribers.imports.reading.chunks import Chunk, read_chunks
from subscribers.imports.reading.reader import ROOT
from tests.subscribers.imports.files import inspected
from tests.subscribers.imports.rows import validator_of


def chunks_of(content: str, **sizes: int) -> list[Chunk]:
    data = content.encode()
    validator = validator_of({"email": "email", "name": "first_name"})
    return list(read_chunks(io.BytesIO(data), inspected(data), validator, block_bytes=64, **sizes))


FILE = "email,name\n" + "".join(f"p{number:04}@x.example,Ada\n" for number in range(1000))


def test_the_last_chunks_are_small_so_that_little_is_left_to_do_when_all_is_read() -> None:
    chunks = chunks_of(FILE, chunk_rows=100, first_rows=20, last_rows=10)
    counts = [chunk.read for chunk in chunks]
    assert sum(counts) == 1000
    assert 100 <= max(counts) <= 105
    assert counts[0] < 30
    assert counts[-1] <= 15
    assert sorted(counts[-5:], reverse=True) == counts[-5:]
    assert [chunk.start[0] for chunk in chunks[1:]] == [chunk.offset for chunk in chunks[:-1]]


def test_the_same_sizes_cut_a_file_at_the_same_places() -> None:
    sizes = {"chunk_rows": 100, "first_rows": 20, "last_rows": 10}
    assert [chunk.offset for chunk in chunks_of(FILE, **sizes)] == [chunk.offset for chunk in chunks_of(FILE, **sizes)]


def test_a_run_that_an_earlier_release_began_goes_on_in_chunks_of_its_size_to_the_end() -> None:
    counts = [chunk.read for chunk in chunks_of(FILE, chunk_rows=100, first_rows=20)]
    assert min(counts[3:-1]) >= 100


def test_the_program_that_reads_does_not_load_the_database() -> None:
    """It has to be there soon: to import Django's models takes it as long as all the rest."""
    program = (
        "from django.conf import settings\n"
        "settings.configure(USE_I18N=False)\n"
        "from subscribers.imports.reading import chunks, frames\n"
        "from subscribers.imports.values import rows\n"
        "import sys\n"
        "print('django.db.models' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    assert ran.stdout.strip() == "False"


def test_it_knows_every_channel_by_its_name() -> None:
    assert {channel for channel, _words in CHANNELS} == set(Channel.values)
