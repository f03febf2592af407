"""Completions over HTTP, against a language model's server on a real socket."""

import asyncio
import random
import time
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any

import pytest
from aiohttp import ClientResponse
from conversation_builders import conversation_settings, person
from conversation_client import ConversationClient, messages_of, path_of
from nodes import Node, begun, ended
from sse import frames_in, text_of

from conversation_service.app import create_app
from conversation_service.runs.live import MAX_READERS
from shared.db.databases import Database
from shared.messaging.memory import MemoryBus
from shared.principal import Principal
from shared.testing.eventually import eventually
from shared.testing.llm_server import LlmServer
from shared.testing.run_stream import read_with_cuts
from shared.testing.service_client import session_with


@pytest.fixture
def ada() -> Principal:
    return person()


@pytest.fixture
async def client(node: Node) -> ConversationClient:
    return await node()


async def listed(client: ConversationClient, who: Principal, conversation: dict[str, Any]) -> list[dict[str, Any]]:
    return (await client.send("GET", messages_of(conversation), who=who)).items


async def test_question_and_answer_are_kept_with_what_they_cost(
    client: ConversationClient, llm: LlmServer, ada: Principal
) -> None:
    conversation = await client.begin(ada)

    answer = await client.ask(ada, conversation, "Hello there", temperature=0.5, max_tokens=100)

    assert answer.status == 201
    question, reply = await listed(client, ada, conversation)
    assert reply == answer.data
    assert (question["role"], question["content"], reply["role"], reply["parent_id"]) == (
        "user",
        "Hello there",
        "assistant",
        question["id"],
    )
    assert reply["content"] == "wörd1 wörd2 wörd3 wörd4 wörd5 "
    assert (reply["model"], reply["token_count"], reply["token_count_source"]) == ("told", 7, "provider")
    assert reply["usage"] == {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18, "source": "provider"}
    [asked] = llm.requests
    assert asked["messages"] == [{"role": "user", "content": "Hello there"}]
    assert (asked["temperature"], asked["max_tokens"], asked["stream"]) == (0.5, 100, True)
    run = (await client.send("GET", answer.headers["location"], who=ada)).data
    assert (run["status"], run["message_id"], run["prompt_id"]) == ("completed", reply["id"], question["id"])
    [day] = (await client.send("GET", "/api/v1/usage", who=ada)).items
    assert (day["answers"], day["total_tokens"], day["model"]) == (1, 18, "told")
    told = [event.type for event in await client.events(ada, f"conversation:{conversation['id']}")]
    assert told[1:] == ["conversation.message.added"] * 2


async def test_a_stream_tells_every_word_and_ends(client: ConversationClient, ada: Principal) -> None:
    conversation = await client.begin(ada)

    answer = await client.ask(ada, conversation, stream=True)

    frames = frames_in(answer.body)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert [frame.id for frame in frames] == list(range(8))
    assert [frame.event for frame in frames] == ["start", *["delta"] * 5, "usage", "done"]
    reply = (await listed(client, ada, conversation))[1]
    assert text_of(frames) == reply["content"]
    assert frames[0].data["message_id"] == frames[-1].data["message_id"] == reply["id"]
    assert frames[-2].data["total_tokens"] == 18


async def test_a_stream_is_taken_up_at_any_frame_in_the_same_bytes(client: ConversationClient, ada: Principal) -> None:
    conversation = await client.begin(ada)
    whole = (await client.ask(ada, conversation, stream=True)).body
    run = f"{path_of(conversation)}/runs/{frames_in(whole)[0].data['run_id']}/stream"
    parts = [part + b"\n\n" for part in whole.split(b"\n\n")[:-1]]

    for number in range(len(parts)):
        again = await client.send("GET", run, who=ada, headers={"Last-Event-ID": str(number)})
        assert again.body == b"".join(parts[number + 1 :])
    beyond = await client.send("GET", run, who=ada, headers={"Last-Event-ID": "99"})
    assert beyond.body == parts[-1]
    assert (await client.send("GET", run, who=ada)).body == whole
    assert (await client.send("GET", run, who=ada, headers={"Last-Event-ID": "nonsense"})).body == whole


