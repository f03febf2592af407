"""How many answers may be under way, what they may cost in a month, and which models may be asked."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from conversation_builders import person
from conversation_client import ConversationClient, path_of
from nodes import Node, begun, ended

from conversation_service.answers import admission, repository
from conversation_service.answers.admission import AnswerAdmission
from shared.clock import SystemClock
from shared.db.databases import Database
from shared.ids import new_id
from shared.principal import Principal, Tier
from shared.quotas import LIMITS, Quota
from shared.testing.callers import ACME, GLOBEX
from shared.testing.eventually import eventually
from shared.testing.llm_server import LlmServer
from shared.testing.service_client import Answer

OF_USER = LIMITS[Quota.ANSWERS_OF_USER][Tier.FREE]
OF_TENANT = LIMITS[Quota.ANSWERS_OF_TENANT][Tier.FREE]
TOKENS = LIMITS[Quota.AI_TOKENS][Tier.FREE]
SLOW = "steady:1000:20"
STATELESS = "/api/v1/chat/completions"
QUESTION = {"messages": [{"role": "user", "content": "Hello"}]}
SUPPORT = "/api/v1/support/question"
OPEN = {"question": "Does Tessera run on FreeBSD with ZFS snapshots?"}


async def leases(database: Database) -> list[dict[str, Any]]:
    return await database.system_rows("select * from answer_leases")


async def is_idle(database: Database) -> bool:
    return not await leases(database)


async def stop_all(client: ConversationClient, who: Principal, conversations: list[dict[str, Any]]) -> None:
    rows = await client.database.system_rows("select id, conversation_id from runs where status = 'running'")
    mine = {conversation["id"] for conversation in conversations}
    for row in rows:
        if str(row["conversation_id"]) in mine:
            await client.send("POST", f"/api/v1/conversations/{row['conversation_id']}/runs/{row['id']}/stop", who=who)


async def spent(database: Database, used: int) -> None:
    """That is what the tenant has used this month."""
    async with database.unit_of_work(ACME) as work:
        await work.execute(
            """
            insert into answer_allowances (tenant_id, month, used_tokens)
            values ($1, date_trunc('month', now() at time zone 'UTC'), $2)
            on conflict (tenant_id) do update set used_tokens = excluded.used_tokens
            """,
            ACME,
            used,
        )


async def used_tokens(database: Database) -> int:
    [row] = await database.system_rows("select used_tokens from answer_allowances where tenant_id = $1", ACME)
    return int(row["used_tokens"])


def quota_of(answer: Answer) -> str:
    assert (answer.status, answer.code) == (403, "TIER_LIMIT_EXCEEDED"), answer
    quota: str = answer.json["error"]["details"]["quota"]
    return quota


async def test_of_fifty_questions_at_once_a_user_gets_as_many_answers_as_the_quota_says(
    node: Node, database: Database
) -> None:
    nodes, ada = [await node(llm_model=SLOW), await node(llm_model=SLOW)], person()
    conversations = [await nodes[0].begin(ada) for _ in range(25)]

    async def stored(number: int) -> Answer:
        return await nodes[number % 2].ask(ada, conversations[number])

    async def stateless(number: int) -> Answer:
        return await nodes[number % 2].send("POST", STATELESS, QUESTION, who=ada)

    asking = [asyncio.create_task(ask(number)) for number in range(25) for ask in (stored, stateless)]
    done: set[asyncio.Task[Answer]] = set()

    async def others_are_refused() -> bool:
        done.update(task for task in asking if task.done())
        return len(done) >= 50 - OF_USER

    await eventually(others_are_refused, within=20)
    assert {quota_of(task.result()) for task in done} == {"answers_of_user"}
    assert (len(done), len(await leases(database))) == (50 - OF_USER, OF_USER)
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    await stop_all(nodes[0], ada, conversations)
    await eventually(lambda: is_idle(database), within=10)


async def test_a_tenant_has_a_quota_beside_those_of_its_users(node: Node, database: Database) -> None:
    client = await node(llm_model=SLOW)
    people = [person() for _ in range(10)]
    asking = [
        asyncio.create_task(client.send("POST", STATELESS, QUESTION, who=who)) for who in people for _ in range(OF_USER)
    ]

    async def others_are_refused() -> bool:
        return sum(task.done() for task in asking) >= len(asking) - OF_TENANT

    await eventually(others_are_refused, within=20)
    refused = [task.result() for task in asking if task.done()]
    assert {quota_of(answer) for answer in refused} == {"answers_of_tenant"}
    assert len(refused) == len(asking) - OF_TENANT
    elsewhere = await client.send(
        "POST", STATELESS, {**QUESTION, "max_tokens": 1, "model": "steady:3:0"}, who=person(tenant_id=GLOBEX)
    )
    assert elsewhere.status == 200
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    await eventually(lambda: is_idle(database), within=10)


async def test_the_place_of_an_answer_is_free_when_it_ends_fails_or_is_stopped(node: Node, database: Database) -> None:
    client, ada = await node(), person()
    for model in ("steady:3:0", "failing", "broken", "rate-limited"):
        await client.ask(ada, await client.begin(ada), model=model)
        assert await leases(database) == [], model
        await client.send("POST", STATELESS, {**QUESTION, "model": model}, who=ada)
        assert await leases(database) == [], model
    slow = await node(llm_model=SLOW)
    run = await begun(slow, ada, await slow.begin(ada))
    assert len(await leases(database)) == 1
    await slow.send("POST", f"{run}/stop", who=ada)
    assert (await ended(slow, ada, run))["status"] == "stopped"
    assert await leases(database) == []


async def test_a_client_that_hangs_up_frees_its_place_and_ends_the_call(
    node: Node, database: Database, llm: LlmServer
) -> None:
    client, ada = await node(llm_model=SLOW), person()
    for number, stream in enumerate((False, True), start=1):
        asking = asyncio.create_task(client.send("POST", STATELESS, {**QUESTION, "stream": stream}, who=ada))
        await eventually(lambda: _count(database, 1), within=5)
        await eventually(lambda number=number: len(llm.requests) == number, within=5)
        asking.cancel()
        await eventually(lambda: _count(database, 0), within=5)
        await eventually(lambda number=number: llm.hung_up == number, within=5)


async def _count(database: Database, wanted: int) -> bool:
    return len(await leases(database)) == wanted


async def test_a_question_to_support_takes_a_place_and_is_paid_for(node: Node, database: Database) -> None:
    client, ada = await node(llm_model=SLOW), person()
    asking = [asyncio.create_task(client.send("POST", SUPPORT, OPEN, who=ada)) for _ in range(OF_USER)]
    await eventually(lambda: _count(database, OF_USER), within=5)

    assert quota_of(await client.send("POST", SUPPORT, OPEN, who=ada)) == "answers_of_user"

    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    await eventually(lambda: is_idle(database), within=10)
    quick = await node()
    before = await used_tokens(database)
    answered = await quick.send("POST", SUPPORT, OPEN, who=ada)
    assert (answered.status, answered.data["source"]) == (201, "ai")
    assert await used_tokens(database) == before + 18
    await spent(database, TOKENS)
    unanswered = await quick.send("POST", SUPPORT, OPEN, who=ada)
    assert (unanswered.status, unanswered.data["source"]) == (201, "none")


async def test_a_lease_that_nobody_renews_frees_its_place(node: Node, database: Database) -> None:
    client, ada = await node(run_lease_seconds=0.4), person()
    async with database.unit_of_work(ACME) as work:
        for _ in range(OF_USER):
            await work.execute(
                """
                insert into answer_leases (id, tenant_id, user_id, reserved_tokens, expires_at)
                values (gen_random_uuid(), $1, $2, $3, clock_timestamp() + '0.4 s'::interval)
                """,
                *(ACME, ada.user_id, TOKENS // OF_USER),
            )
    assert quota_of(await client.send("POST", STATELESS, QUESTION, who=ada)) == "answers_of_user"

    await eventually(lambda: is_idle(database), within=10)

    assert (await client.send("POST", STATELESS, QUESTION, who=ada)).status == 200


async def test_a_lease_is_renewed_for_as_long_as_the_answer_takes(node: Node, database: Database) -> None:
    client, ada = await node(llm_model="steady:60:20", run_lease_seconds=0.4), person()

    answer = await client.send("POST", STATELESS, QUESTION, who=ada)

    assert (answer.status, answer.json["usage"]["total_tokens"]) == (200, 18)
    assert await used_tokens(database) == 18


async def test_tokens_of_a_month_are_never_promised_twice(node: Node, database: Database) -> None:
    client = await node(llm_model=SLOW)
    people = [person() for _ in range(13)]
    left = 10 * 100
    await spent(database, TOKENS - left)
    question = {"messages": [{"role": "user", "content": "x" * 40}], "max_tokens": 90}
    asking = [
        asyncio.create_task(client.send("POST", STATELESS, question, who=who)) for who in people for _ in range(4)
    ]

    async def others_are_refused() -> bool:
        return sum(task.done() for task in asking) >= len(asking) - 10

    await eventually(others_are_refused, within=20)
    refused = [task.result() for task in asking if task.done()]
    reserved = [lease["reserved_tokens"] for lease in await leases(database)]
    assert (sum(reserved), len(reserved), len(refused)) == (left, 10, len(asking) - 10)
    assert {quota_of(answer) for answer in refused} == {"ai_tokens"}
    first_of_next_month = (datetime.now(UTC).replace(day=1) + timedelta(days=32)).strftime("%Y-%m-01T00:00:00")
    assert refused[0].json["error"]["details"]["resets_at"].startswith(first_of_next_month)
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    await eventually(lambda: is_idle(database), within=10)


async def test_near_its_end_the_month_shortens_answers(node: Node, database: Database, llm: LlmServer) -> None:
    client, ada = await node(), person()
    await spent(database, TOKENS - 102)

    answer = await client.ask(ada, await client.begin(ada), "x" * 8, max_tokens=500)
    rest = await client.ask(ada, await client.begin(ada))

    assert (answer.status, llm.requests[0]["max_tokens"]) == (201, 100)
    assert (rest.status, llm.requests[1]["max_tokens"]) == (201, 102 - 18 - 2)
    assert quota_of(await client.ask(ada, await client.begin(ada), "x" * 80)) == "ai_tokens"
    assert await used_tokens(database) == TOKENS - 102 + 36


async def test_a_new_month_begins_with_nothing(node: Node, database: Database) -> None:
    client, ada = await node(), person()
    await spent(database, TOKENS)
    async with database.unit_of_work(ACME) as work:
        await work.execute("update answer_allowances set month = month - '1 month'::interval")

    assert (await client.ask(ada, await client.begin(ada))).status == 201
    assert await used_tokens(database) == 18


async def test_an_answer_is_paid_for_when_its_conversation_is_deleted_meanwhile(node: Node, database: Database) -> None:
    client, ada = await node(llm_model=SLOW), person()
    conversation = await client.begin(ada)
    await begun(client, ada, conversation)
    await eventually(lambda: _has_written(database), within=5)

    assert (await client.send("DELETE", path_of(conversation), who=ada)).status == 204

    await eventually(lambda: is_idle(database), within=5)
    assert await used_tokens(database) > 0
    [day] = (await client.send("GET", "/api/v1/usage", who=ada)).items
    assert day["total_tokens"] == await used_tokens(database)


async def _has_written(database: Database) -> bool:
    return bool(await database.system_rows("select from run_chunks"))


@pytest.mark.parametrize("where", ["completions", "regenerate", "conversation", "stateless"])
async def test_only_models_of_the_catalogue_are_asked(node: Node, llm: LlmServer, where: str) -> None:
    client, ada = await node(), person()
    conversation = await client.begin(ada, **({"model": "made-up"} if where == "conversation" else {}))
    recorded = await client.say(ada, conversation, "Hi.", role="assistant", model="made-up", parent_id=None)
    question = await client.say(ada, conversation, "Hello", parent_id=recorded["id"])
    path, body = {
        "completions": (f"{path_of(conversation)}/completions", {"model": "made-up"}),
        "regenerate": (f"/api/v1/messages/{question['id']}/regenerate", {"model": "made-up"}),
        "conversation": (f"{path_of(conversation)}/completions", {}),
        "stateless": (STATELESS, {**QUESTION, "model": "made-up"}),
    }[where]

    answer = await client.send("POST", path, body, who=ada)

    assert (answer.status, answer.wrong_fields) == (422, {"model": "unknown_model"})
    assert llm.requests == []
    llm.models.append("made-up")
    fresh = await node()
    assert (await fresh.send("POST", path, {**body, "model": "steady:3:0"}, who=ada)).status in (200, 201)


async def test_a_model_stays_known_while_the_provider_is_away(node: Node) -> None:
    away, ada = await node(llm_base_url="http://127.0.0.1:9/v1"), person()

    default = await away.ask(ada, await away.begin(ada))
    other = await away.ask(ada, await away.begin(ada), model="steady:3:0")

    assert default.code == "LLM_PROVIDER_ERROR"
    assert (other.status, other.wrong_fields) == (422, {"model": "unknown_model"})


PROMPT = {"messages": [{"role": "user", "content": "x" * 4_000}], "model": "hanging"}


@pytest.mark.parametrize("streams", [False, True])
async def test_who_hangs_up_before_the_first_word_pays_for_the_prompt(
    node: Node, database: Database, llm: LlmServer, streams: bool
) -> None:
    client, ada = await node(), person()
    asking = asyncio.create_task(client.send("POST", STATELESS, {**PROMPT, "stream": streams}, who=ada))
    await eventually(lambda: len(llm.requests) == 1, within=5)

    asking.cancel()

    await eventually(lambda: is_idle(database), within=5)
    assert await used_tokens(database) == 1_000
    [day] = (await client.send("GET", "/api/v1/usage", who=ada)).items
    assert (day["prompt_tokens"], day["completion_tokens"]) == (1_000, 0)


async def test_an_answer_stopped_before_its_first_word_costs_its_prompt(
    node: Node, database: Database, llm: LlmServer
) -> None:
    client, ada = await node(), person()
    conversation = await client.begin(ada)
    run = await begun(client, ada, conversation, content="x" * 4_000, model="hanging")
    await eventually(lambda: len(llm.requests) == 1, within=5)

    await client.send("POST", f"{run}/stop", who=ada)

    over = await ended(client, ada, run)
    assert (over["status"], over["usage"]["prompt_tokens"]) == ("stopped", 1_000)
    assert await used_tokens(database) == 1_000


async def test_a_provider_that_takes_too_long_is_paid_for_the_prompt_and_one_that_refuses_is_not(
    node: Node, database: Database
) -> None:
    client, ada = await node(llm_idle_seconds=0.3), person()

    refused = await client.send("POST", STATELESS, {**PROMPT, "model": "rate-limited"}, who=ada)
    assert (refused.code, await used_tokens(database)) == ("LLM_RATE_LIMITED", 0)
    silent = await client.send("POST", STATELESS, PROMPT, who=ada)
    assert (silent.code, await used_tokens(database)) == ("LLM_TIMEOUT", 1_000)


async def test_after_an_outage_other_nodes_are_given_a_lease_to_come_back(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter((1_000.0, 1_009.0, 1_090.0, 1_099.0, 1_100.0))
    monkeypatch.setattr(admission, "monotonic", lambda: next(moments))
    node = AnswerAdmission(database, SystemClock(), lasts=timedelta(seconds=10))
    async with database.unit_of_work(ACME) as work:
        await work.execute(
            """
            insert into answer_leases (id, tenant_id, user_id, reserved_tokens, expires_at)
            values (gen_random_uuid(), $1, $1, 1, clock_timestamp() - '1h'::interval)
            """,
            ACME,
        )

    assert [await node.renew() for _ in range(5)] == [0, 0, 0, 0, 1]


async def test_a_lease_that_is_being_renewed_is_not_waited_for(database: Database) -> None:
    async with database.unit_of_work(ACME) as work:
        await repository.add(work, person(), new_id(), 1, timedelta(hours=-1))

    async with database.unit_of_work(ACME) as renewing:
        await renewing.execute("select from answer_leases for update")
        removed = await asyncio.create_task(_remove_expired(database))

    assert removed == 0
    assert await _remove_expired(database) == 1


async def _remove_expired(database: Database) -> int:
    async with database.system_work() as work:
        return await repository.remove_expired(work)
