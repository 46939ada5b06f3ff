"""What goes wrong with the embedded services."""


class ServicesError(RuntimeError):
    """The embedded PostgreSQL or Valkey cannot be started; the message says what to do about it."""
