"""Archives over HTTP: in, out, and what is refused."""

from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from aiohttp import FormData
from project_builders import person
from project_client import PROJECTS, ProjectClient, files_of, project_path, versions_of
from zip_attacks import ATTACKS, zip_of

from shared.principal import Principal, Role

IMPORT = f"{PROJECTS}/import"
ZIP = {"content-type": "application/zip"}
FILES = {"README.md": b"# Hi\n", "src/é.bin": bytes(range(256)) * 600, "src/main.py": b"print()\n"}


async def imported(client: ProjectClient, who: Principal, data: bytes, **headers: str) -> Any:
    return await client.send("POST", f"{IMPORT}?name=Moon", who=who, raw=data, headers={**ZIP, **headers})


async def test_a_project_goes_out_and_in_unchanged(client: ProjectClient) -> None:
    ada = person()

    answer = await imported(client, ada, zip_of(FILES))
    out = await client.send("GET", project_path(answer.data) + "/archive", who=ada)
    again = await imported(client, ada, out.body)

    assert (answer.status, answer.headers["location"]) == (201, project_path(answer.data))
    assert out.headers["content-type"] == "application/zip"
    assert out.headers["content-disposition"] == "attachment; filename*=UTF-8''Moon.zip"
    with ZipFile(BytesIO(out.body)) as archive:
        assert archive.namelist() == sorted(FILES)
        assert {name: archive.read(name) for name in archive.namelist()} == FILES
    assert again.status == 201
    assert (await client.send("GET", project_path(again.data) + "/archive", who=ada)).body == out.body
    [version] = (await client.send("GET", versions_of(answer.data), who=ada)).items
    assert (version["kind"], version["added"]) == ("import", 3)


async def written(form: FormData) -> tuple[str, bytes]:
    """Its media type and its bytes."""
    payload, body = form(), BytesIO()

    class Writer:
        async def write(self, data: bytes) -> None:
            body.write(data)

    await payload.write(Writer())  # type: ignore[arg-type]
    return payload.content_type, body.getvalue()


async def test_without_a_name_a_project_is_called_as_its_archive(client: ProjectClient) -> None:
    ada = person()
    form = FormData(quote_fields=False)
    form.add_field("file", zip_of(FILES), filename="../my moon.zip", content_type="application/zip")
    media_type, body = await written(form)

    named = await client.send("POST", IMPORT, who=ada, raw=body, headers={"content-type": media_type})
    windows = {"content-type": "application/x-zip-compressed"}
    nameless = await client.send("POST", IMPORT, who=ada, raw=zip_of(FILES), headers=windows)

    assert (named.data["name"], nameless.data["name"]) == ("my moon", "Imported project")


async def test_a_form_is_an_archive_too(client: ProjectClient) -> None:
    ada = person()
    form = FormData()
    form.add_field("comment", "not this")
    form.add_field("file", zip_of(FILES), filename="moon.zip", content_type="application/zip")
    media_type, body = await written(form)

    answer = await imported(client, ada, body, **{"content-type": media_type})
    cut = await imported(client, ada, body[:-20], **{"content-type": media_type})

    assert answer.status == 201
    assert (await client.send("GET", files_of(answer.data), who=ada)).json["total"] == 3
    assert cut.status == 400


@pytest.mark.parametrize("attack", ["symlink", "traversal", "bomb", "checksum", "empty"])
async def test_a_hostile_archive_leaves_nothing(client: ProjectClient, attack: str) -> None:
    ada = person()

    answer = await imported(client, ada, ATTACKS[attack][0])

    assert (answer.status, answer.code) == (422, "INVALID_ARCHIVE")
    assert (await client.send("GET", PROJECTS, who=ada)).items == []


async def test_a_repeated_import_makes_one_project(client: ProjectClient) -> None:
    ada, key = person(), {"Idempotency-Key": "once"}
    archive = zip_of(FILES)  # made once: the time is in it

    first = await imported(client, ada, archive, **key)
    second = await imported(client, ada, archive, **key)
    other = await imported(client, ada, zip_of({"a": b""}), **key)

    assert (second.body, second.headers["idempotent-replayed"]) == (first.body, "true")
    assert (other.status, other.code) == (422, "IDEMPOTENCY_MISMATCH")
    assert len((await client.send("GET", PROJECTS, who=ada)).items) == 1


@pytest.mark.parametrize(
    ("path", "headers", "body", "status"),
    [
        (f"{IMPORT}?name=x", ZIP, b"", 422),
        (f"{IMPORT}?name=", ZIP, b"", 422),
        (f"{IMPORT}?name=x", {"content-type": "text/plain"}, b"x", 415),
        (f"{IMPORT}?name=x", {"content-type": "multipart/form-data"}, b"x", 400),
        (f"{IMPORT}?name=x", {"content-type": "multipart/form-data; boundary=a"}, b"--a--\r\n", 422),
        (f"{IMPORT}?name=x", {"content-type": "multipart/form-data; boundary=a"}, b"\x00" * 5000, 400),
    ],
)
async def test_other_bodies_are_refused(
    client: ProjectClient, path: str, headers: dict[str, str], body: bytes, status: int
) -> None:
    assert (await client.send("POST", path, who=person(), raw=body, headers=headers)).status == status


async def test_who_may_not_create_projects_may_not_import(client: ProjectClient) -> None:
    answer = await imported(client, person(Role.DEVELOPER), zip_of(FILES))

    assert (answer.status, answer.code) == (403, "AUTH_FORBIDDEN")
