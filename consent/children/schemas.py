"""How systems of a client tell of an age and of a parent."""

from __future__ import annotations

from typing import Any, Literal

from ninja import Schema
from pydantic import AwareDatetime, ConfigDict, Field, model_validator

from consent.children.rules import LONGEST_HOW, Age, Parent

CheckName = Literal["same_sheet", "same_call", "called_back", "identity_seen", "account", "other"]


class AgeIn(Schema):
    """Exactly one of the two. Of a year alone the person counts as under the limit until it is certain they are not."""

    model_config = ConfigDict(extra="forbid")

    under_limit: bool | None = None
    birth_year: int | None = Field(None, ge=1900, le=2999)

    @model_validator(mode="after")
    def one_of_them(self) -> AgeIn:
        if (self.under_limit is None) == (self.birth_year is None):
            raise ValueError("Give either under_limit or birth_year.")
        return self


class ParentIn(Schema):
    """A holder of parental authority, who agrees together with the child (K-02)."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field("", max_length=200)
    email: str = Field("", max_length=254)
    phone: str = Field("", max_length=40)
    check: CheckName | None = Field(None, description="How the parent's authority was checked (K-03).")
    how: str = Field("", max_length=LONGEST_HOW, description="What was done to check it, in a few words.")
    agreed_at: AwareDatetime | None = Field(None, description="When the parent agreed.")
    reference: str = Field("", max_length=200, description="Where the proof of it is kept on your side.")


def age_of(given: AgeIn | None) -> Age | None:
    return Age(**given.model_dump()) if given else None


def parent_of(given: ParentIn | None) -> Parent | None:
    if given is None:
        return None
    values: dict[str, Any] = given.model_dump()
    return Parent(**{**values, "check": values["check"] or ""})