async def test_a_run_goes_on_without_its_reader_and_is_followed_on_another_node(node: Node, ada: Principal) -> None:
    here, there = await node(llm_model="steady:40:20"), await node()
    conversation = await here.begin(ada)

    run = await begun(here, ada, conversation)
    followed, half = await asyncio.gather(
        there.send("GET", f"{run}/stream", who=ada),
        there.send("GET", f"{run}/stream", who=ada, headers={"Last-Event-ID": "20"}),
    )

    reply = (await listed(there, ada, conversation))[1]
    assert text_of(frames_in(followed.body)) == reply["content"]
    assert followed.body.endswith(half.body)
    assert frames_in(half.body)[0].id == 21


async def test_a_stop_on_any_node_keeps_what_was_written(node: Node, ada: Principal, llm: LlmServer) -> None:
    here, there = await node(llm_model="steady:1000:20"), await node()
    conversation = await here.begin(ada)
    run = await begun(here, ada, conversation)
    started = time.perf_counter()

    stopped = await there.send("POST", f"{run}/stop", who=ada)

    assert stopped.status == 202
    assert (await ended(there, ada, run))["status"] == "stopped"
    assert time.perf_counter() - started < 2
    await eventually(lambda: llm.hung_up == 1, within=2)
    again = await there.send("POST", f"{run}/stop", who=ada)
    assert (again.status, again.data["status"]) == (202, "stopped")
    replies = (await listed(here, ada, conversation))[1:]
    assert {reply["status"] for reply in replies} <= {"stopped"}


@pytest.mark.parametrize(
    ("model", "code", "kept"),
    [
        ("rate-limited", "LLM_RATE_LIMITED", ""),
        ("failing", "LLM_PROVIDER_ERROR", ""),
        ("refusing", "LLM_REQUEST_REFUSED", ""),
        ("unknown", "LLM_MODEL_NOT_FOUND", ""),
        ("misshapen", "LLM_PROVIDER_ERROR", ""),
        ("garbage", "LLM_PROVIDER_ERROR", "so far "),
        ("bottomless", "LLM_PROVIDER_ERROR", "so far "),
        ("miscounting", "LLM_PROVIDER_ERROR", "so far "),
        ("broken", "LLM_PROVIDER_ERROR", "so far "),
        ("ended", "LLM_PROVIDER_ERROR", "so far "),
        ("hanging", "LLM_TIMEOUT", ""),
        ("stuck", "LLM_TIMEOUT", "so far "),
    ],
)
async def test_each_fault_of_a_provider_has_a_code_and_loses_no_question(
    node: Node, ada: Principal, model: str, code: str, kept: str
) -> None:
    client = await (node(llm_idle_seconds=0.5) if code == "LLM_TIMEOUT" else node())
    conversation = await client.begin(ada)

    answer = await client.ask(ada, conversation, "Hello", model=model)
    streamed = await client.send(
        "POST", f"{path_of(conversation)}/completions", {"model": model, "stream": True}, who=ada
    )

    assert answer.code == code
    assert b"canary" not in answer.body + streamed.body
    frames = frames_in(streamed.body)
    assert (frames[-1].event, frames[-1].data["code"], text_of(frames)) == ("error", code, kept)
    question, *replies = await listed(client, ada, conversation)
    assert question["content"] == "Hello"
    assert [(reply["content"], reply["status"], reply["parent_id"]) for reply in replies] == (
        [(kept, "failed", question["id"])] * 2 if kept else []
    )
    retried = await (await node()).ask(ada, conversation, None)
    assert (retried.status, retried.data["parent_id"]) == (201, question["id"])


async def test_text_that_cannot_be_stored_is_cleaned(client: ConversationClient, ada: Principal) -> None:
    answer = await client.ask(ada, await client.begin(ada), model="hostile")

    assert (answer.status, answer.data["content"], answer.data["token_count_source"]) == (201, "ab\u2028c", "estimate")


