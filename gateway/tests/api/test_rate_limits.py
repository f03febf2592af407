"""Limits from outside: who is counted, exactly how often, and what every answer says of it."""

import asyncio
import re
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple
from uuid import uuid4

import aiohttp
import msgspec
import pytest
from gateway_stack import Stack, StartStack, eventually
from recording_services import OK, answer_bytes, json_answer

from shared.introspection import CredentialKind
from shared.principal import Tier

HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"
KEY = "tsk_AZ8Nf3mQcYSbHk-0_aKeyOfTheTests"
PROJECTS = "/api/v1/projects"

# RFC 9651: a list of strings, each with integer parameters.
_ITEM = r'"(?P<name>[ !#-\[\]-~]*)"(?P<parameters>(;[a-z*][a-z0-9_.*-]*=-?[0-9]{1,15})*)'
_LIST = re.compile(rf"{_ITEM}([ \t]*,[ \t]*{_ITEM.replace('?P<name>', '').replace('?P<parameters>', '')})*")


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def code(self) -> str:
        return msgspec.json.decode(self.body)["error"]["code"]

    @property
    def policy(self) -> dict[str, dict[str, int]]:
        return structured(self.headers["RateLimit-Policy"])

    @property
    def left(self) -> dict[str, int]:
        """The one item of RateLimit: parameters, `name` aside."""
        [item] = structured(self.headers["RateLimit"]).values()
        return item


def structured(field: str) -> dict[str, dict[str, int]]:
    assert _LIST.fullmatch(field), field
    items = re.finditer(_ITEM, field)
    return {
        item["name"]: {key: int(number) for key, number in re.findall(r";([^=]+)=(-?\d+)", item["parameters"])}
        for item in items
    }


async def ask(
    stack: Stack, path: str = PROJECTS, *, method: str = "GET", address: str | None = None, **headers: str
) -> Answer:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if address is not None:
        sent["X-Forwarded-For"] = address
    url = f"http://127.0.0.1:{stack.port}{path}"
    async with aiohttp.ClientSession() as session, session.request(method, url, headers=sent) as response:
        return Answer(response.status, response.headers, await response.read())


async def times(count: int, stack: Stack, path: str = PROJECTS, **more: str) -> list[int]:
    return [(await ask(stack, path, **more)).status for _ in range(count)]


def statuses(answers: list[Answer]) -> Counter[int]:
    return Counter(answer.status for answer in answers)


async def together(count: int, *stacks: Stack, address: str | None = None, **headers: str) -> list[Answer]:
    asked = (ask(stacks[number % len(stacks)], address=address, **headers) for number in range(count))
    return list(await asyncio.gather(*asked))


def new_network() -> str:
    """An address that no other test run has: Redis remembers."""
    return f"2001:db8:{uuid4().hex[:4]}:{uuid4().hex[:4]}::1"


async def test_two_hundred_at_once_at_a_limit_of_a_hundred(stack: Stack) -> None:
    answers = await together(200, stack, **stack.bearer())

    assert statuses(answers) == {200: 100, 429: 100}
    assert len(stack.project.requests) == 100


async def test_two_hundred_at_once_at_two_replicas_that_share_a_redis(start_stack: StartStack, redis_url: str) -> None:
    one = await start_stack(redis_url=redis_url, trusted_proxy_hops=1)
    other = await start_stack(beside=one, redis_url=redis_url, trusted_proxy_hops=1)

    answers = await together(200, one, other, address=new_network(), **one.bearer())

    assert statuses(answers) == {200: 100, 429: 100}
    assert len(one.project.requests) == 100


async def test_every_answer_says_what_is_left(stack: Stack) -> None:
    token = stack.bearer()

    first = await ask(stack, **token)
    second = await ask(stack, **token)

    assert first.policy == {
        "user-minute": {"q": 100, "w": 60},
        "user-hour": {"q": 1_000, "w": 3_600},
        "user-day": {"q": 10_000, "w": 86_400},
        "tenant-minute": {"q": 500, "w": 60},
        "tenant-hour": {"q": 5_000, "w": 3_600},
        "tenant-day": {"q": 50_000, "w": 86_400},
    }
    assert [structured(answer.headers["RateLimit"]).keys() for answer in (first, second)] == [{"user-minute"}] * 2
    assert (first.left["r"], second.left["r"]) == (99, 98)
    assert 60 <= second.left["t"] <= 120


