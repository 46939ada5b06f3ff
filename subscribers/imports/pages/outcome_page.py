"""What became of the rows, as the page tells it: counts, examples of each kind, risks and warnings in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from portal.channels import Channel
from portal.ui.components import Part, Text
from portal.ui.numbers import number
from portal.ui.statuses import look_of
from subscribers.imports import queries
from subscribers.imports.merging.outcomes import examples as examples_of
from subscribers.imports.models import Import
from subscribers.imports.pages.forms import FLAGS, target_labels
from subscribers.imports.passport.risks import Risk, risks_of
from subscribers.imports.passport.warnings import SENTENCES
from subscribers.imports.problems import REJECT_DETAILS
from subscribers.suppression.models import SuppressionReason

PARTS = (
    ("created", pgettext_lazy("rows", "Created")),
    ("updated", pgettext_lazy("rows", "Updated")),
    ("unchanged", pgettext_lazy("rows", "Unchanged")),
    ("duplicate", gettext_lazy("Repeated in the file")),
    ("suppressed", gettext_lazy("Suppressed")),
    ("rejected", pgettext_lazy("rows", "Rejected")),
)
CATEGORIES: dict[str, str | Promise] = {
    "created": gettext_lazy("New people"),
    "updated": gettext_lazy("Known people with new values"),
    "would_resubscribe": gettext_lazy("Said no, and the file claims they agreed"),
    "suppressed": gettext_lazy("On the list of those who must not be written to"),
    "duplicate": gettext_lazy("Repeated in the file"),
    "unchanged": gettext_lazy("Known people, nothing new"),
}
NOTES: dict[str, str | Promise] = {
    "would_resubscribe": gettext_lazy("They stay as they are: only they themselves can change it."),
    "suppressed": gettext_lazy("No address is shown or kept: that is what the list is for."),
    "duplicate": gettext_lazy("The first row of each person stands."),
}
CHANNELS = dict(Channel.choices)
REASONS = dict(SuppressionReason.choices)
HEADS: dict[str, str | Promise] = {
    "line": gettext_lazy("Line"),
    "contact": gettext_lazy("Contact"),
    "email": gettext_lazy("E-mail"),
    "phone": gettext_lazy("Phone"),
    "external_id": gettext_lazy("External id"),
    "first_name": gettext_lazy("First name"),
    "last_name": gettext_lazy("Last name"),
    "field": gettext_lazy("Field"),
    "before": gettext_lazy("Until now"),
    "after": gettext_lazy("From the file"),
    "channel": gettext_lazy("Channel"),
    "reason": gettext_lazy("Reason"),
    "purpose": gettext_lazy("Purpose"),
    "status": gettext_lazy("Status"),
}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One kind of row with its first examples; ``rows`` are pairs of head and cell, in the order of ``heads``."""

    code: str
    label: Text
    note: Text
    count: int
    heads: Sequence[Text]
    rows: Sequence[Sequence[tuple[str, Any]]]


@dataclass(frozen=True, kw_only=True)
class Slip:
    """A domain that looks misspelt, what it was probably meant to be, and how many rows have it."""

    domain: str
    suggestion: str
    rows: int


def outcome_context(source: Import) -> dict[str, Any]:
    """Everything the page says about the rows."""
    counts = queries.counts(source)
    return {
        "counts": counts,
        "parts": [Part(code, str(label), counts[code]) for code, label in PARTS],
        "rejects": rejects_in_words(source),
        "examples": queries.examples_of_rejects(source),
        "dropped": queries.dropped(source),
        "consents": source.stage_counts.get("consents", {}),
        "opt_outs": source.stage_counts.get("opt_outs", {}),
        "flags": [(FLAGS[code], count) for code, count in sorted(source.flags_by_code.items()) if code in FLAGS],
        "slips": slips_of(source),
        "warnings": [SENTENCES[code] for code in source.warnings if code in SENTENCES],
    }


def dry_run_context(source: Import) -> dict[str, Any]:
    """What would happen: an example of each kind of row, and what makes the import risky."""
    risks = risks_of(queries.situation(source))
    return {
        "outcomes": list(outcomes_of(source)),
        "risks": [risk_in_words(risk) for risk in risks],
        "typed": typed_word(source) if risks else "",
    }


def typed_word(source: Import) -> str:
    """What is typed to confirm a risky import: the number of its rows, so that it is read once more."""
    return str(source.rows_read)


def rejects_in_words(source: Import) -> list[tuple[str, int]]:
    """The reasons with their counts, the most frequent first."""
    found = sorted(source.rejects_by_code.items(), key=lambda pair: -pair[1])
    return [(reject_in_words(code), count) for code, count in found]


def reject_in_words(code: str) -> str:
    return next((_(detail) for known, detail in REJECT_DETAILS.items() if known == code), code)


def outcomes_of(source: Import) -> Iterator[Outcome]:
    """The kinds of rows there are, each with its first examples."""
    fields = target_labels()
    for code, label in CATEGORIES.items():
        count = source.outcomes.get(code, 0)
        if not count:
            continue
        examples = examples_of(source, code)
        heads = list(dict.fromkeys(key for example in examples for key in example))
        yield Outcome(
            code=code,
            label=label,
            note=NOTES.get(code, ""),
            count=count,
            heads=[HEADS.get(head, head) for head in heads],
            rows=[[(head, in_words(head, example.get(head, ""), fields)) for head in heads] for example in examples],
        )


def in_words(head: str, value: Any, fields: Mapping[str | None, Any]) -> Any:
    """A cell as people read it: fields, channels and reasons by their names."""
    match head:
        case "field":
            return fields.get(value, value)
        case "channel":
            return ", ".join(str(CHANNELS.get(channel, channel)) for channel in str(value).split(", "))
        case "reason":
            return REASONS.get(value, value)
        case "status":
            return look_of(value).label
    return value


def slips_of(source: Import) -> list[Slip]:
    """The misspelt domains, the most frequent first."""
    found = [
        Slip(domain=domain, suggestion=said["suggestion"], rows=said["rows"])
        for domain, said in source.flagged_domains.items()
    ]
    return sorted(found, key=lambda slip: -slip.rows)[:20]


def risk_in_words(risk: Risk) -> str:
    """Why somebody is asked to type; with the figure."""
    n, text = risk.count, risk.code
    match risk.code:
        case "collected_by_others":
            text = _(
                "Somebody else collected these people. Nobody may be written to before a sample of the proofs has been "
                "checked."
            )
        case "many_overwritten":
            text = ngettext(
                "The values of %(n)s known person are overwritten by the file.",
                "The values of %(n)s known people are overwritten by the file.",
                n,
            )
        case "mostly_rejected":
            text = ngettext(
                "%(n)s row is rejected, more than half of the file. Is it read rightly?",
                "%(n)s rows are rejected, more than half of the file. Is it read rightly?",
                n,
            )
        case "claimed_long_ago":
            text = _(
                "These people agreed more than three years ago. Unless they have shown a sign since, it is too late to "
                "write to them."
            )
        case "would_resubscribe":
            text = ngettext(
                "%(n)s person said no, and the file claims that they agreed. They stay as they are.",
                "%(n)s people said no, and the file claims that they agreed. They stay as they are.",
                n,
            )
    return text % {"n": number(n)}