async def test_a_provider_may_boast(client: ConversationClient, ada: Principal) -> None:
    answer = await client.ask(ada, await client.begin(ada), model="boastful")

    assert (answer.status, answer.data["content"], len(answer.data["model"])) == (201, "Me", 100)
    assert answer.data["usage"]["total_tokens"] == 2**32 - 2
    [day] = (await client.send("GET", "/api/v1/usage", who=ada)).items
    assert day["model"] == answer.data["model"]


async def test_a_conversation_writes_one_answer_at_a_time(node: Node, ada: Principal) -> None:
    client = await node(llm_model="steady:100:20")
    conversation = await client.begin(ada)
    run = await begun(client, ada, conversation)

    second = await client.ask(ada, conversation, "And?")

    assert (second.status, second.code) == (409, "COMPLETION_ALREADY_RUNNING")
    assert run.endswith(second.json["error"]["details"]["run_id"])
    assert len(await listed(client, ada, conversation)) == 1
    assert (await client.send("DELETE", path_of(conversation), who=ada)).status == 204
    await eventually(lambda: _is_idle(client), within=5)


async def _is_idle(client: ConversationClient) -> bool:
    return not await client.database.system_rows("select from runs where status = 'running'")


async def test_a_repeated_request_gets_the_same_answer(
    client: ConversationClient, ada: Principal, llm: LlmServer
) -> None:
    conversation, key = await client.begin(ada), {"Idempotency-Key": "once"}
    path, body = f"{path_of(conversation)}/completions", {"content": "Hello"}

    first = await client.send("POST", path, body, who=ada, headers=key)
    again = await client.send("POST", path, body, who=ada, headers=key)
    other = await client.send("POST", path, {"content": "Bye"}, who=ada, headers=key)

    assert (first.status, first.body, first.headers["location"]) == (201, again.body, again.headers["location"])
    assert again.headers["idempotent-replayed"] == "true"
    assert other.code == "IDEMPOTENCY_MISMATCH"
    assert len(llm.requests) == 1


async def test_the_branch_is_the_context_cut_to_what_the_model_reads(
    node: Node, ada: Principal, llm: LlmServer
) -> None:
    client = await node(llm_context_tokens=512)
    conversation = await client.begin(ada)
    system = await client.say(ada, conversation, "Be brief.", role="system")
    old = await client.say(ada, conversation, "x" * 1400)
    await client.say(ada, conversation, "another branch", parent_id=system["id"])
    near = await client.say(ada, conversation, "near", parent_id=old["id"])

    await client.ask(ada, conversation, "y" * 200, parent_id=near["id"])
    too_long = await client.ask(ada, conversation, "z" * 3000)

    contents = [message["content"] for message in llm.requests[0]["messages"]]
    assert contents == ["Be brief.", "near", "y" * 200]
    assert too_long.code == "LLM_CONTEXT_TOO_LONG"
    assert len(llm.requests) == 1


async def test_another_answer_is_a_sibling(client: ConversationClient, ada: Principal) -> None:
    conversation = await client.begin(ada)
    first = (await client.ask(ada, conversation)).data

    other = (await client.send("POST", f"/api/v1/messages/{first['id']}/regenerate", {}, who=ada)).data
    nothing = await client.ask(ada, conversation, None)

    assert other["parent_id"] == first["parent_id"]
    assert other["id"] != first["id"]
    assert nothing.code == "NOTHING_TO_ANSWER"


async def test_models_are_those_of_the_provider_and_known_while_it_is_away(node: Node, ada: Principal) -> None:
    there, away = await node(), await node(llm_base_url="http://127.0.0.1:9/v1")

    found = (await there.send("GET", "/api/v1/models", who=ada)).items
    fallback = (await away.send("GET", "/api/v1/models", who=ada)).items

    assert (found[0]["id"], found[0]["is_default"]) == ("steady:5:0", True)
    assert "hanging" in {model["id"] for model in found}
    assert [model["id"] for model in fallback] == ["steady:5:0"]


