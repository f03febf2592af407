"""`GET /audit-logs`: a tenant's owner and admins read what was done in it, and nobody else does."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from audit_records import a_record, count_entries, keep_plain, tell
from auth_builders import Member
from auth_client import AuthClient
from auth_fakes import SettableClock
from mail_server import MailServer
from members import colleague

from auth_service.audit.keeping import forget_person
from shared.audit import PLANNING
from shared.db.databases import Database
from shared.events.gateway import AuditAggregate, AuditRecord, Outcome
from shared.events.questions import GiftRecipient, GiftRecipientAnswer
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Responder
from shared.principal import Role
from shared.testing.eventually import eventually

LOGS = "/api/v1/audit-logs"
DAY = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
async def ada(auth: AuthClient) -> Member:
    return await auth.register()


async def kept(database: Database, bus: MemoryBus, *records: AuditRecord) -> None:
    before = await count_entries(database)
    await tell(bus, *records)

    async def are_there() -> bool:
        return await count_entries(database) == before + len(records)

    await eventually(are_there, within=5)


async def ids(auth: AuthClient, who: Member, query: str = "") -> list[str]:
    answer = await auth.send("GET", f"{LOGS}?{query}", who=who.principal)
    assert answer.status == 200, answer
    return [item["id"] for item in answer.json["items"]]


async def test_a_process_with_a_wrong_clock_puts_no_chain_into_the_future(
    auth: AuthClient, ada: Member, database: Database, bus: MemoryBus, clock: SettableClock
):
    clock.advance(days=4000)

    await kept(database, bus, a_record(ada.tenant_id))

    assert await database.system_rows("select from audit_logs where recorded_at > now() + interval '1 day'") == []


async def test_a_record_is_shown_as_it_was_told(auth: AuthClient, ada: Member, database: Database, bus: MemoryBus):
    record = a_record(ada.tenant_id, user_id=ada.principal.user_id, created_at=DAY)
    await kept(database, bus, record)

    answer = await auth.send("GET", LOGS, who=ada.principal)

    assert answer.json["total"] == 1
    assert answer.json["items"] == [
        {
            "id": str(record.id),
            "tenant_id": str(ada.tenant_id),
            "user_id": str(ada.principal.user_id),
            "session_id": str(record.session_id),
            "api_key_id": None,
            "action": "task.update",
            "endpoint": "/api/v1/projects/1/tasks/2",
            "method": "PATCH",
            "status_code": 200,
            "outcome": "success",
            "ip": "203.0.113.7",
            "user_agent": "a browser",
            "request_body": {"b": 1.5, "a": [None, "x"]},
            "request_bytes": 25,
            "response_ms": 1.234,
            "trace_id": record.trace_id,
            "created_at": "2026-11-01T00:00:00Z",
            "aggregate": None,
            "erased": False,
        }
    ]


async def test_pages_and_cursors_go_from_the_newest_to_the_oldest(
    auth: AuthClient, ada: Member, database: Database, bus: MemoryBus
) -> None:
    records = [a_record(ada.tenant_id, created_at=DAY + timedelta(seconds=number // 2)) for number in range(7)]
    await kept(database, bus, *records)
    newest_first = [str(record.id) for record in sorted(records, key=lambda r: (r.created_at, r.id), reverse=True)]

    seen, cursor = [], ""
    while cursor is not None:
        answer = await auth.send("GET", f"{LOGS}?page_size=3{cursor}", who=ada.principal)
        seen += [item["id"] for item in answer.json["items"]]
        cursor = answer.json["next_cursor"] and f"&cursor={answer.json['next_cursor']}"

    assert seen == newest_first
    assert await ids(auth, ada, "page=2&page_size=3") == newest_first[3:6]


async def test_filters_narrow_the_list(auth: AuthClient, ada: Member, database: Database, bus: MemoryBus) -> None:
    actor = uuid4()
    updated = a_record(ada.tenant_id, created_at=DAY)
    listed = a_record(ada.tenant_id, action="task.list", created_at=DAY + timedelta(hours=1), user_id=actor)
    denied = a_record(ada.tenant_id, action="task_label.list", outcome=Outcome.DENIED, created_at=DAY)
    await kept(database, bus, updated, listed, denied)

    found = {
        query: await ids(auth, ada, query)
        for query in (
            "action=task.update",
            "action=task.",
            f"actor_id={actor}",
            "outcome=denied",
            "from=2026-11-01T00:00:01Z",
            "to=2026-11-01T01:00:00Z&action=task.",
            "action=task.none",
            f"trace_id={denied.trace_id}",
        )
    }

    assert list(found.values()) == [
        [str(updated.id)],
        [str(listed.id), str(updated.id)],
        [str(listed.id)],
        [str(denied.id)],
        [str(listed.id)],
        [str(updated.id)],
        [],
        [str(denied.id)],
    ]


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("actor_id=nobody", "query.actor_id"),
        ("action=task", "query.action"),
        ("action=%00.", "query.action"),
        ("outcome=fine", "query.outcome"),
        ("trace_id=x", "query.trace_id"),
        ("format=csv&cursor=0000", "query.cursor"),
        ("format=xml", "query.format"),
        ("from=yesterday", "query.from"),
        ("to=2026-11-01T00:00:00", "query.to"),
        ("cursor=WyIyMDI2LTExLTAxVDAwOjAwOjAwIiwieCJd", "query.cursor"),
        ("sort=action", "query.sort"),
    ],
)
async def test_what_cannot_be_asked_is_refused(auth: AuthClient, ada: Member, query: str, path: str) -> None:
    answer = await auth.send("GET", f"{LOGS}?{query}", who=ada.principal)

    assert (answer.status, list(answer.wrong_fields)) == (422, [path])


async def test_owners_and_admins_read_their_own_tenants_log_and_nobody_else_does(
    auth_with_mail: AuthClient, mail: MailServer, database: Database, bus: MemoryBus
) -> None:
    auth = auth_with_mail
    owner, stranger = await auth.register(), await auth.register()
    people: dict[str, Member] = {
        role: await colleague(auth, mail, owner, role) for role in ("admin", "manager", "developer", "viewer")
    }
    record = a_record(owner.tenant_id)
    await kept(database, bus, record, a_record(stranger.tenant_id), a_record(None))

    answers: dict[str, Any] = {
        role: await auth.send("GET", LOGS, who=member.principal) for role, member in people.items()
    }

    assert {role: answer.status for role, answer in answers.items()} == {
        "admin": 200,
        "manager": 403,
        "developer": 403,
        "viewer": 403,
    }
    assert [item["id"] for item in answers["admin"].json["items"]] == [str(record.id)]
    assert await ids(auth, owner) == [str(record.id)]
    assert str(record.id) not in await ids(auth, stranger, f"actor_id={record.user_id}")
    assert (await auth.send("GET", LOGS)).status == 401


@pytest.mark.parametrize("is_recipient", [True, False, None])
async def test_for_whom_gifts_are_planned_is_not_shown_what_others_do_in_that(
    auth: AuthClient, ada: Member, database: Database, bus: MemoryBus, is_recipient: bool | None
) -> None:
    """None: nobody can say."""
    paths = [f"/api/v1/{place}{rest}" for place in PLANNING for rest in ("", "/1/status")]
    others = [a_record(ada.tenant_id, endpoint=path) for path in paths]
    nobodys = a_record(ada.tenant_id, endpoint="/api/v1/gifts", user_id=None)
    own = a_record(ada.tenant_id, endpoint="/api/v1/gifts", user_id=ada.principal.user_id)
    elsewhere = a_record(ada.tenant_id, endpoint="/api/v1/projects/1/comments")
    await kept(database, bus, *others, nobodys, own, elsewhere)
    if is_recipient is not None:
        await answer_for_gifts(bus, is_recipient=is_recipient)

    page = (await auth.send("GET", f"{LOGS}?page_size=100", who=ada.principal)).json

    shown = [own, elsewhere] if is_recipient is not False else [*others, nobodys, own, elsewhere]
    assert {item["id"] for item in page["items"]} == {str(record.id) for record in shown}
    assert page["total"] == len(shown)


async def test_many_requests_in_one_record_are_shown_with_their_numbers(
    auth: AuthClient, ada: Member, database: Database, bus: MemoryBus
) -> None:
    aggregate = AuditAggregate(
        count=7, first=DAY, last=DAY, endpoints=("GET /api/v1/projects",), other_endpoints=1, statuses={"429": 7}
    )
    await kept(database, bus, a_record(ada.tenant_id, action="request.aggregate", aggregate=aggregate))

    answer = await auth.send("GET", LOGS, who=ada.principal)

    assert answer.json["items"][0]["aggregate"] == {
        "count": 7,
        "first": "2026-11-01T00:00:00Z",
        "last": "2026-11-01T00:00:00Z",
        "endpoints": ["GET /api/v1/projects"],
        "other_endpoints": 1,
        "statuses": {"429": 7},
    }


async def test_of_an_erased_person_the_record_stays_and_nothing_personal_in_it(
    auth: AuthClient, ada: Member, database: Database, bus: MemoryBus
) -> None:
    ben = uuid4()
    await keep_plain(database, ada.tenant_id, a_record(ada.tenant_id, user_id=ben))
    await kept(database, bus, a_record(ada.tenant_id, user_id=ben), a_record(ada.tenant_id, user_id=uuid4()))
    shown = (await auth.send("GET", LOGS, who=ada.principal)).json["items"]
    assert [(item["ip"], item["erased"]) for item in shown] == [("203.0.113.7", False)] * 3

    async with database.system_work() as work:
        await forget_person(work, ben, DAY)

    shown = (await auth.send("GET", f"{LOGS}?actor_id={ben}", who=ada.principal)).json["items"]
    personal = [(item["ip"], item["user_agent"], item["request_body"]) for item in shown]
    assert personal == [(None, None, None)] * 2
    assert [(item["action"], item["erased"]) for item in shown] == [("task.update", True)] * 2
    others = (await auth.send("GET", LOGS, who=ada.principal)).json["items"]
    assert [item["user_agent"] for item in others if not item["erased"]] == ["a browser"]


async def test_the_log_is_downloaded_as_csv_that_no_spreadsheet_computes(
    auth: AuthClient, ada: Member, database: Database, bus: MemoryBus
) -> None:
    formula = a_record(ada.tenant_id, user_agent='=1+1,"x"', created_at=DAY)
    await kept(database, bus, formula, a_record(ada.tenant_id, action="task.list"))

    answer = await auth.send("GET", f"{LOGS}?format=csv&action=task.update", who=ada.principal)

    assert answer.status == 200
    headers = {name.lower(): value for name, value in answer.headers.items()}
    assert headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="tessera-audit-log.csv"' in headers["content-disposition"]
    assert answer.body.startswith(b"\xef\xbb\xbf")
    assert answer.body.count(b"\r\n") == 2
    [row] = csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig")))
    assert row["user_agent"] == '\'=1+1,"x"'
    assert row["created_at"] == "2026-11-01T00:00:00.000000Z"
    assert (row["id"], row["request_body"], row["api_key_id"]) == (str(formula.id), '{"b":1.50,"a":[null,"x"]}', "")


@pytest.mark.parametrize("number", [0, 5])
async def test_the_log_is_downloaded_as_json_exactly_as_it_is_listed(
    auth: AuthClient,
    ada: Member,
    database: Database,
    bus: MemoryBus,
    number: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("auth_service.audit.service.PORTION", 2)
    if number:
        await kept(database, bus, *(a_record(ada.tenant_id, user_agent="=1+1") for _ in range(number)))

    answer = await auth.send("GET", f"{LOGS}?format=json", who=ada.principal)

    assert answer.json == (await auth.send("GET", LOGS, who=ada.principal)).json["items"]
    assert len(answer.json) == number


async def test_a_download_has_the_bounds_and_the_walls_of_the_list(
    auth: AuthClient, ada: Member, database: Database, bus: MemoryBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = await auth.register()
    own = a_record(ada.tenant_id)
    await kept(database, bus, own, a_record(stranger.tenant_id), a_record(None))
    developer = msgspec.structs.replace(ada.principal, role=Role.DEVELOPER)

    mine = await auth.send("GET", f"{LOGS}?format=json", who=ada.principal)
    refused = await auth.send("GET", f"{LOGS}?format=csv", who=developer)
    monkeypatch.setattr("auth_service.audit.service.EXPORTED", 0)
    too_many = await auth.send("GET", f"{LOGS}?format=json", who=ada.principal)

    assert [item["id"] for item in mine.json] == [str(own.id)]
    assert refused.status == 403
    assert (too_many.status, too_many.code) == (409, "LIMIT_REACHED")


async def answer_for_gifts(bus: MemoryBus, *, is_recipient: bool) -> None:
    async def recipient(_question: GiftRecipient) -> GiftRecipientAnswer:
        return GiftRecipientAnswer(is_recipient)

    responder = Responder(bus, "project")
    responder.on(GiftRecipient, recipient)
    await responder.start()
