"""Between an action's errors and the form that asked for it."""

from django.forms import BaseForm

from portal.errors import DomainError


def add_problems(form: BaseForm, error: DomainError) -> None:
    """Put each problem on the field it names; the others, or the error itself, on top of the form."""
    if not error.errors:
        form.add_error(None, str(error.detail))
    for problem in error.errors:
        name = str(problem.loc[-1]) if problem.loc else ""
        form.add_error(name if name in form.fields else None, str(problem.detail))
