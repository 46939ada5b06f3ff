"""Components say in words and attributes what they show in colour and place."""

import re
from typing import Any

import pytest
from django import forms
from django.template import Context, Template, TemplateSyntaxError
from django.utils import translation

from portal.ui.components import Dot, FunnelDrop, FunnelStep, Part, Point, Stack


def drawn(source: str, **context: Any) -> str:
    return Template("{% load i18n ui %}" + source).render(Context(context))


class OrderForm(forms.Form):
    email = forms.EmailField(label="E-mail", help_text="We never show it.")
    channels = forms.MultipleChoiceField(
        label="Channels", choices=[("sms", "SMS"), ("post", "Post")], widget=forms.CheckboxSelectMultiple
    )
    file = forms.FileField(label="File", required=False)
    agree = forms.BooleanField(label="Checked", required=False)


def test_a_field_ties_label_help_and_error_to_its_control() -> None:
    html = drawn("{% field form.email %}", form=OrderForm({"email": "nobody"}))
    assert '<label class="form-label" for="id_email">' in html
    assert 'aria-describedby="id_email_help id_email_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_email_help">We never show it.' in html
    assert 'id="id_email_error"' in html


def test_boxes_of_one_question_stand_in_a_fieldset_with_its_name() -> None:
    html = drawn("{% field form.channels %}", form=OrderForm())
    assert re.search(r"<fieldset.*<legend[^>]*>Channels", html, re.DOTALL)
    assert html.count('class="form-check-input"') == 2


def test_the_summary_leads_to_each_field_that_is_wrong() -> None:
    html = drawn("{% form_errors form %}", form=OrderForm({"email": "nobody"}))
    assert 'href="#id_email"' in html
    assert 'href="#id_channels_0"' in html
    assert 'role="alert"' in html


def test_a_form_without_errors_has_no_summary() -> None:
    assert drawn("{% form_errors form %}", form=OrderForm()) == ""


def test_user_text_is_escaped_everywhere() -> None:
    evil = '<img src=x onerror="x()">'
    source = (
        "{% page_header e %}{% endpage_header %}{% badge e %}{% stat e e %}{% empty e text=e %}"
        "{% button e %}{% card e %}{{ e }}{% endcard %}{% alert 'info' title=e %}{{ e }}{% endalert %}"
        "{% copyable e e %}{% confirm label=e url='#' title=e typed=e %}{{ e }}{% endconfirm %}{% crumb e %}"
        "{% facts %}{% fact e %}{{ e }}{% endfact %}{% endfacts %}"
    )
    assert "<img" not in drawn(source, e=evil)


def test_a_badge_says_its_status_in_words() -> None:
    assert "Withdrawn" in drawn("{% badge 'withdrawn' %}")
    assert "Something new" in drawn("{% badge 'something_new' %}")


def test_a_decorative_icon_is_hidden_and_a_meaningful_one_is_named() -> None:
    assert 'aria-hidden="true"' in drawn("{% icon 'users' %}")
    assert 'role="img" aria-label="People"' in drawn("{% icon 'users' label='People' %}")


def test_an_unknown_icon_is_an_error() -> None:
    with pytest.raises(TemplateSyntaxError):
        drawn("{% icon 'no-such-icon' %}")


def test_a_funnel_shows_every_step_and_every_reason_as_a_table() -> None:
    steps = [FunnelStep("Segment", 100), FunnelStep("Allowed", 60, [FunnelDrop("withdrawn", "Withdrawn", 40)])]
    html = drawn("{% funnel steps 'Who is left' %}", steps=steps)
    assert html.index("Segment") < html.index("Withdrawn") < html.index("Allowed")
    assert '<rect x="60.0" y="0" width="40.0"' in html
    assert "style=" not in html


def test_an_empty_funnel_divides_by_nothing() -> None:
    assert "0" in drawn("{% funnel steps 'Nobody' %}", steps=[FunnelStep("Segment", 0)])


def test_charts_have_a_title_and_the_table_behind_them_in_every_language() -> None:
    with translation.override("fr"):
        html = drawn(
            "{% bar_chart points 'A day' %}{% split_bar parts 'Rows' %}",
            points=[Point("Mon", 1.5), Point("Tue", 3)],
            parts=[Part("created", "Created", 3), Part("rejected", "Rejected", 1)],
        )
    assert html.count("<title id=") == 2
    assert '<rect x="0.0" y="0" width="75.0"' in html, "SVG numbers keep the point in French"
    assert "1,5" in html


def test_a_line_breaks_where_there_is_nothing_to_say_and_its_table_says_so() -> None:
    dots = [Dot("Mon", 100), Dot("Tue", None), Dot("Wed", 50), Dot("Thu", 0)]
    html = drawn("{% line_chart dots 'Rate' description='By day' %}", dots=dots)
    assert 'd="M75.0 0.0 h0.01 M375.0 80.0 h0.01 L525.0 160.0"' in html
    assert '<th scope="row">Tue</th><td class="num">\N{EN DASH}</td>' in html
    assert "<desc" in html
    assert "style=" not in html


def test_a_stacked_chart_stands_on_its_axis_and_names_each_part_in_its_table() -> None:
    parts = [Part("granted", "Agreed", 3), Part("refused", "Refused", 1)]
    none = [Part("granted", "Agreed", 0), Part("refused", "Refused", 0)]
    html = drawn("{% stacked_chart stacks 'Answers' %}", stacks=[Stack("Mon", parts), Stack("Tue", none)])
    assert 'y="40.0" width="225.0" height="120.0" class="fill-success"' in html
    assert 'y="0.0" width="225.0" height="40.0" class="fill-danger"' in html
    assert html.count("<rect") == 2
    assert '<th scope="row">Tue</th><td class="num">0</td><td class="num">0</td>' in html
    assert "Agreed" in drawn("{% stacked_chart stacks 'Answers' %}", stacks=[Stack("Mon", parts)])
    assert drawn("{% stacked_chart stacks 'Answers' %}{% line_chart stacks 'Rate' %}", stacks=[])


def test_progress_without_an_end_has_no_percentage() -> None:
    assert 'value="20" max="80"' in drawn("{% progress 20 80 label='Rows' %}")
    assert "max=" not in drawn("{% progress 20 None label='Rows' %}")


def test_live_polls_without_script_of_its_own() -> None:
    html = drawn("{% live '/x' every=3 percent=40 %}half{% endlive %}")
    assert 'hx-get="/x" hx-trigger="every 3s" hx-swap="outerHTML" data-percent="40"' in html


def test_a_confirmation_is_a_link_first_and_a_dialog_second() -> None:
    html = drawn("{% confirm label='Erase' url='/erase' title='Erase?' typed='C-1' %}Gone.{% endconfirm %}")
    assert '<a href="/erase"' in html
    assert '<dialog id="confirm-' in html
    assert 'data-typed="C-1"' in html
