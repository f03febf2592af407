"""Access tokens and identities: only what was minted for this audience, in its time, with our key, is believed."""

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared.access_tokens import AccessTokenVerifier, mint_access_token
from shared.errors import AuthRequired, InvalidToken, TesseraError, TokenExpired, Unavailable
from shared.identity import (
    WeakSecret,
    checked_secret,
    mint_identity,
    mint_service_identity,
    verify_identity,
    verify_service_identity,
)
from shared.ids import new_id
from shared.principal import Principal, Role

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SECRET = "s" * 32
KEY = Ed25519PrivateKey.generate()
PRINCIPAL = Principal(user_id=new_id(), tenant_id=new_id(), session_id=new_id(), role=Role.DEVELOPER)


class HeldClock:
    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time


class KeySource:
    def __init__(self) -> None:
        self.calls = 0
        self.is_away = False

    async def __call__(self) -> bytes:
        self.calls += 1
        if self.is_away:
            raise ConnectionError
        raw = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        x = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        return json.dumps({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "k1", "use": "sig"}]}).encode()


def claims(**changes: Any) -> dict[str, Any]:
    token = mint_access_token(PRINCIPAL, KEY, "k1", NOW, 900)
    decoded = jwt.decode(token, options={"verify_signature": False})
    return {name: value for name, value in {**decoded, **changes}.items() if value is not ...}


def forged(payload: dict[str, Any], key: Any = KEY, algorithm: str = "EdDSA", **headers: Any) -> str:
    return jwt.encode(payload, key, algorithm=algorithm, headers={"typ": "at+jwt", "kid": "k1", **headers})


async def test_a_minted_token_names_its_principal():
    verifier = AccessTokenVerifier(KeySource(), HeldClock())

    checked = await verifier.verify(mint_access_token(PRINCIPAL, KEY, "k1", NOW, 900))

    assert checked.principal == PRINCIPAL
    assert checked.expires_at - checked.issued_at == 900


async def test_a_token_ends_when_it_says_so_even_when_it_was_checked_before():
    clock = HeldClock()
    verifier = AccessTokenVerifier(KeySource(), clock)
    token = mint_access_token(PRINCIPAL, KEY, "k1", NOW, 900)
    await verifier.verify(token)

    clock.time += timedelta(seconds=900)

    with pytest.raises(TokenExpired):
        await verifier.verify(token)


def with_header(**header: Any) -> str:
    """A token whose header says something its signature was not made for."""
    encoded = base64.urlsafe_b64encode(json.dumps({"typ": "at+jwt", "kid": "k1", **header}).encode())
    return ".".join([encoded.rstrip(b"=").decode(), *forged(claims()).split(".")[1:]])


def signed_with_public_key() -> str:
    """The classic confusion: HMAC-SHA256 keyed with the text of our public key."""
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = with_header(alg="HS256").rpartition(".")[0]
    signature = hmac.digest(public, signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


FORGERIES = {
    "none": forged(claims(), None, "none"),
    "none in capitals": with_header(alg="NONE"),
    "none in mixed case": with_header(alg="nOnE"),
    "no algorithm": with_header(),
    "our public key as an HMAC secret": signed_with_public_key(),
    "key brought along": with_header(alg="EdDSA", jwk={"kty": "OKP", "crv": "Ed25519", "x": "AA"}, kid="k9"),
    "key to be fetched": with_header(alg="EdDSA", jku="http://127.0.0.1:1/keys", kid="k9"),
    "another key": forged(claims(), Ed25519PrivateKey.generate()),
    "wrong type": forged(claims(), typ="JWT"),
    "no type": forged(claims(), typ=None),
    "unknown key id": forged(claims(), kid="k2"),
    "key id as a number": forged(claims(), kid="1"),
    "wrong audience": forged(claims(aud="gateway")),
    "list of audiences with a stranger": forged(claims(aud=["other"])),
    "wrong issuer": forged(claims(iss="gateway")),
    "no exp": forged(claims(exp=...)),
    "exp as text": forged(claims(exp="9999999999")),
    "exp as a float": forged(claims(exp=9999999999.5)),
    "exp out of range": forged(claims(exp=10**30)),
    "exp before iat": forged(claims(exp=1)),
    "no subject": forged(claims(sub=...)),
    "subject is no id": forged(claims(sub="admin")),
    "no tenant": forged(claims(tid=...)),
    "unknown role": forged(claims(role="root")),
    "platform admin as text": forged(claims(pa="yes")),
    "scopes smuggled in": forged(claims(scopes=["*:write"])),
    "an identity": mint_identity(PRINCIPAL, "project", SECRET, NOW),
    "a huge token": forged(claims(more="x" * 100_000)),
    "garbage": "a.b.c",
    "nothing": "",
    "not ascii": "é.é.é",
}


@pytest.mark.parametrize("token", FORGERIES.values(), ids=FORGERIES.keys())
async def test_a_forged_token_is_refused(token: str):
    verifier = AccessTokenVerifier(KeySource(), HeldClock())

    with pytest.raises(InvalidToken):
        await verifier.verify(token)


async def test_made_up_key_ids_do_not_cause_a_fetch_each():
    source = KeySource()
    verifier = AccessTokenVerifier(source, HeldClock())

    for number in range(20):
        with pytest.raises(InvalidToken):
            await verifier.verify(forged(claims(), kid=f"made-up-{number}"))

    assert source.calls == 1


async def test_without_any_key_the_answer_is_later_and_not_no():
    source = KeySource()
    source.is_away = True
    verifier = AccessTokenVerifier(source, HeldClock())

    with pytest.raises(Unavailable):
        await verifier.verify(forged(claims()))


def test_an_identity_is_for_one_service():
    token = mint_identity(PRINCIPAL, "project", SECRET, NOW)

    assert verify_identity(token, "project", SECRET, NOW) == PRINCIPAL
    with pytest.raises(AuthRequired):
        verify_identity(token, "auth", SECRET, NOW)


@pytest.mark.parametrize("later", [timedelta(seconds=70), timedelta(seconds=-30)])
def test_an_identity_lives_for_a_minute(later: timedelta):
    token = mint_identity(PRINCIPAL, "project", SECRET, NOW)

    with pytest.raises(AuthRequired):
        verify_identity(token, "project", SECRET, NOW + later)


@pytest.mark.parametrize(
    "token",
    [
        forged(claims()),
        mint_identity(PRINCIPAL, "project", "t" * 32, NOW),
        mint_service_identity("gateway", "project", SECRET, NOW),
        jwt.encode({**claims(aud="project", iss="gateway"), "exp": "soon"}, SECRET),
        "x",
    ],
    ids=["an access token", "another secret", "a service's identity", "exp as text", "garbage"],
)
def test_nothing_else_passes_for_an_identity(token: str):
    with pytest.raises(AuthRequired):
        verify_identity(token, "project", SECRET, NOW)


def test_a_users_identity_does_not_open_internal_addresses():
    with pytest.raises(AuthRequired):
        verify_service_identity(mint_identity(PRINCIPAL, "auth", SECRET, NOW), "gateway", "auth", SECRET, NOW)


def test_a_short_secret_is_refused():
    with pytest.raises(WeakSecret):
        checked_secret("short")


def test_every_refusal_has_a_public_code():
    assert all(issubclass(error, TesseraError) and error.code for error in (InvalidToken, TokenExpired, AuthRequired))
