"""A disk without room: Accord's own, or the one that PostgreSQL writes to."""

from __future__ import annotations

import errno

from psycopg.errors import DiskFull

FULL = (errno.ENOSPC, errno.EDQUOT)


def disk_is_full(error: BaseException | None) -> bool:
    """Whether this error, or what led to it, says that there is no room left (ENOSPC, EDQUOT; SQLSTATE 53100)."""
    while error is not None:
        if isinstance(error, DiskFull) or (isinstance(error, OSError) and error.errno in FULL):
            return True
        error = error.__cause__ or error.__context__
    return False
