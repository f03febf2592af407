"""Examples fit their schema, whatever the schema asks for."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import jsonschema_rs
import msgspec
import pytest
from msgspec import UNSET, Meta, UnsetType

from shared.http.examples import Examples
from shared.http.openapi import schema_components
from shared.wire_enum import WireEnum


class Color(WireEnum):
    RED = "red"


class Node(msgspec.Struct):
    name: str
    parent: "Node | None" = None
    children: list["Node"] = []


class Everything(msgspec.Struct, forbid_unknown_fields=True):
    id: UUID
    email: str
    short: Annotated[str, Meta(max_length=3)]
    long: Annotated[str, Meta(min_length=40)]
    code: Annotated[str, Meta(pattern=r"^\d{6}$")]
    chosen: Annotated[str, Meta(pattern=r"^q\dz$", examples=["q7z"])]
    color: Color
    colors: Annotated[list[Color], Meta(min_length=2)]
    few: Annotated[int, Meta(ge=5, le=9)]
    more: Annotated[int, Meta(gt=3)]
    share: Annotated[float, Meta(le=0.5)]
    pair: tuple[int, str]
    at: Annotated[datetime, Meta(tz=True)]
    either: int | str | None
    numbers: dict[str, int]
    tree: Node
    maybe: str | UnsetType = UNSET


def shown(shape: Any) -> tuple[Any, dict[str, Any]]:
    (schema,), components = schema_components([shape])
    return Examples(components).of(schema), {**schema, "components": {"schemas": components}}


@pytest.mark.parametrize("shape", [Everything, Node, list[Everything], int, Color])
def test_an_example_is_valid(shape: Any) -> None:
    example, schema = shown(shape)
    jsonschema_rs.validate(schema, example, validate_formats=True)


def test_an_example_is_as_a_reader_would_expect_it() -> None:
    example, _ = shown(Everything)
    assert (example["email"], example["code"], example["chosen"]) == ("ada@example.com", "123456", "q7z")
    assert UUID(example["id"]).version == 7


def test_an_example_is_the_same_every_time() -> None:
    assert shown(Everything) == shown(Everything)


def test_what_contains_itself_ends() -> None:
    example, _ = shown(Node)
    assert example == {"name": "Apollo"}


def test_optional_references_are_left_out() -> None:
    class Invite(msgspec.Struct):
        user_id: UUID
        project_id: UUID | None = None
        invitation_token: str | None = None

    assert shown(Invite)[0].keys() == {"user_id"}
