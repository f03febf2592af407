"""The AsyncAPI 3.0 document of all events, made from their contracts: who publishes what, where, and in which form."""

from collections.abc import Iterable
from typing import Any

import msgspec

from shared.events.envelope import Envelope, Event

CONTENT_TYPE = "application/cloudevents+json"
_SCHEMA_REF = "#/components/schemas/{name}"


def asyncapi_document(contracts: Iterable[type[Event]], version: str) -> dict[str, Any]:
    """One channel per event type: its address is the routing key, its binding names the publisher's exchange."""
    ordered = sorted(contracts, key=lambda contract: contract.type)
    (envelope, *bodies), schemas = msgspec.json.schema_components([Envelope, *ordered], ref_template=_SCHEMA_REF)
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Tessera events", "version": version},
        "defaultContentType": CONTENT_TYPE,
        "channels": {contract.type: _channel(contract) for contract in ordered},
        "operations": {f"publish.{contract.type}": _operation(contract) for contract in ordered},
        "components": {
            "messages": {
                contract.type: _message(contract, envelope, body)
                for contract, body in zip(ordered, bodies, strict=True)
            },
            "schemas": schemas,
        },
    }


def _channel(contract: type[Event]) -> dict[str, Any]:
    publisher = contract.type.partition(".")[0]
    exchange = {"name": f"tessera.{publisher}", "type": "topic", "durable": True}
    return {
        "address": contract.type,
        "messages": {"event": {"$ref": f"#/components/messages/{contract.type}"}},
        "bindings": {"amqp": {"is": "routingKey", "exchange": exchange, "bindingVersion": "0.3.0"}},
    }


def _operation(contract: type[Event]) -> dict[str, Any]:
    channel = f"#/channels/{contract.type}"
    return {"action": "send", "channel": {"$ref": channel}, "messages": [{"$ref": f"{channel}/messages/event"}]}


def _message(contract: type[Event], envelope: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """`x-live`: how a live client sees the event; absent where it never does."""
    own = {
        "type": {"const": contract.type},
        "schemaversion": {"const": contract.schema_version},
        "data": body,
    }
    message: dict[str, Any] = {
        "name": contract.type,
        "contentType": CONTENT_TYPE,
        "payload": {"allOf": [envelope, {"type": "object", "properties": own}]},
    }
    if contract.live is not None:
        message["x-live"] = contract.live.value
    return message
