"""Which headers cross the gateway: what is ours, of one connection, or a credential stays outside.

Names are compared with `_` read as `-`, because some readers take the two for the same.
"""

_OF_ONE_CONNECTION = {
    b"connection",
    b"keep-alive",
    b"proxy-authenticate",
    b"proxy-authorization",
    b"proxy-connection",
    b"te",
    b"trailer",
    b"transfer-encoding",
    b"upgrade",
    b"http2-settings",
    b"content-length",  # written anew from how the body is framed
}
_FROM_CLIENTS_DROPPED = _OF_ONE_CONNECTION | {
    b"host",
    b"expect",
    b"authorization",
    b"x-api-key",
    b"cookie",  # rows that need cookies add them again
    b"forwarded",
    b"via",
    b"traceparent",
    b"tracestate",
    b"baggage",
    b"x-request-id",
    b"x-correlation-id",
    b"x-trace-id",
    b"x-real-ip",
    b"x-client-ip",
    b"client-ip",
    b"fastly-client-ip",
    b"x-cluster-client-ip",
    b"true-client-ip",
    b"cf-connecting-ip",
    b"remote-user",
    b"x-rewrite-url",
    b"x-http-method",
    b"x-http-method-override",
    b"x-method-override",
}
_FROM_CLIENTS_DROPPED_PREFIXES = (
    b"x-tessera",
    b"xtessera",
    b"http-",  # a CGI variable's name for a header
    b"x-user",
    b"x-tenant",
    b"x-session",
    b"x-role",
    b"x-scope",
    b"x-forwarded",
    b"x-original-",
    b"x-auth-",
    b"x-authenticated-",
    b"x-remote-",
    b"x-envoy-",
)
_FROM_SERVICES_DROPPED = _OF_ONE_CONNECTION | {
    b"server",
    b"via",
    b"x-powered-by",
    b"alt-svc",
    b"traceparent",
    b"tracestate",
    b"x-request-id",
    b"x-content-type-options",
    b"referrer-policy",
}
_FROM_SERVICES_DROPPED_PREFIXES = (b"x-tessera", b"access-control-", b"timing-allow-")
_REMEMBERED = 2_000  # names; clients can make up any number of them


class HeaderFilter:
    def __init__(self, dropped: set[bytes], prefixes: tuple[bytes, ...]) -> None:
        self._dropped = dropped
        self._prefixes = prefixes
        self._verdicts: dict[bytes, bool] = {}

    def passes(self, name: bytes) -> bool:
        """Whether a header of this name, in any case, goes on."""
        verdict = self._verdicts.get(name)
        if verdict is None:
            plain = name.lower().replace(b"_", b"-")
            verdict = plain not in self._dropped and not plain.startswith(self._prefixes)
            if len(self._verdicts) < _REMEMBERED:
                self._verdicts[name] = verdict
        return verdict


def from_clients() -> HeaderFilter:
    return HeaderFilter(_FROM_CLIENTS_DROPPED, _FROM_CLIENTS_DROPPED_PREFIXES)


def from_services() -> HeaderFilter:
    return HeaderFilter(_FROM_SERVICES_DROPPED, _FROM_SERVICES_DROPPED_PREFIXES)
