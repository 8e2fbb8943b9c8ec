"""The Metadata API's SOAP calls: deploy, checkDeployStatus, listMetadata, readMetadata.

https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/meta_calls_intro.htm
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from xml.sax.saxutils import escape

from sandbox.salesforce.metadata.deployments import Deployments
from sandbox.salesforce.metadata.layouts import written
from sandbox.salesforce.metadata.package import FOLDERS
from sandbox.salesforce.metadata.reading import NAMESPACE, Doc, Node, Problem, parse

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
FAULTS = "http://soap.sforce.com/2006/04/metadata"
SHELVES = {"CustomObject": "objects", "PermissionSet": "permissionsets", "Layout": "layouts"}
DENIED = "use of the Metadata API requires a user with the ModifyAllData or ModifyMetadata permissions"


class Fault(Exception):
    """A call that is refused as a whole."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def answer(raw: bytes, deployments: Deployments, valid: Callable[[str], bool]) -> tuple[int, str]:
    """Status and body for a call; `valid` judges a session id."""
    try:
        session, body = _opened(raw)
        if not valid(session):
            text = "Invalid Session ID found in SessionHeader: Illegal Session. Session not found, missing session hash"
            raise Fault("INVALID_SESSION_ID", text)
        if not deployments.org.may_deploy:
            raise Fault("INSUFFICIENT_ACCESS", DENIED)
        name = body.name.rpartition(" ")[2]
        if name not in CALLS:
            raise Fault("UNKNOWN_EXCEPTION", f"No operation available for request {{{NAMESPACE}}}{name}")
        return 200, _envelope(f"<{name}Response>{CALLS[name](deployments, body)}</{name}Response>")
    except Fault as fault:
        words = escape(f"{fault.code}: {fault.message}")
        parts = f"<faultcode>sf:{fault.code}</faultcode><faultstring>{words}</faultstring>"
        return 500, _envelope(f'<soapenv:Fault xmlns="">{parts}</soapenv:Fault>')


def _opened(raw: bytes) -> tuple[str, Node]:
    """Session id and the element of the call."""
    try:
        root = parse(raw)
    except Problem as problem:
        raise Fault("UNKNOWN_EXCEPTION", problem.message) from None
    session, body = "", None
    for part in root.children:
        if part.name == f"{SOAP} Header":
            for header in part.children:
                if header.name == f"{NAMESPACE} SessionHeader":
                    session = _text(header, "sessionId")
        elif part.name == f"{SOAP} Body" and part.children:
            body = part.children[0]
    if root.name != f"{SOAP} Envelope" or body is None:
        raise Fault("UNKNOWN_EXCEPTION", "Body of the SOAP message is missing")
    return session, body


def _deploy(deployments: Deployments, body: Node) -> str:
    options = next((one for one in body.children if one.name.endswith(" DeployOptions")), Node("", 0, 0))
    if _text(options, "singlePackage").lower() != "true":
        raise Fault("INVALID_OPERATION", "this org takes single packages only: set singlePackage")
    check_only = _text(options, "checkOnly").lower() == "true"
    id_ = deployments.begin("".join(_text(body, "ZipFile").split()), check_only=check_only)
    return _elements("result", {"done": False, "id": id_, "state": "Queued"})


def _status(deployments: Deployments, body: Node) -> str:
    doc = deployments.look(_text(body, "asyncProcessId"))
    if doc is None:
        raise Fault("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    good = [one for one in doc["messages"] if one["success"]]
    bad = [one for one in doc["messages"] if not one["success"]]
    done = doc["status"] in ("Succeeded", "Failed")
    with_details = _text(body, "includeDetails").lower() == "true"
    details = {
        "componentFailures": [_message(one, doc) for one in bad],
        "componentSuccesses": [_message(one, doc) for one in good],
    }
    plain = {
        "checkOnly": doc["checkOnly"], "completedDate": doc.get("completedDate"), "createdBy": doc["createdBy"],
        "createdByName": "Integration", "createdDate": doc["createdDate"], "details": details if with_details else {},
        "done": done, "id": doc["id"], "ignoreWarnings": False, "numberComponentErrors": len(bad),
        "numberComponentsDeployed": len(good) if not bad else 0, "numberComponentsTotal": len(doc["messages"]),
        "numberTestErrors": 0, "numberTestsCompleted": 0, "numberTestsTotal": 0, "rollbackOnError": True,
        "runTestsEnabled": False, "status": doc["status"], "success": doc["status"] == "Succeeded",
    }  # fmt: skip
    return _elements("result", plain)


def _message(one: Doc, deployment: Doc) -> Doc:
    names = ("changed", "columnNumber", "componentType", "created", "createdDate", "deleted", "fileName", "fullName",
             "lineNumber", "problem", "problemType", "success")  # fmt: skip
    whole = {**one, "createdDate": deployment["createdDate"]}
    return {name: whole[name] for name in names if name in whole}


def _list(deployments: Deployments, body: Node) -> str:
    found = []
    now = deployments.org.clock().strftime("%Y-%m-%dT%H:%M:%S.000Z")
    user = deployments.org.user_id
    for query in (one for one in body.children if one.name.endswith(" queries")):
        type_ = _text(query, "type")
        if type_ not in SHELVES and type_ != "CustomObject":
            raise Fault("INVALID_TYPE", f"Unknown type:{type_}")
        folder, ending = FOLDERS[type_]
        names = deployments.org.tables if type_ == "CustomObject" else deployments.org.shelf(SHELVES[type_])
        found += [
            _elements("result", {
                "createdById": user, "createdByName": "Integration", "createdDate": now,
                "fileName": f"{folder}/{name}.{ending}", "fullName": name, "id": "", "lastModifiedById": user,
                "lastModifiedByName": "Integration", "lastModifiedDate": now, "type": type_,
            })
            for name in names
        ]  # fmt: skip
    return "".join(found)


def _read(deployments: Deployments, body: Node) -> str:
    type_ = _text(body, "type")
    if type_ not in ("PermissionSet", "Layout"):
        raise Fault("INVALID_TYPE", f"Unknown type:{type_}")
    names = [one.text.strip() for one in body.children if one.name.endswith(" fullNames")]
    if len(names) > 10:
        raise Fault("LIMIT_EXCEEDED", "LIMIT_EXCEEDED: You can only read up to 10 components at a time")
    shelf = deployments.org.shelf(SHELVES[type_])
    parts = [
        f'<records xsi:type="{type_}"><fullName>{escape(name)}</fullName>{written(shelf[name], type_)}</records>'
        if name in shelf
        else '<records xsi:nil="true"/>'
        for name in names
    ]
    return f"<result>{''.join(parts)}</result>"


CALLS: dict[str, Callable[[Deployments, Node], str]] = {
    "deploy": _deploy, "checkDeployStatus": _status, "listMetadata": _list, "readMetadata": _read,
}  # fmt: skip


def _text(node: Node, name: str) -> str:
    return next((one.text.strip() for one in node.children if one.name == f"{NAMESPACE} {name}"), "")


def _elements(name: str, value: Any) -> str:
    """A value as an element; lists become several, nothing becomes none."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return f"<{name}>{''.join(_elements(key, one) for key, one in value.items())}</{name}>"
    if isinstance(value, Iterable) and not isinstance(value, str):
        return "".join(_elements(name, one) for one in value)
    shown = ("true" if value else "false") if isinstance(value, bool) else escape(str(value))
    return f"<{name}>{shown}</{name}>"


def _envelope(body: str) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="{SOAP}" xmlns="{NAMESPACE}" '
        f'xmlns:sf="{FAULTS}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    )
