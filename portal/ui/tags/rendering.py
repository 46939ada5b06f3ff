"""Rendering of component templates, shared by the tag modules."""

from typing import Any

from django.template import loader
from django.utils.safestring import SafeString


def component(name: str, /, **context: Any) -> SafeString:
    """Render ``templates/components/<name>.html`` with exactly these values."""
    return SafeString(loader.render_to_string(f"components/{name}.html", context).strip())
