"""Envelopes of the Metadata API, the one interface of Salesforce that speaks SOAP."""

from __future__ import annotations

import re
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from core.errors import BadPayload

SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
METADATA = "http://soap.sforce.com/2006/04/metadata"
XMLNS = f"{{{METADATA}}}"
DECLARED = re.compile(r"\ufeff?<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)")


def envelope(session: str, body: str) -> bytes:
    """A call with its session; `body` is XML in the Metadata API's namespace."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        f'xmlns="{METADATA}"><soapenv:Header>'
        f"<SessionHeader><sessionId>{escape(session)}</sessionId></SessionHeader>"
        f"</soapenv:Header><soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    ).encode()


def fault(raw: bytes) -> tuple[str, str] | None:
    """Code and words of a refused call; None when the answer is no fault."""
    if b"Fault>" not in raw:
        return None
    found = _root(raw).find(f"{SOAP}Body/{SOAP}Fault")
    if found is None:
        return None
    code = (found.findtext("faultcode") or "").rpartition(":")[2]
    return code, (found.findtext("faultstring") or "").removeprefix(f"{code}: ")


def opened(raw: bytes) -> ElementTree.Element:
    """The element inside the envelope's body; BadPayload when there is none."""
    body = _root(raw).find(f"{SOAP}Body")
    if body is None or not len(body):
        raise BadPayload("Salesforce answered a call of the Metadata API without a body.")
    return body[0]


def text(element: ElementTree.Element, name: str) -> str:
    """The text of a child, or nothing."""
    return (element.findtext(f"{XMLNS}{name}") or "").strip()


def _root(raw: bytes) -> ElementTree.Element:
    """The document, in UTF-8; a type declaration, which could hold entities without end, is never needed."""
    try:
        said = raw.decode()
    except UnicodeDecodeError as error:
        raise BadPayload("Salesforce answered with XML that is not UTF-8.") from error
    declared = DECLARED.match(said)
    if "\0" in said or (declared is not None and declared[1].lower() not in ("utf-8", "utf8")):
        raise BadPayload("Salesforce answered with XML that is not UTF-8.")
    if "<!DOCTYPE" in said:
        raise BadPayload("Salesforce answered with a document type declaration, which no call of its has.")
    try:
        return ElementTree.fromstring(said.encode())  # noqa: S314 - without a DOCTYPE there are no entities
    except ElementTree.ParseError as error:
        raise BadPayload("Salesforce answered with something that is not XML.") from error
