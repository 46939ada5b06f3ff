"""``{% load public_ui %}``: the form components as public pages draw them, and the text filters."""

from functools import partial

from django import template

from portal.ui.tags import forms, text

register = template.Library()
register.filters.update(text.register.filters)
register.simple_tag(partial(forms.field, style="public"), name="field")
register.simple_tag(partial(forms.fields, style="public"), name="fields")
register.simple_tag(partial(forms.form_errors, style="public"), name="form_errors")
