"""The query language: text into a tree, with the position of every name for the error messages.

https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/sforce_api_calls_soql_select.htm
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

from sandbox.salesforce.errors import ApiError

TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d))
    |(?P<date>\d{4}-\d\d-\d\d)
    |(?P<number>[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)
    |(?P<string>'(\\.|[^'\\])*')
    |(?P<name>[A-Za-z_][\w]*(\.[A-Za-z_]\w*)*(:\d+)?)
    |(?P<op><=|>=|!=|<>|=|<|>)
    |(?P<mark>[(),])""",
    re.VERBOSE,
)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "'": "'", '"': '"', "\\": "\\"}
DATE_WORD = re.compile(
    r"(TODAY|YESTERDAY|TOMORROW|(LAST|THIS|NEXT)_(WEEK|MONTH|QUARTER|YEAR)|(LAST|NEXT)_90_DAYS"
    r"|(LAST|NEXT)_N_(DAYS|WEEKS|MONTHS|YEARS):\d+)",
    re.IGNORECASE,
)
AGGREGATES = frozenset({"COUNT", "COUNT_DISTINCT", "MIN", "MAX", "SUM", "AVG"})
CLAUSES = frozenset({"FROM", "WHERE", "GROUP", "ORDER", "LIMIT", "OFFSET", "HAVING", "FOR", "ALL", "USING"})


class Token(NamedTuple):
    kind: str
    text: str
    at: int


class Path(NamedTuple):
    """A field, through parents where it has more than one part."""

    parts: tuple[str, ...]
    at: int


class Aggregate(NamedTuple):
    function: str
    path: Path | None
    alias: str
    at: int


class AllFields(NamedTuple):
    group: str
    at: int


class Literal(NamedTuple):
    """`kind` is string, number, date, datetime, word (date word), boolean or null."""

    kind: str
    value: Any
    at: int


class Compare(NamedTuple):
    path: Path
    operator: str
    value: Any
    """A `Literal`, a list of them, or a `Query`."""


class Logic(NamedTuple):
    operator: str
    parts: tuple[Any, ...]


class Order(NamedTuple):
    item: Path | Aggregate
    descending: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True)
class Query:
    text: str
    select: tuple[Any, ...]
    source: str
    source_at: int
    where: Compare | Logic | None
    group: tuple[Path, ...]
    order: tuple[Order, ...]
    limit: int | None
    offset: int

    @property
    def counts_only(self) -> bool:
        """`SELECT COUNT()`: the answer is the total alone."""
        first = self.select[0]
        return isinstance(first, Aggregate) and first.function == "COUNT" and first.path is None


def positioned(text: str, at: int, message: str) -> str:
    """The message with the text around the place, as the platform shows it."""
    start = max(0, at - 30)
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    shown = text[start : at + 30].replace("\n", " ")
    return f"\n{shown}\n{' ' * (at - start)}^\nERROR at Row:{line}:Column:{column}\n{message}"


def malformed(text: str, at: int, message: str) -> ApiError:
    return ApiError(400, "MALFORMED_QUERY", positioned(text, at, message))


def parse(text: str) -> Query:
    """The tree of a query; raises MALFORMED_QUERY."""
    return _Parser(text).whole()


def _tokens(text: str) -> list[Token]:
    found, at = [], 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise malformed(text, at, f"unexpected token: '{text[at : at + 1]}'")
        kind = next(k for k in ("space", "datetime", "date", "number", "string", "name", "op", "mark") if match[k])
        if kind != "space":
            found.append(Token(kind, match[0], at))
        at = match.end()
    return [*found, Token("end", "<EOF>", len(text))]


