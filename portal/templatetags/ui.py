"""``{% load ui %}``: every component of the portal, described in docs/build/ui.md."""

from django import template

from portal.ui.tags import charts, forms, layout, lists, text

register = template.Library()

for _module in (text, layout, forms, lists, charts):
    register.tags.update(_module.register.tags)
    register.filters.update(_module.register.filters)
