"""A keyed request happens once, and its answer is stored with what it did or not at all."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sample_service.notes import add_note, titles

from shared.db.databases import Database
from shared.db.portions import Portion
from shared.errors import IdempotencyInProgress, IdempotencyMismatch
from shared.idempotency import IdempotencyScope, ReplayAnswer, StoredAnswer, current_scope
from shared.ids import new_id
from shared.messaging.retention import KEYS

TENANT, USER = new_id(), new_id()


async def test_fifty_uses_of_one_key_execute_once(database: Database) -> None:
    outcomes = await asyncio.gather(*(_request(database, "k") for _ in range(50)), return_exceptions=True)

    executed = [outcome for outcome in outcomes if outcome == "executed"]
    others = [outcome for outcome in outcomes if outcome != "executed"]
    assert len(executed) == 1
    assert {type(outcome) for outcome in others} <= {IdempotencyInProgress, ReplayAnswer}
    async with database.unit_of_work(TENANT) as work:
        assert len(await titles(work)) == 1


async def test_a_repeat_gets_the_first_answer(database: Database) -> None:
    await _request(database, "k", body=b"\x00first")

    with pytest.raises(ReplayAnswer) as caught:
        await _request(database, "k", body=b"second")

    assert caught.value.answer == StoredAnswer(201, {"Location": "/notes/1"}, b"\x00first")


async def test_another_request_under_the_same_key_is_refused(database: Database) -> None:
    await _request(database, "k")

    with pytest.raises(IdempotencyMismatch):
        await _request(database, "k", fingerprint=b"other")


async def test_keys_of_tenants_and_users_are_apart(database: Database) -> None:
    await _request(database, "k")

    assert await _request(database, "k", tenant=new_id()) == "executed"
    assert await _request(database, "k", user=new_id()) == "executed"


async def test_a_failed_request_can_be_sent_again(database: Database) -> None:
    def fail() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await _request(database, "k", before_answer=fail)

    assert await _request(database, "k") == "executed"


async def test_a_failed_attempt_frees_its_scope_for_the_next(database: Database) -> None:
    scope = _scope("k")
    with _in(scope), pytest.raises(LookupError):
        async with database.unit_of_work(TENANT):
            raise LookupError

    with _in(scope):
        async with database.unit_of_work(TENANT) as work:
            work.answer("done")

    with pytest.raises(ReplayAnswer):
        await _request(database, "k")


async def test_only_the_first_unit_of_work_takes_the_key(database: Database) -> None:
    with _in(_scope("k")):
        async with database.unit_of_work(TENANT) as work:
            work.answer("done")
        async with database.unit_of_work(TENANT) as work:
            await add_note(work, "after")

    async with database.unit_of_work(TENANT) as work:
        assert await titles(work) == ["after"]


async def test_a_keyed_use_case_without_an_answer_is_a_mistake(database: Database) -> None:
    with _in(_scope("k")), pytest.raises(RuntimeError, match=r"work\.answer"):
        async with database.unit_of_work(TENANT) as work:
            await add_note(work, "unanswered")

    async with database.unit_of_work(TENANT) as work:
        assert await titles(work) == []


async def test_system_work_can_be_keyed(database: Database) -> None:
    with _in(_scope("k")):
        async with database.system_work() as work:
            work.answer("done")

    with _in(_scope("k")), pytest.raises(ReplayAnswer):
        async with database.system_work():
            pytest.fail("executed twice")


async def test_an_answer_is_forgotten_after_its_time(database: Database) -> None:
    await _request(database, "old")
    await _request(database, "pruned")
    async with database.system_work() as work:
        await work.execute("update idempotency_keys set created_at = created_at - interval '25 hours'")

    assert await _request(database, "old", fingerprint=b"other") == "executed"
    async with database.system_work() as work:
        assert await KEYS.begin()(work, datetime.now(UTC)) == Portion(1, is_last=True)


class _in:  # noqa: N801 - reads as a preposition
    def __init__(self, scope: IdempotencyScope) -> None:
        self._scope = scope

    def __enter__(self) -> None:
        self._token = current_scope.set(self._scope)

    def __exit__(self, *_: object) -> None:
        current_scope.reset(self._token)


def _scope(key: str, *, user=USER, fingerprint=b"same", body=b"body") -> IdempotencyScope:  # type: ignore[no-untyped-def]
    return IdempotencyScope(user, key, fingerprint, lambda _: StoredAnswer(201, {"Location": "/notes/1"}, body))


async def _request(  # type: ignore[no-untyped-def]
    database: Database, key: str, *, tenant=TENANT, before_answer: Callable[[], None] = lambda: None, **scope
) -> str:
    with _in(_scope(key, **scope)):
        async with database.unit_of_work(tenant) as work:
            await add_note(work)
            await asyncio.sleep(0.005)
            before_answer()
            return work.answer("executed")
