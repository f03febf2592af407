"""What is ours stays ours, however a client spells it."""

import pytest

from gateway.forwarded_headers import from_clients, from_services


@pytest.mark.parametrize(
    "name",
    [
        b"x-tessera-identity",
        b"X-Tessera-Identity",
        b"X-TESSERA-IDENTITY",
        b"x_tessera_identity",
        b"X_Tessera-Identity",
        b"x-tessera_identity",
        b"X-Tessera-Anything",
        b"x-tessera",
        b"X-User-Id",
        b"x_user_id",
        b"X-User",
        b"X-Userid",
        b"X-Tenant-Id",
        b"x_tenant",
        b"X-Tenant_ID",
        b"Forwarded",
        b"FORWARDED",
        b"X-Forwarded-For",
        b"x_forwarded_for",
        b"X-Forwarded-Host",
        b"X-Forwarded-Proto",
        b"X-Forwarded_Anything",
        b"X-Real-IP",
        b"x_real_ip",
        b"True-Client-IP",
        b"CF-Connecting-IP",
        b"X-Request-Id",
        b"x_request_id",
        b"Traceparent",
        b"Authorization",
        b"X-API-Key",
        b"x_api_key",
        b"Remote_User",
        b"X-Remote-User",
        b"X-Auth-Request-Email",
        b"X-Original-URL",
        b"X-HTTP-Method-Override",
        b"Transfer_Encoding",
        b"Content_Length",
        b"Cookie",
        b"Host",
    ],
)
def test_identity_and_connection_headers_of_clients_stop_here(name: bytes) -> None:
    assert not from_clients().passes(name)


@pytest.mark.parametrize(
    "name", [b"accept", b"content-type", b"if-match", b"idempotency-key", b"x-signature", b"origin"]
)
def test_ordinary_headers_pass(name: bytes) -> None:
    assert from_clients().passes(name)


@pytest.mark.parametrize(
    "name", [b"Server", b"X-Powered-By", b"Access-Control-Allow-Origin", b"Connection", b"X-Request-ID"]
)
def test_services_do_not_speak_for_the_gateway(name: bytes) -> None:
    assert not from_services().passes(name)


def test_made_up_names_do_not_fill_the_memory() -> None:
    names = from_clients()
    for number in range(5_000):
        assert names.passes(b"x-made-up-%d" % number)
    assert len(names._verdicts) <= 2_000
