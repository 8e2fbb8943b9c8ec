"""Templates compiled for speed: what they say with constants alone is worked out once, the rest is plain Python.

An environment speaks one language, so `_("Inbox")`, `static("tokens.css")` and `icon("warn")` are constants in it.
Macros are called like functions, and in the parts that are written most often `a.b` is an attribute and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from functools import lru_cache, partial
from keyword import iskeyword
from types import CodeType
from typing import Any

from jinja2 import Environment, Template, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context, Macro
from jinja2.utils import missing
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape

from web.bidi import contained

try:
    from markupsafe._speedups import _escape_inner as _plain
except ImportError:  # no compiled part for this machine
    from markupsafe._native import _escape_inner as _plain

PARTS = "parts/ui.html"
PLAIN = frozenset({"icon", "sign", "mark", "avatar", "state", "sentiment", "priority", "kbd", "back", "badge", "item"})
"""Macros of the parts that look at nothing but what they are given: what they answered once they answer again."""

STRAIGHT = frozenset(
    f"parts/{name}.html"
    for name in ("ui", "entries", "rating", "thread_head", "composer", "person_panel", "inbox_rows")
)  # fmt: skip
"""Templates in which `a.b` is an attribute, as in Python; what may be an item of a dictionary, too, is asked twice."""

REMEMBERED = 2000
"""Answers kept of each of them."""

SAID = frozenset({"_", "gettext", "static"})
"""Functions of the environment that always answer the same."""


_markup: Callable[[str], Markup] = partial(str.__new__, Markup)
"""A text that is markup already, as such, past the questions that `Markup` asks of other things."""


def _escaped(value: Any) -> str:
    """A value as it is written: what markup is already stays the object it is, a text goes past the way through Markup.

    Most of what a page writes are texts and what its macros answered.
    """
    kind = type(value)
    if kind is str:
        escaped: str = _plain(value if value.isascii() else contained(value))
        return escaped
    if kind is Markup:
        markup: Markup = value
        return markup
    return str(value) if kind is int else escape(value)


class _Macro(Macro):
    """Jinja's, whose function is called at once where only its own arguments are given."""

    def __call__(self, *args: Any, **kwargs: Any) -> str:
        given = len(args)
        if self.caller or self.catch_kwargs or self.catch_varargs or given > self._argument_count:
            return super().__call__(*args, **kwargs)
        if given == self._argument_count and not kwargs:
            return _markup(self._func(*args))
        left = [kwargs.get(name, missing) for name in self.arguments[given:]]
        if len(left) - left.count(missing) != len(kwargs):
            return super().__call__(*args, **kwargs)  # says which one it does not know
        return _markup(self._func(*args, *left))


class _Template(Template):
    """Jinja's, whose macros are made once: every template of an environment has the same globals."""

    @classmethod
    def from_code(
        cls,
        environment: Environment,
        code: CodeType,
        globals: MutableMapping[str, Any],
        uptodate: Callable[[], bool] | None = None,
    ) -> Template:
        made = super().from_code(environment, code, globals, uptodate)
        made.root_render_func.__globals__.update(escape=_escaped, Macro=_Macro)
        return made

    def _get_default_module(self, ctx: Context | None = None) -> Any:
        fresh = self._module is None
        made: Any = super()._get_default_module()
        for name in PLAIN if fresh and self.name == PARTS else ():
            macro = getattr(made, name, None)
            if isinstance(macro, Macro):  # typed: text that is escaped is not the text that is yet to be
                setattr(made, name, _remembered(macro))
        return made


def _remembered(macro: Macro) -> Callable[..., Any]:
    """The macro with its last answers; further attributes come as a dictionary, which is no key."""
    known = lru_cache(REMEMBERED, typed=True)(macro)

    def answer(*given: Any, **named: Any) -> Any:
        return macro(*given, **named) if "attrs" in named else known(*given, **named)

    return answer


class _Writing(CodeGenerator):
    """Jinja's, which calls functions straight: none of ours wants Jinja's context, and macros do without."""

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:
        """`a.b`"""
        if self.name not in STRAIGHT or iskeyword(node.attr):
            super().visit_Getattr(node, frame)
            return
        self.visit(node.node, frame)
        self.write(f".{node.attr}")

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:
        """`f(a, b=c)`; the rare forms as Jinja writes them."""
        if forward_caller or node.dyn_args or node.dyn_kwargs or any(iskeyword(pair.key) for pair in node.kwargs):
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        self.visit(node.node, frame)
        self.write("(")
        for given in (*node.args, *node.kwargs):
            self.visit(given, frame)
            self.write(", ")
        self.write(")")


class FoldingEnvironment(Environment):
    """Jinja's, with constant calls in templates replaced by their result."""

    template_class = _Template
    code_generator_class = _Writing

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        found = super()._parse(source, name, filename)
        folded: nodes.Template = _Folding(self, found).visit(found)
        return folded


class _Folding(NodeTransformer):
    def __init__(self, environment: Environment, template: nodes.Template) -> None:
        known: dict[str, Any] = dict(environment.globals)
        self._said: dict[str, Callable[..., Any]] = {name: known[name] for name in SAID if name in known}
        parts: Any = None
        for one in template.find_all(nodes.FromImport):
            if not isinstance(one.template, nodes.Const) or one.template.value != PARTS:
                continue
            for name in one.names:
                if isinstance(name, str) and name in PLAIN:
                    parts = parts or environment.get_template(PARTS).module
                    self._said[name] = getattr(parts, name)

    def visit_Output(self, node: nodes.Output, *more: Any, **options: Any) -> list[nodes.Node]:
        """`{{ a if b else c }}` is written as `{% if b %}`: constants in it are escaped once."""
        made: list[nodes.Node] = []
        for one in node.nodes:
            if isinstance(one, nodes.CondExpr):
                ways = [
                    [nodes.Output([way], lineno=node.lineno)] if way is not None else []
                    for way in (one.expr1, one.expr2)
                ]
                chosen = nodes.If(one.test, ways[0], [], ways[1], lineno=node.lineno)
                made.append(self.generic_visit(chosen, *more, **options))
            elif made and isinstance(made[-1], nodes.Output):
                made[-1].nodes.append(self.visit(one, *more, **options))
            else:
                made.append(nodes.Output([self.visit(one, *more, **options)], lineno=node.lineno))
        return made

    def visit_Call(self, node: nodes.Call, *more: Any, **options: Any) -> nodes.Node:
        """A call of a known name with constants becomes what it answers."""
        found = self.generic_visit(node, *more, **options)
        if not isinstance(node.node, nodes.Name) or node.dyn_args or node.dyn_kwargs:
            return found
        given = [*node.args, *(pair.value for pair in node.kwargs)]
        said = self._said.get(node.node.name)
        if said is None or not all(isinstance(one, nodes.Const) for one in given):
            return found
        values: list[Any] = [one.value for one in given if isinstance(one, nodes.Const)]
        names = [pair.key for pair in node.kwargs]
        answer = said(*values[: len(node.args)], **dict(zip(names, values[len(node.args) :], strict=True)))
        return nodes.Const(answer, lineno=node.lineno, environment=node.environment)
