"""The address a request really comes from: ``X-Forwarded-For`` counts only as far as our own proxies wrote it."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """Where this request comes from; None on a Unix socket."""
    return nearest_address(request.META.get("HTTP_X_FORWARDED_FOR", ""), request.META.get("REMOTE_ADDR", ""))


def nearest_address(forwarded_for: str, remote: str) -> str | None:
    """The nearest address that is not one of ``ACCORD_TRUSTED_PROXIES``.

    A proof must not hold what the visitor typed into a header, so the list is read from its end.
    """
    networks = [ip_network(proxy) for proxy in settings.ACCORD.trusted_proxies]
    hops = [*forwarded_for.split(","), remote]
    nearest: str | None = None
    for hop in reversed(hops):
        try:
            address = ip_address(hop.strip())
        except ValueError:
            break
        nearest = str(address)
        if not any(address in network for network in networks):
            break
    return nearest
