"""The query language of listening: `parse` reads it, `compile_query` decides, `QuerySet` decides for many."""

from listening.query.doc import Doc
from listening.query.grammar import QueryError, parse
from listening.query.matcher import compile_query
from listening.query.prefilter import QuerySet

__all__ = ["Doc", "QueryError", "QuerySet", "compile_query", "parse"]
