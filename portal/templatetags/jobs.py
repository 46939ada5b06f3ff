"""``{% load jobs %}``: why a job failed, or does not move, in words."""

from django import template

from portal.jobs.errors import said, stillness

register = template.Library()
register.filter("said", said)
register.filter("stillness", stillness)
