"""Events without WebSockets: a stream of server-sent events, and polling where even that is blocked."""

from typing import Annotated

import msgspec
from msgspec import Meta
from sanic.response import HTTPResponse

from realtime_service.dialects.event_stream import EventStream
from realtime_service.dialects.stream_positions import MAX_LENGTH
from realtime_service.dialects.topics import MAX_SUBSCRIPTIONS
from realtime_service.dialects.topics_frames import EventFrame, read_event
from realtime_service.errors import TooManyConnections
from realtime_service.http_stream import answer_without_end
from realtime_service.node import Node
from realtime_service.positions import Position
from realtime_service.replay import Missed
from shared.errors import FieldError, Unavailable, ValidationFailed
from shared.events.questions import TopicNotFound
from shared.http.answers import Bare
from shared.http.app import Request
from shared.http.routes import Routes
from shared.principal import Principal
from shared.quotas import TierLimitExceeded
from shared.scopes import SOME_RESOURCE

PAGE_BYTES = 1024 * 1024  # of event data, and at most one answer of the owner more

routes = Routes("live", resource=SOME_RESOURCE)  # which one, the topic says: its keeper checks the scopes again


class StreamQuery(msgspec.Struct, frozen=True, kw_only=True):
    topics: Annotated[str, Meta(max_length=20_000)]
    """Names, with commas between them."""
    last_event_id: Annotated[str, Meta(max_length=MAX_LENGTH)] | None = None
    """For a new EventSource, which cannot send the header `Last-Event-ID`; that one counts first."""


class PollQuery(msgspec.Struct, frozen=True, kw_only=True):
    topic: Annotated[str, Meta(max_length=200)]
    after: Annotated[str, Meta(max_length=100, pattern=r"^[^:]{1,64}:[0-9]{1,15}\Z")] | None = None
    """`epoch:offset` of the answer before."""


class EventPage(Bare, frozen=True, kw_only=True):
    """Ask again with `after` = `epoch:offset`. Without `recovered` the state must be read anew; `reason` says why.

    A page ends early when its events have more than PAGE_BYTES; `has_more`: ask again at once.
    """

    items: list[EventFrame]
    epoch: str
    offset: int
    recovered: bool
    has_more: bool = False
    reason: str | msgspec.UnsetType = msgspec.UNSET


@routes.get(
    "/api/v1/events/stream",
    summary="Follow topics by server-sent events, resumed by Last-Event-ID",
    errors=(TopicNotFound, TooManyConnections, TierLimitExceeded, Unavailable),
)
async def stream(request: Request, principal: Principal, query: StreamQuery, node: Node) -> HTTPResponse:
    topics = _read_topics(query.topics)
    for topic in topics:
        await node.parts.access.check(principal, topic)
    if request.method == "HEAD":
        return HTTPResponse(content_type="text/event-stream")
    if node.is_leaving:
        raise Unavailable
    arrival = node.arrival(request).checked()
    node.require_room(arrival)  # in the same turn as it is taken: nobody comes in between
    last_event_id = request.headers.get("last-event-id") or query.last_event_id
    return answer_without_end(
        request,
        lambda stream: node.connect(
            stream, arrival, lambda parts, connection: EventStream(parts, connection, topics, last_event_id)
        ),
    )


@routes.get(
    "/api/v1/events", summary="What happened in a topic since the last time", errors=(TopicNotFound, Unavailable)
)
async def poll(principal: Principal, query: PollQuery, node: Node) -> EventPage:
    if query.after is None:
        (epoch, offset), _ = await node.parts.access.fresh_standing(principal, query.topic)
        return EventPage(items=[], epoch=epoch, offset=offset, recovered=False)
    epoch, _, offset_text = query.after.partition(":")
    stream = await node.parts.access.check(principal, query.topic)
    async with node.parts.replays.of(principal):
        missed = await _page(node, principal, stream, Position(epoch, int(offset_text)))
    return EventPage(
        items=[read_event(event) for event in missed.events if event.is_live],
        epoch=missed.position.epoch,
        offset=missed.position.offset,
        recovered=missed.reason is None,
        has_more=missed.has_more,
        reason=msgspec.UNSET if missed.reason is None else missed.reason,
    )


async def _page(node: Node, principal: Principal, stream: str, after: Position) -> Missed:
    """Of as many answers of the owner as fit. What was lost behind the first of them, the next page says."""
    page = await node.parts.keepers.missed(principal, stream, after)
    while page.has_more and sum(event.size for event in page.events) < PAGE_BYTES:
        more = await node.parts.keepers.missed(principal, stream, page.position)
        if more.reason is not None:
            break
        page = more._replace(events=page.events + more.events)
    return page


def _read_topics(text: str) -> list[str]:
    """Raises ValidationFailed."""
    topics = [name for name in dict.fromkeys(text.split(",")) if name]
    if not topics:
        raise ValidationFailed([FieldError("query.topics", "too_short", "Name at least one topic.")])
    if len(topics) > MAX_SUBSCRIPTIONS:
        reason = f"At most {MAX_SUBSCRIPTIONS} topics fit one stream."
        raise ValidationFailed([FieldError("query.topics", "too_long", reason)])
    return topics
