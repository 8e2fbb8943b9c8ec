"""The simulated org has what is deployed to it, not before, and refuses what Salesforce refuses."""

from __future__ import annotations

import io
import zipfile
from base64 import b64encode

import pytest

from enrichment.salesforce import metadata
from sandbox.salesforce.metadata.layouts import written
from tests.sandbox.salesforce_org import Api, Memory

PROFILE = "objects/SocialProfile__c.object"
KEY = "SocialProfile__c.Hub_Id__c"
PAGE, SET = "layouts/SocialProfile__c-Social Profile Layout.layout", "permissionsets/Widerhall.permissionset"


@pytest.fixture
def fresh() -> Api:
    return Api(installed=False)


def changed(file: str, *swaps: tuple[str, str], drop: str = "") -> bytes:
    """Our package with some words of one file put in place of others, or without a file."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(metadata.package())) as ours, zipfile.ZipFile(made, "w") as archive:
        for name in ours.namelist():
            text = ours.read(name).decode()
            for old, new in swaps if name == file else ():
                assert old in text
                text = text.replace(old, new, 1)
            if name != drop:
                archive.writestr(name, text)
    return made.getvalue()


def code(api: Api, path: str, **query: str) -> tuple[int, str]:
    answer = api.get(path, **query)
    return answer.status_code, answer.json()[0]["errorCode"] if answer.status_code != 200 else ""


def test_a_fresh_org_knows_none_of_our_objects(fresh: Api) -> None:
    assert code(fresh, "sobjects/SocialProfile__c/describe") == (404, "NOT_FOUND")
    assert code(fresh, "query", q="SELECT Id FROM SocialProfile__c") == (400, "INVALID_TYPE")
    rows = {"records": [{"attributes": {"type": "SocialProfile__c"}, "Hub_Id__c": "p1"}]}
    assert fresh.patch("composite/sobjects/SocialProfile__c/Hub_Id__c", rows).status_code == 404


def test_a_deployment_goes_through_its_states_and_the_objects_are_there_at_its_end(fresh: Api) -> None:
    found = fresh.deploy(metadata.package())
    assert found["seen"] == ["Pending", "InProgress", "Succeeded"]
    assert {"SocialProfile__c", KEY, "SocialInteraction__c.Case__c", "Widerhall"} <= found["new"]


def test_what_is_deployed_is_seen_by_nobody_until_the_permission_set_is_assigned(fresh: Api) -> None:
    fresh.deploy(metadata.package())
    assert code(fresh, "sobjects/SocialProfile__c/describe") == (404, "NOT_FOUND")
    fresh.install()
    assert code(fresh, "sobjects/SocialProfile__c/describe") == (200, "")


def test_fields_are_as_the_package_says(fresh: Api) -> None:
    fresh.install()
    for object_ in metadata.ORDER:
        there = {one["name"]: one for one in fresh.get(f"sobjects/{object_}/describe").json()["fields"]}
        for spec in metadata.fields(object_):
            field = there[spec.name]
            assert (field["unique"], field["externalId"]) == (spec.unique, spec.external_id)
            assert spec.length in (0, field["length"])
            assert spec.values == tuple(one["value"] for one in field["picklistValues"])
            assert field["referenceTo"] == ([spec.target] if spec.target else [])


def test_a_check_changes_nothing_and_says_what_would_change(fresh: Api) -> None:
    assert KEY in fresh.deploy(metadata.package(), check_only=True)["new"]
    assert fresh.query("SELECT Id FROM PermissionSet")["totalSize"] == 0
    fresh.install()
    assert fresh.deploy(metadata.package(), check_only=True)["new"] == set()


def test_what_was_deployed_survives_a_restart() -> None:
    store = Memory()
    first = Api(store)
    first.patch("sobjects/SocialProfile__c/Hub_Id__c/p1", {"Name": "Kim"})
    again = Api(store, headers=first.headers)
    assert again.query("SELECT Name FROM SocialProfile__c")["records"][0]["Name"] == "Kim"


@pytest.mark.parametrize(
    ("file", "old", "new", "name", "words"),
    [
        (PROFILE, "</CustomObject>", "</CustomObjekt>", "SocialProfile__c", "Error parsing file: mismatched tag"),
        (PROFILE, "<sharingModel>ReadWrite</sharingModel>", "<sharing>x</sharing>", "SocialProfile__c",
         "Element {http://soap.sforce.com/2006/04/metadata}sharing invalid at this location in type CustomObject"),
        (PROFILE, "<type>Url</type>", "<type>Link</type>", "SocialProfile__c",
         "'Link' is not a valid value for the enum 'FieldType'"),
        (PROFILE, "<label>Hub ID</label>", "<label>A</label><label>B</label>", "SocialProfile__c", "is duplicated at"),
        (PROFILE, "        <length>64</length>\n", "", KEY, "Must specify 'length' for a CustomField of type Text"),
        (PROFILE, "<referenceTo>Lead</referenceTo>", "<referenceTo>Leed</referenceTo>", "SocialProfile__c.Lead__c",
         "referenceTo value of 'Leed' does not resolve to a valid sObject type"),
        (PROFILE, "<pluralLabel>Social Profiles</pluralLabel>", "", "SocialProfile__c", "Required field is missing"),
        (PROFILE, "<fields>Handle__c</fields>", "<fields>Hundle__c</fields>", "SocialProfile__c",
         "no CustomField named SocialProfile__c.Hundle__c found"),
        (SET, "SocialProfile__c.Topics__c", "SocialProfile__c.Topix__c", "Widerhall",
         "In field: field - no CustomField named SocialProfile__c.Topix__c found"),
        (PAGE, "SocialInteraction__c.Profile__c", "Social.Profile__c",
         "SocialProfile__c-Social Profile Layout", "Cannot find related list:Social.Profile__c"),
        (PAGE, "<field>Name</field>", "<field>Handle__c</field>",
         "SocialProfile__c-Social Profile Layout", "Layout must contain an item for required layout field: Name"),
        ("package.xml", "<name>Layout</name>", "<name>Leyout</name>", "", "Unknown type name 'Leyout' specified"),
        ("package.xml", "<members>Widerhall</members>", "<members>Other</members>", "Other",
         "was named in package.xml, but was not found in zipped directory"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_in_salesforces_words_and_nothing_is_deployed(
    fresh: Api, file: str, old: str, new: str, name: str, words: str
) -> None:
    found = fresh.deploy(changed(file, (old, new)))
    assert found["status"] == "Failed"
    assert words in found["said"][name]
    assert fresh.query("SELECT Id FROM PermissionSet")["totalSize"] == 0


def test_a_package_without_its_list_and_something_that_is_no_archive_are_refused(fresh: Api) -> None:
    assert fresh.deploy(changed("", drop="package.xml"))["said"]["package.xml"] == "No package.xml found"
    assert fresh.deploy(b"no archive")["status"] == "Failed"


def test_a_fields_type_stays_what_it_is() -> None:
    api = Api()
    found = api.deploy(changed(PROFILE, ("<type>DateTime</type>", "<type>Date</type>")))
    assert found["said"]["SocialProfile__c.Last_Seen__c"] == "Cannot update a field from a DateTime to a Date"


def test_calls_without_a_session_or_the_right_to_deploy_are_faults(fresh: Api) -> None:
    status, fault = fresh.soap("deploy", "<ZipFile/>", "nonsense")
    assert (status, fault.findtext("faultcode")) == (500, "sf:INVALID_SESSION_ID")
    fresh.hook("security", {"may_deploy": False})
    zip_ = f"<ZipFile>{b64encode(metadata.package()).decode()}</ZipFile>"
    status, fault = fresh.soap("deploy", zip_)
    assert "INSUFFICIENT_ACCESS" in (fault.findtext("faultstring") or "")


def test_layouts_are_written_in_the_order_of_the_schema() -> None:
    values = {"relatedLists": [{"relatedList": "X", "fields": ["A", "B"]}], "emailDefault": True}
    words = "<relatedLists><fields>A</fields><fields>B</fields><relatedList>X</relatedList></relatedLists>"
    assert written(values, "Layout") == f"<emailDefault>true</emailDefault>{words}"
