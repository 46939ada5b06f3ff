"""Long work that survives its workers. See ``docs/build/jobs.md``."""
