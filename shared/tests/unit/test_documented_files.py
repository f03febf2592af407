"""What goes in and out as a file, or by a redirect, is in the document as well."""

import msgspec

from shared.http.openapi import openapi_document
from shared.http.routes import ANY_TYPE, FORM, Raw, Routes


class Link(msgspec.Struct):
    url: str


routes = Routes("files", resource="files")


@routes.post(
    "/files", summary="Keep a file or a link", takes={FORM: None, "application/zip": None, "application/json": Link}
)
async def keep() -> None: ...


@routes.get("/files/content", summary="Download it", gives=Raw(ANY_TYPE, is_conditional=True))
async def download() -> None: ...


@routes.get("/files/address", summary="Be sent to it", gives=Raw("application/json", status=302, shape=Link))
async def redirect() -> None: ...


PATHS = openapi_document("test", [routes])["paths"]


def test_a_body_may_be_a_form_a_file_or_json():
    body = PATHS["/files"]["post"]["requestBody"]

    assert body["required"]
    assert body["content"][FORM]["schema"]["properties"].keys() == {"file"}
    assert body["content"]["application/zip"]["schema"] == {"type": "string", "contentMediaType": "application/zip"}
    assert body["content"]["application/json"]["example"] == {"url": "https://example.com/"}


def test_a_download_has_any_type_and_may_be_known_already():
    described = PATHS["/files/content"]["get"]

    assert described["responses"]["200"]["content"].keys() == {ANY_TYPE}
    assert {"$ref": "#/components/parameters/If-None-Match"} in described["parameters"]
    assert "304" in described["responses"]


def test_a_redirect_says_where_to():
    responses = PATHS["/files/address"]["get"]["responses"]

    assert "200" not in responses
    assert "Location" in responses["302"]["headers"]
    assert responses["302"]["content"]["application/json"]["example"] == {"data": {"url": "https://example.com/"}}
