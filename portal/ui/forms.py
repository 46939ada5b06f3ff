"""What our forms share: the problems of an action on its fields, and days and moments as browsers take them."""

from typing import Any

from django.forms import BaseForm, DateInput, DateTimeInput

from portal.errors import DomainError


class DayInput(DateInput):
    """A day to pick. Browsers take ISO 8601 whatever the reader's language, and show it in theirs."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class MomentInput(DateTimeInput):
    """A day and a time to pick, to the minute."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")


def add_problems(form: BaseForm, error: DomainError) -> None:
    """Put each problem on the field it names; the others, or the error itself, on top of the form."""
    if not error.errors:
        form.add_error(None, str(error.detail))
    for problem in error.errors:
        name = str(problem.loc[-1]) if problem.loc else ""
        form.add_error(name if name in form.fields else None, str(problem.detail))
