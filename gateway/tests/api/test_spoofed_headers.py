"""Headers that claim to come from inside, in every spelling some reader might take for ours: none goes through."""

import pytest
from gateway_stack import Stack

EVIL = b"eviltwin"

SPOOFED = {
    "as_it_is": b"X-Tessera-Identity: %b",
    "lower_case": b"x-tessera-identity: %b",
    "upper_case": b"X-TESSERA-IDENTITY: %b",
    "mixed_case": b"x-TeSsErA-iDeNtItY: %b",
    "underscores": b"X_Tessera_Identity: %b",
    "upper_case_underscores": b"X_TESSERA_IDENTITY: %b",
    "first_underscore": b"X_Tessera-Identity: %b",
    "last_underscore": b"X-Tessera_Identity: %b",
    "as_a_cgi_variable": b"HTTP_X_TESSERA_IDENTITY: %b",
    "as_a_cgi_variable_with_dashes": b"Http-X-Tessera-Identity: %b",
    "twice": b"X-Tessera-Identity: %b\r\nX-Tessera-Identity: %b",
    "twice_in_two_spellings": b"X-Tessera-Identity: %b\r\nx_tessera_identity: %b",
    "without_space": b"X-Tessera-Identity:%b",
    "with_much_space": b"X-Tessera-Identity: \t  %b  \t",
    "nominated": b"Connection: X-Tessera-Identity\r\nX-Tessera-Identity: %b",
    "nominated_with_close": b"Connection: keep-alive, x-tessera-identity\r\nX-Tessera-Identity: %b",
    "nominated_among_many": b"Connection: host, content-length, x-forwarded-for, traceparent\r\nX-Forwarded-For: %b",
    "nominated_by_proxy": b"Proxy-Connection: X-Tessera-Identity\r\nX-Tessera-Identity: %b",
    "expiry": b"X-Tessera-Token-Expires: %b",
    "refusal": b"X-Tessera-Refusal: %b",
    "refusal_underscores": b"x_tessera_refusal: %b",
    "made_up_internal": b"X-Tessera-Anything: %b",
    "prefix_alone": b"X-Tessera: %b",
    "prefix_without_dash": b"XTessera-Identity: %b",
    "user": b"X-User-Id: %b",
    "user_underscores": b"x_user_id: %b",
    "user_role": b"X-User-Role: %b",
    "user_alone": b"X-User: %b",
    "tenant": b"X-Tenant-Id: %b",
    "tenant_underscores": b"X_TENANT_ID: %b",
    "tenant_alone": b"X-Tenant: %b",
    "session": b"X-Session-Id: %b",
    "role": b"X-Role: %b",
    "roles": b"X-Roles: %b",
    "scopes": b"X-Scopes: %b",
    "forwarded": b"Forwarded: for=%b;host=%b;proto=https",
    "forwarded_for": b"X-Forwarded-For: %b",
    "forwarded_for_underscores": b"X_Forwarded_For: %b",
    "forwarded_for_twice": b"X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: %b",
    "forwarded_host": b"X-Forwarded-Host: %b",
    "forwarded_proto": b"X-Forwarded-Proto: %b",
    "forwarded_port": b"X-Forwarded-Port: %b",
    "forwarded_user": b"X-Forwarded-User: %b",
    "forwarded_client_cert": b"X-Forwarded-Client-Cert: %b",
    "real_ip": b"X-Real-IP: %b",
    "real_ip_underscores": b"X_Real_IP: %b",
    "client_ip": b"X-Client-IP: %b",
    "client_ip_alone": b"Client-IP: %b",
    "true_client_ip": b"True-Client-IP: %b",
    "cloudflare": b"CF-Connecting-IP: %b",
    "fastly": b"Fastly-Client-IP: %b",
    "cluster_client_ip": b"X-Cluster-Client-IP: %b",
    "envoy": b"X-Envoy-External-Address: %b",
    "remote_user": b"Remote-User: %b",
    "x_remote_user": b"X-Remote-User: %b",
    "x_auth_user": b"X-Auth-User: %b",
    "authenticated_user": b"X-Authenticated-User: %b",
    "original_url": b"X-Original-URL: /%b",
    "rewrite_url": b"X-Rewrite-URL: /%b",
    "method_override": b"X-HTTP-Method-Override: %b",
    "request_id": b"X-Request-ID: %b",
    "correlation_id": b"X-Correlation-ID: %b",
    "tracestate": b"traceparent: 00-%b-0000000000000001-01\r\ntracestate: a=%b" % (b"0" * 32, b"%b"),
    "baggage": b"baggage: a=%b",
    "via": b"Via: 1.1 %b",
    "cookie": b"Cookie: tessera_session=; theme=%b",
    "proxy_authorization": b"Proxy-Authorization: Basic %b",
    "http2_settings": b"HTTP2-Settings: %b",
}


@pytest.mark.parametrize("spoofed", SPOOFED.values(), ids=SPOOFED.keys())
async def test_nothing_of_it_reaches_the_service(stack: Stack, spoofed: bytes) -> None:
    token = stack.bearer()["Authorization"].encode()
    fields = spoofed.replace(b"%b", EVIL)

    answer = await stack.raw(
        b"GET /api/v1/projects HTTP/1.1\r\nHost: a\r\nAuthorization: %b\r\n%b\r\n\r\n" % (token, fields)
        + b"GET / HTTP/1.0\r\n\r\n"  # refused, which ends the connection
    )

    (request,) = stack.project.requests
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert EVIL not in request.line + b"".join(name + value for name, value in request.headers).lower()
    assert len(request.all(b"x-tessera-identity")) == 1
    assert request.all(b"x-forwarded-for") == [b"127.0.0.1"]
    assert len(request.all(b"host")) == len(request.all(b"traceparent")) == 1


async def test_what_says_nothing_about_the_caller_passes(stack: Stack) -> None:
    token = stack.bearer()["Authorization"].encode()
    harmless = b'Accept-Language: de\r\nIdempotency-Key: one\r\nIf-Match: "3"\r\nX-Own: 1'

    await stack.raw(
        b"GET /api/v1/projects HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: %b\r\n%b\r\n\r\n"
        % (token, harmless)
    )

    (request,) = stack.project.requests
    for name in (b"accept-language", b"idempotency-key", b"if-match", b"x-own"):
        assert len(request.all(name)) == 1
