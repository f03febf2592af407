"""The AsyncAPI document says of every event where it is published and what it looks like."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from shared.events.projects import TaskUpdated
from shared.events.registry import default_registry
from shared.messaging.asyncapi import asyncapi_document


@pytest.fixture
def document() -> dict[str, Any]:
    return asyncapi_document(default_registry(), "1.0.0")


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_every_contract_has_a_channel_on_its_publishers_exchange(document: dict[str, Any]) -> None:
    assert set(document["channels"]) == {contract.type for contract in default_registry()}
    channel = document["channels"][TaskUpdated.type]
    assert channel["address"] == "project.task.updated"
    assert channel["bindings"]["amqp"]["exchange"]["name"] == "tessera.project"


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in set(references(document)):
        node: Any = document
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]


def test_a_message_is_the_envelope_around_its_own_data(document: dict[str, Any]) -> None:
    message = document["components"]["messages"][TaskUpdated.type]
    envelope, own = message["payload"]["allOf"]

    assert envelope == {"$ref": "#/components/schemas/Envelope"}
    assert own["properties"]["type"] == {"const": "project.task.updated"}
    assert own["properties"]["data"] == {"$ref": "#/components/schemas/TaskUpdated"}
    assert message["x-live"] == "UPDATED"


def test_the_document_can_be_served_as_json(document: dict[str, Any]) -> None:
    assert json.loads(msgspec.json.encode(document))["channels"].keys() == document["channels"].keys()
