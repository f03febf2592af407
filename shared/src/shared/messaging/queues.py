"""The durable queues of the platform: one for each consumer of events."""

CONSUMERS = ("auth", "auth.audit", "project", "conversation")
"""A publisher keeps what one of these has no room for; a test compares the list with what the services consume."""


def queue_of(consumer: str) -> str:
    """The name of the queue a service consumes its events from."""
    return f"{consumer}.events"


def dead_queue_of(queue: str) -> str:
    """Where messages of the queue are put aside that nobody could handle."""
    return f"{queue}.dead"


CONSUMER_QUEUES = tuple(queue_of(consumer) for consumer in CONSUMERS)
