"""Limits of all queues at RabbitMQ, as policies: `python -m shared.messaging.rabbitmq.policies` prints them.

Policies and not arguments, because an operator can change a policy while everything runs. AMQP can neither set nor
read one: an operator imports the printed definitions (`rabbitmqctl import_definitions FILE`), again after a change.
"""

import sys
from typing import Any, NamedTuple

import msgspec

from shared.messaging.rabbitmq.topology import (
    NODE_QUEUE_BYTES,
    NODE_QUEUE_LENGTH,
    REQUEST_QUEUE_BYTES,
    REQUEST_QUEUE_LENGTH,
)

VHOST = "/"

EVENTS = 5_000_000
"""In the queue of a consumer. At 10 writes a second all day, about 0.9 million events of 1 KiB arrive a day: five days
of a consumer that is away. The broker keeps about 40 bytes of memory for each (200 MB) and the rest on disk."""

EVENT_BYTES = 8 * 1024**3
"""The same in bytes. The disk of each broker node needs so much room for every consumer that may be away."""

AUDIT_MESSAGE_BYTES = 180_000
"""A batch of 250 audit records. Their queue is full by its bytes long before it is full by its messages."""

AUDIT_MESSAGES_AT_HALF = EVENT_BYTES // 2 // AUDIT_MESSAGE_BYTES
"""As many of them are half of the limit: 6 million requests, five and a half hours at 300 a second."""

RETRIES = 1_000_000
RETRY_BYTES = 2 * 1024**3
"""In each queue of events that wait for their next try. One that has no room for more leaves them in their queue."""

DEAD_LETTERS = 100_000
DEAD_LETTER_BYTES = 1024**3
"""More than anybody reads. Events that die beyond are tried again every two minutes until an operator makes room."""


class Policy(NamedTuple):
    """`pattern` is a regular expression over names of queues. `rejects`: a full queue refuses, and loses nothing."""

    name: str
    pattern: str
    messages: int
    size: int
    rejects: bool

    @property
    def definition(self) -> dict[str, Any]:
        overflow = "reject-publish" if self.rejects else "drop-head"
        return {"max-length": self.messages, "max-length-bytes": self.size, "overflow": overflow}


POLICIES = (
    Policy("tessera-events", r"\.events$", EVENTS, EVENT_BYTES, rejects=True),
    Policy("tessera-retries", r"\.events\.retry\.[0-9]+ms$", RETRIES, RETRY_BYTES, rejects=True),
    Policy("tessera-dead-letters", r"\.events\.dead$", DEAD_LETTERS, DEAD_LETTER_BYTES, rejects=True),
    # What a node loses it reads again from the event log; an answer or a request that is lost times out.
    Policy("tessera-nodes", r"^(tap|signals|answers)\.", NODE_QUEUE_LENGTH, NODE_QUEUE_BYTES, rejects=False),
    Policy("tessera-requests", r"^tessera\.requests\.", REQUEST_QUEUE_LENGTH, REQUEST_QUEUE_BYTES, rejects=True),
)
"""Each queue of ours matches one of them."""


def definitions() -> dict[str, Any]:
    """What RabbitMQ imports: the policies and nothing else, so that users and queues stay as they are."""
    return {
        "policies": [
            {
                "vhost": VHOST,
                "name": policy.name,
                "pattern": policy.pattern,
                "apply-to": "queues",
                "priority": 10,
                "definition": policy.definition,
            }
            for policy in POLICIES
        ]
    }


def rendered() -> str:
    return msgspec.json.format(msgspec.json.encode(definitions()), indent=2).decode() + "\n"


if __name__ == "__main__":
    sys.stdout.write(rendered())
