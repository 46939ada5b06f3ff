"""The sample of a bought or partner list: rows drawn at random while its chunks are merged (I-04).

Each row that became or met a contact draws a number; the rows with the smallest numbers of the whole import are the
sample. So nothing of the file is needed afterwards, and whoever wrote the file can't know what will be looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import nsmallest
from itertools import compress
from operator import not_
from random import SystemRandom
from typing import Any

from django.conf import settings

from subscribers.imports.models import Import
from subscribers.imports.passport.rules import is_quarantined
from subscribers.imports.stages import ChunkContext, People, register_stage

STAGE = "sample"
draw = SystemRandom().random

# The numbers are drawn once for each row, then compared with those that are kept already.
KEEP = """
INSERT INTO subscribers_importsample (organisation_id, source_import_id, line, contact_id, draw, verdict, note)
SELECT %(organisation)s, %(import)s, line, contact_id, draw, '', ''
FROM unnest(%(lines)s::bigint[], %(contacts)s::bigint[], %(draws)s::float8[]) AS d(line, contact_id, draw)
"""
# Index: one_sample_a_line.
KEEP_SMALLEST = """
DELETE FROM subscribers_importsample s WHERE s.organisation_id = %(organisation)s AND s.source_import_id = %(import)s
  AND s.id NOT IN (
    SELECT k.id FROM subscribers_importsample k
    WHERE k.organisation_id = %(organisation)s AND k.source_import_id = %(import)s
    ORDER BY k.draw, k.id LIMIT %(size)s
  )
"""


def register() -> None:
    register_stage(STAGE, draw_from_chunk)


def draw_from_chunk(cursor: Any, source: Import, chunk: ChunkContext) -> None:
    """Draw from one merged chunk, in its transaction."""
    if not is_quarantined(source.origin_kind) or source.dry_run:
        return
    size = settings.ACCORD.import_sample_size
    rows = [*met_rows(chunk.new), *compress(met_rows(chunk.known), map(not_, chunk.repeated))]
    drawn = nsmallest(size, ((draw(), int(line), int(contact)) for line, contact in rows))
    parameters = {
        "organisation": source.organisation_id,
        "import": source.pk,
        "size": size,
        "draws": [number for number, _line, _contact in drawn],
        "lines": [line for _number, line, _contact in drawn],
        "contacts": [contact for _number, _line, contact in drawn],
    }
    cursor.execute(KEEP, parameters)
    cursor.execute(KEEP_SMALLEST, parameters)


def met_rows(people: People) -> Iterator[tuple[str, str]]:
    return zip(people.columns["line"], people.ids, strict=True)
