"""What the org says about its objects.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_sobject_describe.htm
"""

from __future__ import annotations

from typing import Any

from sandbox.salesforce.fields import NUMBERS, SOAP_TYPES, Field, Table
from sandbox.salesforce.org import Org


def everything(org: Org, version: str) -> dict[str, Any]:
    """The global describe: every object in brief."""
    tables = [t for t in org.tables.values() if t.name not in org.missing]
    return {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": [brief(t, version) for t in tables]}


def brief(table: Table, version: str) -> dict[str, Any]:
    base = f"/services/data/v{version}/sobjects/{table.name}"
    found = {
        "activateable": False,
        "createable": table.writable,
        "custom": table.custom,
        "customSetting": False,
        "deletable": table.writable,
        "deprecatedAndHidden": False,
        "feedEnabled": not table.custom,
        "keyPrefix": table.prefix,
        "label": table.label,
        "labelPlural": table.plural,
        "layoutable": True,
        "mergeable": table.mergeable,
        "mruEnabled": True,
        "name": table.name,
        "queryable": True,
        "replicateable": True,
        "retrieveable": True,
        "searchable": True,
        "triggerable": True,
        "undeletable": table.writable,
        "updateable": table.writable,
        "urls": {"rowTemplate": f"{base}/{{ID}}", "describe": f"{base}/describe", "sobject": base},
    }
    return found | dict.fromkeys(table.lacks, False)


def whole(org: Org, table: Table, version: str) -> dict[str, Any]:
    """One object with the fields and children the integration user may see."""
    return brief(table, version) | {
        "fields": [
            _field(f, fixed=(table.name, f.name) in org.fixed)
            for f in table.fields
            if (table.name, f.name) not in org.hidden
        ],
        "childRelationships": [
            {
                "cascadeDelete": f.cascade,
                "childSObject": object_,
                "deprecatedAndHidden": False,
                "field": f.name,
                "junctionIdListNames": [],
                "junctionReferenceTo": [],
                "relationshipName": f.children_name or None,
                "restrictedDelete": False,
            }
            for object_, f in table.children
        ],
        "recordTypeInfos": [],
    }


def _field(f: Field, *, fixed: bool) -> dict[str, Any]:
    return {
        "aggregatable": f.filterable,
        "autoNumber": bool(f.auto_number),
        "byteLength": f.length if f.type in ("id", "reference") else f.length * 3,
        "calculated": False,
        "calculatedFormula": None,
        "caseSensitive": f.case_sensitive,
        "compoundFieldName": None,
        "createable": f.createable and not fixed,
        "custom": f.custom,
        "defaultValue": f.default if f.type == "boolean" else None,
        "defaultedOnCreate": f.defaulted,
        "deprecatedAndHidden": False,
        "digits": 9 if f.type == "int" else 0,
        "encrypted": False,
        "externalId": f.external_id,
        "filterable": f.filterable,
        "groupable": f.filterable and f.type not in NUMBERS | {"datetime"},
        "idLookup": f.type == "id" or f.external_id or f.type == "email",
        "label": f.label,
        "length": f.length,
        "name": f.name,
        "nameField": f.name == "Name",
        "nillable": f.nillable,
        "permissionable": f.nillable and f.type != "id",
        "picklistValues": [
            {"active": True, "defaultValue": v == f.default, "label": v, "validFor": None, "value": v} for v in f.values
        ],
        "polymorphicForeignKey": len(f.targets) > 1,
        "precision": f.precision,
        "referenceTo": list(f.targets),
        "relationshipName": f.relationship or None,
        "restrictedPicklist": f.restricted,
        "scale": f.scale,
        "soapType": SOAP_TYPES.get(f.type, "xsd:string"),
        "sortable": f.filterable,
        "type": f.type,
        "unique": f.unique,
        "updateable": f.updateable and not fixed,
    }
