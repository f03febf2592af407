"""What this service can be told from outside, each with its default."""

from typing import Annotated

from msgspec import Meta

from shared.settings import Settings


class RealtimeSettings(Settings, frozen=True, kw_only=True):
    port: Annotated[int, Meta(description="Where the gateway reaches this service.")] = 8004
    rate_limit_scale: Annotated[float, Meta(gt=0, description="Multiplies frame and subscription limits.")] = 1.0
    live_quota_scale: Annotated[float, Meta(gt=0, description="Multiplies the quota of a tier: for load tests.")] = 1.0
    first_auth_seconds: Annotated[float, Meta(description="How long a socket may stay silent about who it is.")] = 10.0
    upgrade_seconds: Annotated[
        float, Meta(gt=0, description="How long a WebSocket may take to take over from polls.")
    ] = 10.0
    expiry_warning_seconds: Annotated[float, Meta(description="How long before its token's end a client hears so.")] = (
        60.0
    )
    expiry_grace_seconds: Annotated[float, Meta(description="How long a socket outlives its token.")] = 5.0
    ping_seconds: Annotated[float, Meta(gt=0, description="Pause between pings; silence that long ends a socket.")] = (
        25.0
    )
    close_grace_seconds: Annotated[float, Meta(description="How long a peer may take to answer a close.")] = 5.0
    drain_seconds: Annotated[
        float, Meta(gt=0, le=10, description="Over how long the sockets are closed at a stop, which may take 16 s.")
    ] = 10.0
