"""The age, and the agreement of a parent, as a member types them in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from consent.children.errors import ParentCheckRequiredError, ParentRequiredError
from consent.children.rules import LONGEST_HOW, OVER, PARENT, UNDER, Age, Parent, ParentCheck
from portal.errors import DomainError, FieldProblem
from portal.ui.forms import add_problems

ASK = "ask"
# Where the page has what a problem is at.
PLACES = {
    "name": "parent_name",
    "email": "parent_address",
    "phone": "parent_address",
    "check": "parent_check",
    "how": "parent_how",
    "agreed_at": "parent_agreed_at",
}


class ChildForm(forms.Form):
    """To be extended; without a ``limit`` there is nothing to ask. ``without``: checks that can't be made here."""

    age = forms.ChoiceField(label=_("Age"), widget=forms.RadioSelect)
    parent_name = forms.CharField(label=_("Name of the parent or guardian"), required=False, max_length=200)
    parent_check = forms.ChoiceField(
        label=_("How their authority was checked"),
        required=False,
        help_text=_("A reasonable effort is asked, not certainty (GDPR art. 8(2)). It is kept with the proof."),
    )
    parent_how = forms.CharField(
        label=_("What was done, in a few words"),
        required=False,
        max_length=LONGEST_HOW,
        help_text=_("For example: called back the number in our files, the mother confirmed."),
    )
    parent_agreed_at = forms.DateTimeField(
        label=_("When the parent agreed"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    parent_address = forms.CharField(
        label=_("E-mail address or phone number of the parent"),
        required=False,
        max_length=254,
        help_text=_("Leave it empty where it is not needed: the name on the paper is enough."),
    )

    CHILD_FIELDS = ("age", "parent_name", "parent_check", "parent_how", "parent_agreed_at", "parent_address")

    def __init__(self, *args: Any, limit: int | None, without: tuple[str, ...] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limit = limit
        if not limit:
            for name in self.CHILD_FIELDS:
                del self.fields[name]
            return
        age, check = self.fields["age"], self.fields["parent_check"]
        assert isinstance(age, forms.ChoiceField) and isinstance(check, forms.ChoiceField)  # noqa: S101 - for the checker
        age.choices = [
            (OVER, _("%(limit)s or older") % {"limit": limit}),
            (UNDER, _("Under %(limit)s") % {"limit": limit}),
        ]
        done = [(value, label) for value, label in ParentCheck.choices if value not in without]
        check.choices = [("", "—"), *done, (ASK, _("Not yet: ask by e-mail. Child and parent each get a message"))]

    @property
    def parent_part(self) -> list[forms.BoundField]:
        return [self[name] for name in self.CHILD_FIELDS[1:]] if self.limit else []

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("age") == UNDER and not given.get("parent_check"):
            told = any(given.get(name) for name in self.CHILD_FIELDS[1:])
            error = ParentCheckRequiredError if told else ParentRequiredError
            self.add_error("parent_check", str(error.title))
        return given

    def age_told(self) -> Age | None:
        return Age(under_limit=self.cleaned_data["age"] == UNDER) if self.limit else None

    def parent_told(self) -> Parent | None:
        """What was typed of a parent; of somebody old enough none is asked, and what is hidden then is not read."""
        given = self.cleaned_data
        if not self.limit or given["age"] != UNDER:
            return None
        is_email = "@" in given["parent_address"]
        reached = {"email" if is_email else "phone": given["parent_address"].strip()}
        if given["parent_check"] == ASK:
            return Parent(name=given["parent_name"], **reached)
        return Parent(
            name=given["parent_name"],
            check=given["parent_check"],
            how=given["parent_how"],
            agreed_at=given["parent_agreed_at"],
            **reached,
        )


def add_child_problems(form: ChildForm, error: DomainError) -> None:
    """Each problem on the field of the page that it is about."""
    error.errors = tuple(placed(problem) for problem in error.errors)
    add_problems(form, error)


def placed(problem: FieldProblem) -> FieldProblem:
    if problem.loc[:1] != (PARENT,):
        return problem
    return FieldProblem((PLACES.get(str(problem.loc[-1]), "parent_check"),), problem.code, problem.detail)
