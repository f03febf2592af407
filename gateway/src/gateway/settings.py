"""What the gateway is told at its start."""

import sys
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from gateway.route_table import Service
from shared.settings import Settings, SettingsError

Url = Annotated[str | None, Meta(description="Where the service answers; absent means loopback and the port base.")]


_LOOPBACK_SOURCES = tuple(f"127.0.0.{last}" for last in range(1, 9))
"""On Linux the whole network 127/8 is this machine."""


class Address(msgspec.Struct, frozen=True):
    host: str
    port: int

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


class GatewaySettings(Settings, frozen=True, kw_only=True):
    tessera_gateway_port: Annotated[int, Meta(ge=0, le=65535, description="Public port, unless PORT is given.")] = 8000
    tessera_service_port_base: Annotated[int, Meta(ge=1, le=65532, description="Port of auth; others follow.")] = 8001
    auth_url: Url = None
    project_url: Url = None
    conversation_url: Url = None
    realtime_url: Url = None
    public_url: Annotated[str, Meta(description="The address people use; https there switches on HSTS.")] = ""
    redis_url: Annotated[
        str | None, Meta(description="Redis that counts for all replicas; absent means each counts for itself.")
    ] = None
    rate_limit_scale: Annotated[float, Meta(gt=0, le=1_000_000, description="Multiplies all rate limits.")] = 1.0
    rate_limits: Annotated[str, Meta(description="Other quotas than ours: `user-minute=200,live-minute=60`.")] = ""
    access_token_ttl: Annotated[int, Meta(ge=1, description="Life of an access token in seconds.")] = 900
    cors_origins: Annotated[str, Meta(description="Origins of web apps that may call, separated by commas.")] = ""
    connections_per_address: Annotated[
        int,
        Meta(ge=0, description="Most open connections of an address; 0: 1,000 times RATE_LIMIT_SCALE, or 1/4 of all."),
    ] = 0
    trusted_proxy_hops: Annotated[int, Meta(ge=0, le=10, description="Own proxies in front of this gateway.")] = 0
    upstream_source_addresses: Annotated[
        str, Meta(description="Own addresses to reach services from, by commas: each allows 28,000 connections to one.")
    ] = ""
    metrics_allow: Annotated[str, Meta(description="Addresses or networks that may read /metrics, by commas.")] = ""

    def __post_init__(self) -> None:
        if self.port == 0:
            msgspec.structs.force_setattr(self, "port", self.tessera_gateway_port)

    def addresses(self) -> dict[Service, Address]:
        """Where each service answers. Raises SettingsError for a URL that is not http://host:port."""
        given = (self.auth_url, self.project_url, self.conversation_url, self.realtime_url)
        services = (Service.AUTH, Service.PROJECT, Service.CONVERSATION, Service.REALTIME)
        return {
            service: _address(service, url) if url else Address("127.0.0.1", self.tessera_service_port_base + offset)
            for offset, (service, url) in enumerate(zip(services, given, strict=True))
        }

    def sources(self, address: Address) -> tuple[str, ...]:
        """Where to connect to `address` from, in turns; empty leaves it to the system. Raises SettingsError."""
        given = listed(self.upstream_source_addresses)
        if not given and address.host == "127.0.0.1" and sys.platform == "linux":
            return _LOOPBACK_SOURCES
        try:
            return tuple(str(ip_address(source)) for source in given)
        except ValueError as error:
            raise SettingsError("unreadable settings: UPSTREAM_SOURCE_ADDRESSES (not IP addresses)") from error


def listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _address(service: Service, url: str) -> Address:
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname or parts.path.strip("/"):
        raise SettingsError(f"unreadable settings: {service.upper()}_URL (not http://host:port)")
    return Address(parts.hostname, parts.port or 80)
