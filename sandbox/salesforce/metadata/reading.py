"""From a metadata file to plain values, refused where the schema does not know an element or a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from sandbox.salesforce.metadata.schema import Element, schema

NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
Doc = dict[str, Any]


class Problem(Exception):
    """What is wrong with a component, in the platform's words, and where in its file."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.message, self.line, self.column = message, line, column


@dataclass(slots=True)
class Node:
    """An element with its place in the file."""

    name: str
    line: int
    column: int
    text: str = ""
    children: list[Node] = field(default_factory=list)


def read(raw: bytes, type_: str) -> Doc:
    """The values of a file of that type: lists where elements may repeat. Raises Problem."""
    root = parse(raw)
    if root.name != f"{NAMESPACE} {type_}":
        raise Problem(f"Error parsing file: Entity type '{_local(root.name)}' unexpected, expected '{type_}'")
    return _values(root, type_)


def parse(raw: bytes) -> Node:
    """The root element; names are `namespace name`. A document type declaration is refused."""
    parser = expat.ParserCreate(namespace_separator=" ")
    top = Node("", 0, 0)
    stack = [top]

    def start(name: str, attributes: dict[str, str]) -> None:
        node = Node(name, parser.CurrentLineNumber, parser.CurrentColumnNumber + 1)
        stack[-1].children.append(node)
        stack.append(node)

    def text(data: str) -> None:
        stack[-1].text += data

    def doctype(*args: Any) -> None:
        raise Problem("Error parsing file: DOCTYPE is disallowed", parser.CurrentLineNumber)

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda name: stack.pop()
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        words = expat.ErrorString(error.code)
        raise Problem(f"Error parsing file: {words}", error.lineno, error.offset + 1) from None
    return top.children[0]


def _values(node: Node, type_: str) -> Doc:
    elements = schema().types[type_]
    found: Doc = {}
    for child in node.children:
        name = _local(child.name)
        element = elements.get(name)
        if element is None or child.name != f"{NAMESPACE} {name}":
            text = f"Error parsing file: Element {{{NAMESPACE}}}{name} invalid at this location in type {type_}"
            raise Problem(text, child.line, child.column)
        value = _value(child, element)
        if element.many:
            found.setdefault(name, []).append(value)
        elif name in found:
            text = f"Error parsing file: Element {{{NAMESPACE}}}{name} is duplicated at this location in type {type_}"
            raise Problem(text, child.line, child.column)
        else:
            found[name] = value
    return found


def _value(node: Node, element: Element) -> Any:
    known, text = schema(), node.text.strip()
    if element.type in known.types:
        return _values(node, element.type)
    if element.type in known.values:
        if text not in known.values[element.type]:
            words = f"'{text}' is not a valid value for the enum '{element.type}'"
            raise Problem(words, node.line, node.column)
        return text
    if element.type == "xsd:boolean":
        if text not in ("true", "false", "1", "0"):
            raise Problem(f"'{text}' is not a valid value for the type xsd:boolean", node.line, node.column)
        return text in ("true", "1")
    if element.type in ("xsd:int", "xsd:double"):
        try:
            return int(text) if element.type == "xsd:int" else float(text)
        except ValueError:
            words = f"'{text}' is not a valid value for the type {element.type}"
            raise Problem(words, node.line, node.column) from None
    return text


def _local(name: str) -> str:
    return name.rpartition(" ")[2]
