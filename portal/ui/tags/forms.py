"""Fields, error summaries, buttons in a row and the dialog that asks first."""

from __future__ import annotations

import secrets
from typing import Any

from django import template
from django.forms import (
    BaseForm,
    BaseFormSet,
    BoundField,
    CheckboxInput,
    CheckboxSelectMultiple,
    EmailInput,
    FileInput,
    PasswordInput,
    RadioSelect,
    Select,
    Widget,
)
from django.forms import Textarea as TextareaWidget
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from portal.ui.confirmation import TYPED_FIELD
from portal.ui.tags.rendering import component

register = template.Library()


def kind_of(widget: Widget) -> str:
    """Which of our field layouts draws this widget."""
    # CheckboxSelectMultiple is a RadioSelect, and both are Selects: the order matters.
    if isinstance(widget, (RadioSelect, CheckboxSelectMultiple)):
        return "choices"
    if isinstance(widget, CheckboxInput):
        return "check"
    if isinstance(widget, FileInput):
        return "file"
    if isinstance(widget, Select):
        return "select"
    return "textarea" if isinstance(widget, TextareaWidget) else "input"


CLASSES = {"check": "form-check-input", "select": "form-select", "choices": "form-check-input"}


def control(bound: BoundField, kind: str, described_by: str, *, style: str = "portal") -> SafeString:
    """The widget with its classes and the ids of what describes it."""
    widget = bound.field.widget
    attributes: dict[str, str | bool] = {}
    if isinstance(widget, (PasswordInput, EmailInput)) or "email" in widget.attrs.get("autocomplete", ""):
        widget.attrs.pop("placeholder", None)  # allauth repeats the label there
    if kind == "choices":
        widget.attrs["class"] = CLASSES[kind]
    elif style == "portal":
        classes = f"{widget.attrs.get('class', '')} {CLASSES.get(kind, 'form-control')}"
        attributes["class"] = f"{classes} is-invalid".strip() if bound.errors else classes.strip()
    if described_by and kind != "choices":
        attributes["aria-describedby"] = described_by
    if bound.errors and kind != "choices":
        attributes["aria-invalid"] = "true"
    if kind == "file":
        attributes["data-file"] = ""
    return bound.as_widget(attrs=attributes)


def described_by(bound: BoundField, help_text: str) -> str:
    ids = [f"{bound.auto_id}_help"] if help_text else []
    return " ".join([*ids, f"{bound.auto_id}_error"] if bound.errors else ids)


@register.simple_tag
def field(
    bound: BoundField,
    label: str = "",
    help: str = "",
    hide_label: bool = False,
    prefix: str = "",
    suffix: str = "",
    style: str = "portal",
) -> SafeString:
    """Label, control, help and error of one field, tied together for screen readers."""
    if bound.is_hidden:
        return bound.as_widget()
    kind = kind_of(bound.field.widget)
    help_text = help or str(bound.help_text)
    ids = described_by(bound, help_text)
    return component(
        f"{style}_field" if style != "portal" else "field",
        bound=bound,
        kind=kind,
        control=control(bound, kind, ids, style=style),
        label=label or bound.label,
        help=help_text,
        described_by=ids,
        required=bound.field.required,
        hide_label=hide_label,
        prefix=prefix,
        suffix=suffix,
        options=list(bound) if kind == "choices" else [],
    )


@register.simple_tag
def fields(form: BaseForm, style: str = "portal") -> SafeString:
    """All fields of a form, hidden ones first."""
    hidden = "".join(str(bound) for bound in form.hidden_fields())
    shown = "".join(field(bound, style=style) for bound in form.visible_fields())
    return mark_safe(hidden + shown)  # noqa: S308 - both are rendered by Django's own widgets and our templates


def errors_of(form: BaseForm | BaseFormSet[Any]) -> list[tuple[str, str, str]]:
    """(address on the page, label, message) of every error of a form or formset, general ones first."""
    if isinstance(form, BaseFormSet):
        found = [("", "", str(message)) for message in form.non_form_errors()]
        return found + [line for each in form.forms for line in errors_of(each)]
    found = [("", "", str(message)) for message in form.non_field_errors()]
    for bound in form:
        target = bound.auto_id if kind_of(bound.field.widget) != "choices" else f"{bound.auto_id}_0"
        found += [(f"#{target}", str(bound.label), str(message)) for message in bound.errors]
    return found


@register.simple_tag
def form_errors(form: BaseForm | BaseFormSet[Any], style: str = "portal") -> SafeString:
    """The summary on top, each line a link to its field; nothing when there is nothing wrong."""
    problems = errors_of(form) if form.is_bound else []
    if not problems:
        return SafeString("")
    return component("form_errors" if style == "portal" else f"{style}_form_errors", problems=problems)


@register.simple_block_tag
def form_actions(content: str) -> SafeString:
    return format_html('<div class="form-actions">{}</div>', content)


@register.simple_block_tag(takes_context=True)
def confirm(
    context: Context,
    content: str,
    label: str,
    url: str,
    title: str,
    action: str = "",
    typed: str = "",
    icon: str = "",
    kind: str = "danger",
    fields: BaseForm | None = None,
    small: bool = False,
) -> SafeString:
    """A link to the page that asks; with script, a dialog that asks here."""
    return component(
        "confirm",
        id=f"confirm-{secrets.token_hex(4)}",
        content=content,
        label=label,
        url=url,
        title=title,
        action=action or label,
        typed=typed,
        typed_field=TYPED_FIELD,
        icon=icon,
        kind=kind,
        form=fields,
        small=small,
        csrf_token=context.get("csrf_token"),
    )