async def test_a_run_whose_node_is_gone_fails_with_what_it_had(node: Node, ada: Principal, database: Database) -> None:
    client = await node(run_lease_seconds=0.2)
    conversation = await client.begin(ada)
    question = await client.say(ada, conversation)
    async with database.unit_of_work(ada.tenant_id) as work:
        await work.execute(
            """
            with begun as (
                insert into runs (id, tenant_id, conversation_id, user_id, prompt_id, message_id, provider, model,
                                  beat_at, created_at)
                values (gen_random_uuid(), $1, $2, $3, $4, gen_random_uuid(), 'openai', 'm', now() - '1h'::interval,
                        now())
                returning id
            )
            insert into run_chunks select id, 1, $1, '{so, " far"}' from begun
            """,
            ada.tenant_id,
            conversation["id"],
            ada.user_id,
            question["id"],
        )

    await eventually(lambda: _is_idle(client), within=5)

    reply = (await listed(client, ada, conversation))[1]
    assert (reply["content"], reply["status"], reply["parent_id"]) == ("so far", "failed", question["id"])
    assert (await client.ask(ada, conversation, None)).data["parent_id"] == question["id"]


async def test_a_stop_of_the_service_lets_answers_finish_or_says_that_they_are_interrupted(
    database: Database, llm: LlmServer, ada: Principal
) -> None:
    settings = conversation_settings(llm_base_url=llm.url, llm_model="steady:1000:20", run_drain_seconds=0.1)
    bus = MemoryBus()
    await bus.start()
    async with session_with(create_app(settings, database=database, bus=bus)) as session:
        client = ConversationClient(session, database)
        conversation = await client.begin(ada)
        run = await begun(client, ada, conversation)
    await bus.close()

    [row] = await database.system_rows("select status, error_code from runs where id = $1", run.rpartition("/")[2])
    assert (row["status"], row["error_code"]) == ("interrupted", "LLM_INTERRUPTED")


@pytest.mark.parametrize(
    "body",
    [{"temperature": 3}, {"max_tokens": 0}, {"content": ""}, {"content": "a\x00"}, {"model": " "}, {"role": "user"}],
)
async def test_what_cannot_be_is_refused(client: ConversationClient, ada: Principal, body: dict[str, Any]) -> None:
    answer = await client.send(
        "POST", f"{path_of(await client.begin(ada))}/completions", {"content": "Hello", **body}, who=ada
    )

    assert (answer.status, answer.code) == (422, "VALIDATION_ERROR")


async def test_readers_that_hang_up_at_random_get_the_same_bytes_from_any_node(node: Node) -> None:
    nodes = [await node(llm_model="steady:30:10"), await node()]
    chance = random.Random(7)

    async def episode() -> int:
        ada = person()
        conversation = await nodes[0].begin(ada)
        run = f"{await begun(nodes[0], ada, conversation)}/stream"

        def open_stream(last_id: str | None) -> AbstractAsyncContextManager[ClientResponse]:
            return chance.choice(nodes).open("GET", run, who=ada, last_event_id=last_id)

        read, cuts = await read_with_cuts(open_stream, chance)
        assert read == (await nodes[1].send("GET", run, who=ada)).body
        return cuts

    cuts = await asyncio.gather(*(episode() for _ in range(20)))

    assert sum(cuts) > 100


async def test_a_run_has_so_many_readers(node: Node, ada: Principal) -> None:
    client = await node(llm_model="steady:1000:20")
    run = await begun(client, ada, await client.begin(ada))
    async with AsyncExitStack() as stack:
        opened = [
            await stack.enter_async_context(client.open("GET", f"{run}/stream", who=ada))
            for _ in range(MAX_READERS + 1)
        ]
        statuses = [answer.status for answer in opened]
        refused = (await client.send("GET", f"{run}/stream", who=ada)).code
    await client.send("POST", f"{run}/stop", who=ada)

    assert statuses[:-2] == [200] * (MAX_READERS - 1)
    assert (statuses[-1], refused) == (409, "LIMIT_REACHED")
    await ended(client, ada, run)
