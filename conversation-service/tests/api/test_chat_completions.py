"""Stateless completions in OpenAI's shapes, read by OpenAI's own client."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import openai
import pytest
from conversation_builders import person
from conversation_client import ConversationClient
from nodes import Node
from openai import AsyncOpenAI

from shared.db.databases import Database
from shared.identity import HEADER, mint_identity
from shared.principal import Principal
from shared.testing.callers import GLOBEX, INTERNAL_SECRET
from shared.testing.llm_server import LlmServer

PATH = "/api/v1/chat/completions"
ANSWER = "wörd1 wörd2 wörd3 wörd4 wörd5 "
HELLO: list[Any] = [{"role": "user", "content": "Hello"}]
STORING = ("conversations", "messages", "runs", "run_chunks", "outbox", "idempotency_keys", "chat_messages")


@pytest.fixture
def ada() -> Principal:
    return person()


@pytest.fixture
async def client(node: Node) -> ConversationClient:
    return await node()


@pytest.fixture
async def library(client: ConversationClient, ada: Principal) -> AsyncIterator[AsyncOpenAI]:
    identity = {HEADER: mint_identity(ada, client.service, INTERNAL_SECRET, datetime.now(UTC))}
    base_url = f"{client.base_url}/api/v1"
    async with AsyncOpenAI(base_url=base_url, api_key="x", max_retries=0, default_headers=identity) as library:
        yield library


async def test_the_stock_client_reads_a_whole_answer(library: AsyncOpenAI, llm: LlmServer) -> None:
    answer = await library.chat.completions.create(
        model="steady:5:0",
        messages=[
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}]},
        ],
        temperature=0.5,
        top_p=0.9,
        frequency_penalty=0.1,
        presence_penalty=-0.1,
        seed=7,
        stop="END",
        max_completion_tokens=50,
        n=1,
        user="somebody",
    )

    assert (answer.object, answer.model, answer.id[:9]) == ("chat.completion", "told", "chatcmpl-")
    [choice] = answer.choices
    assert (choice.index, choice.message.role, choice.message.content) == (0, "assistant", ANSWER)
    assert (choice.finish_reason, choice.logprobs, choice.message.refusal) == ("stop", None, None)
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (11, 7, 18)
    [asked] = llm.requests
    assert asked == {
        "model": "steady:5:0",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}],
        "temperature": 0.5,
        "top_p": 0.9,
        "frequency_penalty": 0.1,
        "presence_penalty": -0.1,
        "seed": 7,
        "stop": ["END"],
        "max_tokens": 50,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


async def test_an_answer_can_be_sent_back_as_it_came(library: AsyncOpenAI, llm: LlmServer) -> None:
    first = await library.chat.completions.create(model="steady:5:0", messages=HELLO)
    history: list[Any] = [*HELLO, first.choices[0].message, {"role": "user", "content": "And?"}]

    await library.chat.completions.create(model="steady:5:0", messages=history)

    assert [message["content"] for message in llm.requests[1]["messages"]] == ["Hello", ANSWER, "And?"]


@pytest.mark.parametrize("include_usage", [True, False])
async def test_the_stock_client_reads_a_stream(library: AsyncOpenAI, include_usage: bool) -> None:
    stream = await library.chat.completions.create(
        model="steady:5:0", messages=HELLO, stream=True, stream_options={"include_usage": include_usage}
    )

    chunks = [chunk async for chunk in stream]

    pieces = [chunk.choices[0] for chunk in chunks if chunk.choices]
    assert "".join(piece.delta.content or "" for piece in pieces) == ANSWER
    assert pieces[0].delta.role == "assistant"
    assert [piece.finish_reason for piece in pieces] == [None] * 6 + ["stop"]
    assert {(chunk.object, chunk.id) for chunk in chunks} == {("chat.completion.chunk", chunks[0].id)}
    usage = chunks[-1].usage
    assert (usage.total_tokens if usage else None) == (18 if include_usage else None)
    assert len(chunks) - len(pieces) == include_usage


async def test_a_stream_is_made_of_events_and_ends_with_done(client: ConversationClient, ada: Principal) -> None:
    answer = await client.send("POST", PATH, {"messages": HELLO, "stream": True}, who=ada)

    assert answer.headers["cache-control"] == "no-cache, no-transform"
    assert answer.headers["content-type"].startswith("text/event-stream")
    *events, done, rest = answer.body.split(b"\n\n")
    assert (done, rest) == (b"data: [DONE]", b"")
    assert all("usage" not in msgspec.json.decode(event.removeprefix(b"data: ")) for event in events)


async def test_nothing_is_stored_but_the_cost(client: ConversationClient, database: Database, ada: Principal) -> None:
    key = {"Idempotency-Key": "once"}
    for stream in (False, True):
        answer = await client.send("POST", PATH, {"messages": HELLO, "stream": stream}, who=ada, headers=key)
        assert (answer.status, "idempotent-replayed" in answer.headers) == (200, False)

    for table in STORING:
        assert await database.system_rows(f"select * from {table}") == [], table
    [day] = (await client.send("GET", "/api/v1/usage", who=ada)).items
    assert (day["answers"], day["total_tokens"], day["model"]) == (2, 36, "told")
    colleague = (await client.send("GET", "/api/v1/usage", who=person())).items
    stranger = (await client.send("GET", "/api/v1/usage", who=person(tenant_id=GLOBEX))).items
    assert (colleague, stranger) == ([], [])


async def test_a_whole_answer_is_not_cached(client: ConversationClient, ada: Principal) -> None:
    assert (await client.send("POST", PATH, {"messages": HELLO}, who=ada)).headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("model", "status", "code"),
    [
        ("failing", 502, "LLM_PROVIDER_ERROR"),
        ("rate-limited", 503, "LLM_RATE_LIMITED"),
        ("refusing", 422, "LLM_REQUEST_REFUSED"),
        ("unknown", 422, "LLM_MODEL_NOT_FOUND"),
        ("misshapen", 502, "LLM_PROVIDER_ERROR"),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
async def test_a_fault_before_the_first_word_is_an_error_as_everywhere(
    client: ConversationClient, ada: Principal, model: str, status: int, code: str, stream: bool
) -> None:
    answer = await client.send("POST", PATH, {"messages": HELLO, "model": model, "stream": stream}, who=ada)

    assert (answer.status, answer.code) == (status, code)
    assert b"canary" not in answer.body


async def test_a_fault_in_the_middle_ends_the_stream_as_the_stock_client_expects(library: AsyncOpenAI) -> None:
    stream = await library.chat.completions.create(model="broken", messages=HELLO, stream=True)
    first, second = await anext(stream), await anext(stream)

    with pytest.raises(openai.APIError, match="failed to answer properly"):
        await anext(stream)

    assert (first.choices[0].delta.role, second.choices[0].delta.content) == ("assistant", "so far ")


async def test_a_silent_provider_times_out(node: Node, ada: Principal) -> None:
    client = await node(llm_idle_seconds=0.3)

    for model in ("hanging", "stuck"):
        answer = await client.send("POST", PATH, {"messages": HELLO, "model": model}, who=ada)
        assert (answer.status, answer.code) == (504, "LLM_TIMEOUT")


@pytest.mark.parametrize(
    ("more", "field", "code"),
    [
        ({"messages": []}, "messages", "too_short"),
        ({"messages": HELLO * 1001}, "messages", "too_long"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.role", "invalid_choice"),
        ({"messages": [{"role": "user", "content": "x" * 200_001}]}, "messages.0.content", "too_long"),
        ({"n": 2}, "n", "invalid_choice"),
        ({"tools": []}, "tools", "unknown"),
        ({"temperature": 3}, "temperature", "out_of_range"),
        ({"max_tokens": 0}, "max_tokens", "out_of_range"),
        ({"stop": ["a"] * 5}, "stop", "too_long"),
        ({"model": "made-up"}, "model", "unknown_model"),
    ],
)
async def test_what_is_not_understood_is_refused(
    client: ConversationClient, ada: Principal, llm: LlmServer, more: dict[str, Any], field: str, code: str
) -> None:
    answer = await client.send("POST", PATH, {"messages": HELLO, **more}, who=ada)

    assert (answer.status, answer.wrong_fields) == (422, {field: code})
    assert llm.requests == []


async def test_a_question_longer_than_the_model_reads_is_refused(node: Node, ada: Principal, llm: LlmServer) -> None:
    client = await node(llm_context_tokens=512)

    answer = await client.send("POST", PATH, {"messages": [{"role": "user", "content": "x" * 2000}]}, who=ada)

    assert (answer.status, answer.code) == (422, "LLM_CONTEXT_TOO_LONG")
    assert llm.requests == []


async def test_an_answer_has_a_longest_time(node: Node, ada: Principal, database: Database) -> None:
    client = await node(llm_total_seconds=0.5)

    answer = await client.send("POST", PATH, {"messages": HELLO, "model": "hanging"}, who=ada)

    assert answer.code == "LLM_TIMEOUT"
    assert await database.system_rows("select from answer_leases") == []
