"""Constant calls in templates: worked out when a template is compiled, in its environment's language, and escaped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from jinja2 import DictLoader
from markupsafe import Markup, escape

from web import bidi, i18n
from web.folding import FoldingEnvironment

PARTS = """{% macro icon(name) %}<svg><use href="#{{ name }}"/></svg>{% endmacro %}
{% macro badge(x) %}<b>{{ x }}</b>{% endmacro %}
{% macro deed(x) %}{{ seen(x) }}{% endmacro %}"""
TEMPLATES = {
    "parts/ui.html": PARTS,
    "constant.html": '{% from "parts/ui.html" import icon %}{{ icon("warn") }} {{ _("Inbox") }} {{ static("a&b") }}',
    "value.html": '{{ _(word) }} {{ _("Me: %(name)s", name=word) }}',
    "own.html": '{% macro icon(name) %}mine {{ name }}{% endmacro %}{{ icon("warn") }}',
    "other.html": '{% from "parts/ui.html" import deed %}{{ deed("a") }}',
    "called.html": '{% from "parts/ui.html" import badge %}'
    "{% for x in all %}{{ badge(x=kept(x)) }}{{ kept(x) }}{% endfor %}",
    "class.html": '{{ pairs(**{"class": 1}) }} {{ pairs(id=2) }}',
    "parts/entries.html": '{% macro two(a, b="") %}<i>{{ a.text }}{{ b }}</i>{% endmacro %}'
    '{{ two(one, b=word) }}{{ two(one) }}{{ two(a=one) }} {{ "<" if one.text == "x" else "&" }}{{ "y" if not one }}',
    "wrong.html": "{% macro two(a) %}{{ a }}{% endmacro %}{{ two(1, c=2) }}",
    "badge.html": '{% from "parts/ui.html" import badge %}{{ badge(word) }}',
}


@pytest.fixture
def calls() -> list[str]:
    return []


@pytest.fixture
def made(calls: list[str]) -> FoldingEnvironment:
    found = FoldingEnvironment(loader=DictLoader(TEMPLATES), autoescape=True)
    said = bidi.speaking(i18n.catalogue("de"))["_"]

    def spoken(text: str, **values: Any) -> Any:
        calls.append(text)
        return said(text, **values)

    def seen(name: str) -> str:
        calls.append(name)
        return name

    found.globals.update(_=spoken, static=seen, seen=seen)
    return found


def test_constants_are_worked_out_once(made: FoldingEnvironment, calls: list[str]) -> None:
    template = made.get_template("constant.html")
    assert calls == ["Inbox", "a&b"]
    for _ in range(3):
        assert template.render() == '<svg><use href="#warn"/></svg> Eingang a&amp;b'
    assert calls == ["Inbox", "a&b"]


def test_what_depends_on_a_value_is_asked_each_time(made: FoldingEnvironment) -> None:
    template = made.get_template("value.html")
    assert template.render(word="Inbox").startswith("Eingang ")
    assert template.render(word="x & y") == "x &amp; y Ich: x &amp; y"


def test_a_macro_of_the_templates_own_is_called(made: FoldingEnvironment) -> None:
    assert made.get_template("own.html").render() == "mine warn"


def test_a_macro_that_looks_around_is_called(made: FoldingEnvironment, calls: list[str]) -> None:
    template = made.get_template("other.html")
    assert (template.render(), template.render()) == ("a", "a")
    assert calls == ["a", "a"]


def test_an_answer_kept_for_sound_markup_is_not_given_for_the_same_text(made: FoldingEnvironment) -> None:
    template = made.get_template("badge.html")
    for _ in range(2):
        assert template.render(word=Markup("<i>1</i>")) == "<b><i>1</i></b>"
        assert template.render(word="<i>1</i>") == "<b>&lt;i&gt;1&lt;/i&gt;</b>"


def test_calls_escape_texts_and_leave_markup_as_it_is(made: FoldingEnvironment) -> None:
    made.globals["kept"] = lambda value: value
    shown = made.get_template("called.html").render(all=["a<b", Markup("<i>c</i>"), 3])
    assert shown == "<b>a&lt;b</b>a&lt;b<b><i>c</i></b><i>c</i><b>3</b>3"


def test_calls_take_names_that_python_keeps_for_itself(made: FoldingEnvironment) -> None:
    made.globals["pairs"] = lambda **values: values
    assert made.get_template("class.html").render() == "{&#39;class&#39;: 1} {&#39;id&#39;: 2}"


@pytest.mark.parametrize(
    "value", ["a<b>&\"c'", "ä 日本 \U0001f600", "", "plain", 17, True, None, 2.5, Markup("<b>&amp;</b>")]
)
def test_value_is_written_as_markupsafe_writes_it(made: FoldingEnvironment, value: object) -> None:
    assert made.from_string("{{ x }}").render(x=value) == str(escape(value))
    assert made.from_string("{% macro m(x) %}{{ x }}{% endmacro %}{{ m(x) }}").render(x=value) == str(escape(value))


@dataclass
class One:
    """A thing with a text."""

    text: str


def test_the_parts_that_are_written_most_often_know_attributes_alone(made: FoldingEnvironment) -> None:
    template = made.get_template("parts/entries.html")
    assert template.render(one=One("x"), word="<b>") == "<i>x&lt;b&gt;</i><i>x</i><i>x</i> &lt;"
    assert template.render(one=One("<"), word=Markup("<b>")) == "<i>&lt;<b></i><i>&lt;</i><i>&lt;</i> &amp;"
    with pytest.raises(AttributeError):
        template.render(one={"text": "x"}, word="")


def test_a_macro_refuses_what_it_does_not_know(made: FoldingEnvironment) -> None:
    with pytest.raises(TypeError, match="'c'"):
        made.get_template("wrong.html").render()
