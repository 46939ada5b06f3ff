"""The product on the bench database."""

from __future__ import annotations

from bench.setting import use_bench_database

use_bench_database()

from django.core.wsgi import get_wsgi_application  # noqa: E402 (the database is chosen first)

application = get_wsgi_application()