async def test_a_refusal_says_when_to_come_back(start_stack: StartStack) -> None:
    stack = await start_stack(rate_limits="user-minute=2", cors_origins="https://app.example")
    token = stack.bearer()
    await times(2, stack, **token)

    refused = await ask(stack, Origin="https://app.example", **token)

    assert (refused.status, refused.code) == (429, "RATE_LIMIT_EXCEEDED")
    wait = msgspec.json.decode(refused.body)["error"]["details"]["retry_after"]
    assert refused.headers["Retry-After"] == str(wait)
    assert refused.left == {"r": 0, "t": wait}
    assert refused.policy["user-minute"] == {"q": 2, "w": 60}
    assert {"RateLimit", "RateLimit-Policy", "Retry-After"} <= set(
        refused.headers["Access-Control-Expose-Headers"].split(", ")
    )


async def test_errors_of_a_service_and_of_the_gateway_say_it_too(stack: Stack) -> None:
    stack.project.answer = answer_bytes(json_answer(b"{}", 404))
    missing = await ask(stack, **stack.bearer())
    stack.auth.issue(CredentialKind.API_KEY, KEY, scopes=("tasks:read",))
    forbidden = await ask(stack, X_API_Key=KEY)
    unknown = await ask(stack, Authorization="Bearer nonsense")

    assert [answer.status for answer in (missing, forbidden, unknown)] == [404, 403, 401]
    assert [answer.left["r"] for answer in (missing, forbidden, unknown)] == [99, 99, 299]


async def test_a_services_own_limit_joins_the_list(stack: Stack) -> None:
    own = b'HTTP/1.1 429 X\r\nRetry-After: 600\r\nRateLimit: "login";r=0;t=600\r\nContent-Length: 0\r\n\r\n'
    stack.auth.elsewhere = answer_bytes(own)

    answer = await ask(stack, "/api/v1/auth/login", method="POST")

    fields = ", ".join(answer.headers.getall("RateLimit"))  # type: ignore[attr-defined]
    assert structured(fields).keys() == {"login", "address-minute"}


async def test_keys_and_tokens_of_one_user_are_one_user(start_stack: StartStack) -> None:
    stack = await start_stack(rate_limits="user-minute=3")
    owner = stack.auth.issue(CredentialKind.API_KEY, KEY, scopes=("*:read",))
    token = f"Bearer {stack.auth.issuer.token(owner)}"

    by_key, by_token = await times(2, stack, X_API_Key=KEY), await times(2, stack, Authorization=token)

    assert (by_key, by_token) == ([200, 200], [200, 429])


async def test_a_tenant_shares_its_quota(start_stack: StartStack) -> None:
    stack = await start_stack(rate_limits="tenant-minute=3")

    answers = [await ask(stack, **stack.bearer()) for _ in range(4)]

    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    assert structured(answers[-1].headers["RateLimit"]).keys() == {"tenant-minute"}


async def test_a_tier_widens_the_quota(start_stack: StartStack) -> None:
    stack = await start_stack(rate_limits="user-minute=2")
    stack.auth.issue(CredentialKind.API_KEY, KEY, scopes=("*:read",), tier=Tier.PRO)

    assert await times(7, stack, X_API_Key=KEY) == [200] * 6 + [429]


async def test_the_scale_multiplies(start_stack: StartStack) -> None:
    stack = await start_stack(rate_limits="user-minute=2", rate_limit_scale=2)

    assert await times(5, stack, **stack.bearer()) == [200] * 4 + [429]


async def test_messages_have_a_limit_of_their_own(start_stack: StartStack) -> None:
    stack = await start_stack(rate_limits="messages-minute=2")
    token, messages = stack.bearer(), "/api/v1/conversations/1/messages"

    written = await times(3, stack, messages, method="POST", **token)
    read = await times(3, stack, messages, **token)
    begun = await times(3, stack, "/api/v1/conversations", method="POST", **token)

    assert (written, read, begun) == ([200, 200, 429], [200] * 3, [200] * 3)