class _Parser:
    """Recursive descent, one method per rule of the grammar."""

    def __init__(self, text: str) -> None:
        self.text, self.tokens, self.n = text, _tokens(text), 0

    @property
    def now(self) -> Token:
        return self.tokens[self.n]

    def next(self) -> Token:
        token = self.now
        self.n += token.kind != "end"
        return token

    def fail(self) -> NoReturn:
        shown = "<EOF>" if self.now.kind == "end" else f"'{self.now.text}'"
        raise malformed(self.text, self.now.at, f"unexpected token: {shown}")

    def is_word(self, *words: str) -> bool:
        return self.now.kind == "name" and self.now.text.upper() in words

    def word(self, *words: str) -> bool:
        """Take the word if it is there."""
        if self.is_word(*words):
            self.n += 1
            return True
        return False

    def need(self, word: str) -> None:
        if not self.word(word):
            self.fail()

    def mark(self, text: str) -> bool:
        if self.now.kind == "mark" and self.now.text == text:
            self.n += 1
            return True
        return False

    def need_mark(self, text: str) -> None:
        if not self.mark(text):
            self.fail()

    def whole(self) -> Query:
        found = self.query()
        if self.now.kind != "end":
            self.fail()
        return found

    def query(self) -> Query:
        self.need("SELECT")
        select = [self.item()]
        while self.mark(","):
            select.append(self.item())
        self.need("FROM")
        an_object = self.is_word("ORDER") and self.tokens[self.n + 1].text.upper() != "BY"  # Order is an object too
        if self.now.kind != "name" or (self.is_word(*CLAUSES) and not an_object):
            self.fail()
        source = self.next()
        if self.now.kind == "name" and not self.is_word(*CLAUSES):
            self.next()  # an alias of the object: field names may not use it here
        where = self.condition() if self.word("WHERE") else None
        group = self.group() if self.word("GROUP") else ()
        order = self.orders() if self.word("ORDER") else ()
        limit = self.count() if self.word("LIMIT") else None
        offset = self.count() if self.word("OFFSET") else 0
        return Query(self.text, tuple(select), source.text, source.at, where, group, order, limit, offset)

    def item(self) -> Any:
        if self.mark("("):
            inner = self.query()
            self.need_mark(")")
            return inner
        if self.now.kind != "name" or self.is_word(*CLAUSES):
            self.fail()
        following = self.tokens[self.n + 1]
        if following.kind == "mark" and following.text == "(":
            return self.call()
        return self.path()

    def call(self) -> Aggregate | AllFields:
        name = self.next()
        function = name.text.upper()
        self.need_mark("(")
        if function == "FIELDS":
            group = self.next().text.upper()
            self.need_mark(")")
            if group not in ("ALL", "STANDARD", "CUSTOM"):
                raise malformed(self.text, name.at, f"unexpected token: '{group}'")
            return AllFields(group, name.at)
        if function not in AGGREGATES:
            raise malformed(self.text, name.at, f"unexpected token: '{name.text}'")
        path = None if self.now.text == ")" else self.path()
        self.need_mark(")")
        if path is None and function != "COUNT":
            self.fail()
        alias = ""
        if self.now.kind == "name" and not self.is_word(*CLAUSES, "ASC", "DESC", "NULLS"):
            alias = self.next().text
        return Aggregate(function, path, alias, name.at)

    def path(self) -> Path:
        if self.now.kind != "name" or ":" in self.now.text:
            self.fail()
        token = self.next()
        return Path(tuple(token.text.split(".")), token.at)

    def condition(self) -> Any:
        """The platform wants parentheses where AND meets OR."""
        parts = [self.negated()]
        if not self.is_word("AND", "OR"):
            return parts[0]
        operator = self.now.text.upper()
        while self.word(operator):
            parts.append(self.negated())
        if self.is_word("AND", "OR"):
            self.fail()
        return Logic(operator, tuple(parts))

    def negated(self) -> Any:
        if self.word("NOT"):
            return Logic("NOT", (self.negated(),))
        if self.mark("("):
            inner = self.condition()
            self.need_mark(")")
            return inner
        return self.compare()

    def compare(self) -> Compare:
        path = self.path()
        if self.now.kind == "op":
            operator = self.next().text.replace("<>", "!=")
            return Compare(path, operator, self.literal())
        if self.word("LIKE"):
            if self.now.kind != "string":
                self.fail()
            return Compare(path, "LIKE", self.literal())
        operator = "IN"
        if self.word("NOT"):
            operator = "NOT IN"
        self.need("IN")
        self.need_mark("(")
        value: Any
        if self.is_word("SELECT"):
            value = self.query()
        else:
            value = [self.literal()]
            while self.mark(","):
                value.append(self.literal())
        self.need_mark(")")
        return Compare(path, operator, value)

    def literal(self) -> Literal:
        token = self.now
        if token.kind in ("date", "datetime"):
            value: Any = token.text
        elif token.kind == "number":
            value = float(token.text) if set(token.text) & set(".eE") else int(token.text)
        elif token.kind == "string":
            value = token.text[1:-1]
        else:
            return self.named_literal()
        self.next()
        return Literal(token.kind, value, token.at)

    def named_literal(self) -> Literal:
        token = self.now
        word = token.text.upper()
        if token.kind == "name" and word in ("TRUE", "FALSE", "NULL"):
            self.next()
            kind = "null" if word == "NULL" else "boolean"
            return Literal(kind, {"TRUE": True, "FALSE": False}.get(word), token.at)
        if token.kind == "name" and DATE_WORD.fullmatch(word):
            self.next()
            return Literal("word", word, token.at)
        self.fail()

    def group(self) -> tuple[Path, ...]:
        self.need("BY")
        found = [self.path()]
        while self.mark(","):
            found.append(self.path())
        return tuple(found)

    def orders(self) -> tuple[Order, ...]:
        self.need("BY")
        found = [self.order()]
        while self.mark(","):
            found.append(self.order())
        return tuple(found)

    def order(self) -> Order:
        following = self.tokens[self.n + 1]
        item = self.call() if following.text == "(" else self.path()
        if isinstance(item, AllFields):
            self.fail()
        descending = self.word("DESC") or (self.word("ASC") and False)
        nulls_last = False
        if self.word("NULLS"):
            nulls_last = self.word("LAST")
            if not nulls_last:
                self.need("FIRST")
        return Order(item, descending, nulls_last)

    def count(self) -> int:
        if self.now.kind != "number" or not self.now.text.isdigit():
            self.fail()
        return int(self.next().text)


def unescape(text: str) -> str:
    """The text a string literal stands for."""
    return re.sub(r"\\(.)", lambda m: ESCAPES.get(m[1], m[1]), text, flags=re.DOTALL)
