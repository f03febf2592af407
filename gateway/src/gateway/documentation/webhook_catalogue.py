"""What is delivered to webhooks: the events that many may see, in the form of Standard Webhooks."""

from collections.abc import Iterable
from typing import Any

from shared.events.envelope import Event
from shared.events.webhooks import RedactedData, webhook_catalogue
from shared.http.examples import Examples, example_id
from shared.http.openapi import operation_id, schema_components

TAG = "webhooks"
_MOMENT = "2026-03-14T09:26:53Z"
_SIGNED = (
    ("webhook-id", "Names the message; a repeated delivery has the same one.", example_id("webhook")),
    ("webhook-timestamp", "Seconds since 1970 at which this attempt was made.", "1773480413"),
    (
        "webhook-signature",
        "`v1,` and the HMAC-SHA256 of `id.timestamp.body`, in Base64.",
        "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    ),
)


def webhook_document(contracts: Iterable[type[Event]]) -> dict[str, Any]:
    """`webhooks` and `components` of an OpenAPI document, by `<noun>.<verb>`."""
    catalogue = dict(sorted(webhook_catalogue(contracts).items()))
    (redacted, *schemas), components = schema_components([RedactedData, *catalogue.values()])
    examples = Examples(components)
    webhooks = {
        type_name: {"post": _delivery(type_name, schema, redacted, examples)}
        for type_name, schema in zip(catalogue, schemas, strict=True)
    }
    about = "Deliveries to addresses of yours, signed as Standard Webhooks (standardwebhooks.com)."
    return {
        "tags": [{"name": TAG, "description": about}],
        "webhooks": webhooks,
        "components": {"schemas": components},
    }


def _delivery(type_name: str, data: dict[str, Any], redacted: dict[str, Any], examples: Examples) -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {
            "type": {"const": type_name},
            "timestamp": {"type": "string", "format": "date-time"},
            "data": {"anyOf": [data, redacted]},
        },
        "required": ["type", "timestamp", "data"],
    }
    example = {"type": type_name, "timestamp": _MOMENT, "data": examples.of(data)}
    return {
        "operationId": operation_id("webhook", type_name),
        "summary": f"Delivers `{type_name}`",
        "tags": [TAG],
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": True,
                "description": about,
                "schema": {"type": "string"},
                "example": sample,
            }
            for name, about, sample in _SIGNED
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema, "example": example}}},
        "responses": {
            "2XX": {"description": "Taken."},
            "default": {"description": "Not taken: it is delivered again later."},
        },
    }