@pytest.mark.parametrize("uses_redis", [False, True])
async def test_unchanged_answers_do_not_count(start_stack: StartStack, redis_url: str, uses_redis: bool) -> None:
    shared = {"redis_url": redis_url} if uses_redis else {}
    stack = await start_stack(rate_limits="user-minute=2,tenant-minute=2", trusted_proxy_hops=1, **shared)
    token, address = stack.bearer(), new_network()
    stack.project.answer = answer_bytes(b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n")

    async def answers(status: int) -> bool:
        return (await ask(stack, address=address, **token)).status == status

    for _ in range(6):
        await eventually(lambda: answers(304))  # Redis hears a moment later that the one before does not count
    stack.project.answer = answer_bytes(OK)
    await eventually(lambda: answers(200))

    assert await times(2, stack, address=address, **token) == [200, 429]


async def test_strangers_are_counted_by_address_before_a_service_hears_of_them(start_stack: StartStack) -> None:
    stack = await start_stack(rate_limits="address-minute=3", trusted_proxy_hops=1)

    here = await times(5, stack, "/api/v1/auth/login", method="POST", address=HERE)
    elsewhere = await times(1, stack, "/api/v1/auth/login", method="POST", address=ELSEWHERE)

    assert (here, elsewhere) == ([200, 200, 200, 429, 429], [200])
    assert len(stack.auth.requests) == 4


@pytest.mark.parametrize(
    "credential", [{}, {"Authorization": "Bearer a.b.c"}, {"X_API_Key": KEY}, {"Authorization": "Basic eA=="}]
)
async def test_guessing_is_slowed_down(start_stack: StartStack, credential: dict[str, str]) -> None:
    stack = await start_stack(rate_limits="address-minute=3")

    guesses = await times(5, stack, **credential)

    assert guesses == [401, 401, 401, 429, 429]
    assert len(stack.auth.introspections) <= 3


async def test_good_credentials_do_not_use_up_what_guesses_may(start_stack: StartStack) -> None:
    stack = await start_stack(rate_limits="address-minute=2")

    answers = [await ask(stack, **stack.bearer()) for _ in range(5)]

    assert statuses(answers) == {200: 5}


async def test_whoever_is_known_comes_in_from_an_address_that_guesses(start_stack: StartStack) -> None:
    stack = await start_stack(rate_limits="address-minute=2")
    token = stack.bearer()
    await ask(stack, **token)
    assert await times(3, stack, Authorization="Bearer a.b.c") == [401, 401, 429]

    assert (await ask(stack, **token)).status == 200


async def test_a_question_to_auth_service_that_fails_is_no_guess(start_stack: StartStack) -> None:
    stack = await start_stack(rate_limits="address-minute=2")
    stack.auth.drop_connections()
    stack.auth._introspect = _hang_up  # type: ignore[method-assign]

    assert await times(4, stack, X_API_Key=KEY) == [503] * 4


async def _hang_up(_request: object, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def test_live_connections_are_counted_by_address(start_stack: StartStack) -> None:
    stack = await start_stack(rate_limits="live-minute=2", trusted_proxy_hops=1)

    opened = await times(3, stack, "/ws", address=HERE)
    polled = await times(3, stack, "/ws/?EIO=4&transport=polling&sid=abc", address=HERE)
    elsewhere = await times(1, stack, "/ws", address=ELSEWHERE)

    assert (opened, polled, elsewhere) == ([200, 200, 429], [200] * 3, [200])


async def test_a_made_up_chain_of_proxies_is_no_way_around(start_stack: StartStack) -> None:
    bare = await start_stack(rate_limits="address-minute=2")
    behind_one = await start_stack(rate_limits="address-minute=2", trusted_proxy_hops=1)

    unannounced = [
        (await ask(bare, "/api/v1/auth/login", method="POST", address=f"203.0.113.{number}")).status
        for number in range(3)
    ]
    invented = [
        (await ask(behind_one, "/api/v1/auth/login", method="POST", address=f"203.0.113.{number}, {HERE}")).status
        for number in range(3)
    ]

    assert unannounced == invented == [200, 200, 429]


async def test_a_whole_ipv6_network_is_one_address(start_stack: StartStack) -> None:
    stack = await start_stack(rate_limits="address-minute=2", trusted_proxy_hops=1)

    async def log_in(address: str) -> int:
        return (await ask(stack, "/api/v1/auth/login", method="POST", address=address)).status

    same = [await log_in(f"2001:db8:1:2:{number:x}::{number:x}") for number in range(1, 4)]
    other = await log_in("2001:db8:1:3::1")
    mapped = [await log_in(address) for address in (HERE, f"::ffff:{HERE}", HERE)]

    assert (same, other, mapped) == ([200, 200, 429], 200, [200, 200, 429])


async def test_probes_are_always_answered_and_say_nothing_of_limits(start_stack: StartStack) -> None:
    stack = await start_stack(rate_limits="address-minute=1")

    answers = [await ask(stack, "/health/live") for _ in range(5)]

    assert statuses(answers) == {200: 5}
    assert not any("RateLimit" in answer.headers for answer in answers)


async def test_refusals_are_counted_for_operators_by_limit_and_name_nobody(start_stack: StartStack) -> None:
    stack = await start_stack(rate_limits="user-minute=1")
    await times(3, stack, **stack.bearer())

    metrics = (await ask(stack, "/metrics")).body.decode()

    assert 'tessera_rate_limited_total{limit="user-minute"} 2.0' in metrics
    assert "tessera_rate_limit_breaker_open 0.0" in metrics
