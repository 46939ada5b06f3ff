"""The product on the bench database."""

from __future__ import annotations

from bench.setting import use_bench_database

use_bench_database()

from portal.wsgi import application  # noqa: E402, F401 (the database is chosen first)
