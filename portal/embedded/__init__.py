"""The private PostgreSQL and Valkey of an instance that was given no servers of its own.

`addresses(var)` says where they listen, without starting anything. `hold(var)` starts them when they are
down and keeps them up for the life of this process; `hold_unless_given()` does so unless the environment
names real servers. A *keeper* process stops both about a second after the last holder is gone, however it
went, and restarts what dies meanwhile.
"""

from .addresses import Addresses, addresses, serves_as_store, uses_embedded_services, var_folder
from .errors import ServicesError
from .holding import hold, hold_unless_given, is_held, release, stopped

__all__ = [
    "Addresses",
    "ServicesError",
    "addresses",
    "hold",
    "hold_unless_given",
    "is_held",
    "release",
    "serves_as_store",
    "stopped",
    "uses_embedded_services",
    "var_folder",
]
