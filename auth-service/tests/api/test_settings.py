"""Settings: typed where known, any JSON elsewhere, one's own in each tenant, and live."""

import asyncio
from typing import Any

import msgspec
import pytest
from auth_client import Answer, AuthClient
from auth_fakes import SettableClock

from auth_service.user_settings import domain
from auth_service.user_settings.domain import MAX_SETTINGS, MAX_VALUE_BYTES
from shared.db.databases import Database
from shared.events.envelope import Envelope
from shared.events.questions import TopicPosition, TopicReplay
from shared.events.topics import user_topic
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Requests
from shared.principal import Principal, Role

SETTINGS = "/api/v1/settings"


async def test_a_setting_is_read_as_it_was_set(auth: AuthClient) -> None:
    who = (await auth.register()).principal

    answer = await put(auth, who, "editor/font_size", 14)
    everything = await auth.send("GET", SETTINGS, who=who)

    assert answer.status == 200
    assert {name: answer.data[name] for name in ("category", "key", "value")} == {
        "category": "editor", "key": "font_size", "value": 14,
    }  # fmt: skip
    assert answer.data["updated_at"].endswith("Z")
    assert everything.data == {
        "editor": {"font_size": 14}, "theme": {}, "llm": {}, "terminal": {}, "workspace": {}, "custom": {},
    }  # fmt: skip


@pytest.mark.parametrize(
    "value", [None, False, 0, -1.5, "", "Grüße 🐟", [], {}, [1, {"a": [None, True]}], {"b": 1, "a": {"z": 1e100}}]
)
async def test_a_key_of_ones_own_takes_any_json(auth: AuthClient, value: Any) -> None:
    who = (await auth.register()).principal

    await put(auth, who, "custom/anything", value)

    assert (await auth.send("GET", SETTINGS + "?category=custom", who=who)).data == {"custom": {"anything": value}}


async def test_a_category_is_chosen_in_any_case(auth: AuthClient) -> None:
    who = (await auth.register()).principal

    answer = await put(auth, who, "Theme/sidebar_position", "left")
    chosen = await auth.send("GET", SETTINGS + "?category=THEME", who=who)

    assert (answer.data["category"], chosen.data) == ("theme", {"theme": {"sidebar_position": "left"}})


@pytest.mark.parametrize(
    ("setting", "value", "path"),
    [
        ("editor/font_size", "14", "value"),
        ("llm/temperature", 3, "value"),
        ("theme/sidebar_position", "top", "value"),
        ("custom/blob", "x" * MAX_VALUE_BYTES, "value"),
        ("nowhere/key", 1, "path.category"),
        ("custom/9", 1, "path.key"),
        ("custom/" + "k" * 65, 1, "path.key"),
    ],
)
async def test_a_wrong_setting_is_refused(auth: AuthClient, setting: str, value: Any, path: str) -> None:
    who = (await auth.register()).principal

    answer = await put(auth, who, setting, value)

    assert (answer.status, set(answer.wrong_fields)) == (422, {path})


async def test_a_value_has_sixteen_kibibytes(auth: AuthClient) -> None:
    who = (await auth.register()).principal

    assert (await put(auth, who, "custom/blob", "x" * (MAX_VALUE_BYTES - 2))).status == 200


@pytest.mark.parametrize("field", ["category", "key", "user_id", "tenant_id", "version", "id"])
async def test_nothing_but_the_value_is_read(auth: AuthClient, field: str) -> None:
    who = (await auth.register()).principal

    answer = await auth.send("PUT", f"{SETTINGS}/custom/a", {"value": 1, field: "x"}, who=who)

    assert answer.wrong_fields == {field: "unknown"}


async def test_a_value_must_be_there(auth: AuthClient) -> None:
    who = (await auth.register()).principal

    assert (await auth.send("PUT", f"{SETTINGS}/custom/a", {}, who=who)).wrong_fields == {"value": "required"}


async def test_a_removed_setting_is_gone(auth: AuthClient) -> None:
    who = (await auth.register()).principal
    await put(auth, who, "custom/a", 1)

    first, second = [await auth.send("DELETE", f"{SETTINGS}/custom/a", who=who) for _ in range(2)]

    assert (first.status, first.body) == (204, b"")
    assert (second.status, second.code) == (404, "SETTING_NOT_FOUND")
    assert (await auth.send("GET", SETTINGS + "?category=custom", who=who)).data == {"custom": {}}


async def test_what_cannot_exist_is_not_found(auth: AuthClient) -> None:
    who = (await auth.register()).principal

    assert (await auth.send("DELETE", f"{SETTINGS}/nowhere/a", who=who)).code == "SETTING_NOT_FOUND"


async def test_settings_are_of_one_member_of_one_tenant(auth: AuthClient, database: Database) -> None:
    member, host = await auth.register(), await auth.register()
    async with database.system_work() as work:
        await work.execute(
            "insert into memberships (tenant_id, user_id, role, created_at, updated_at)"
            " values ($1, $2, 'viewer', now(), now())",
            host.tenant_id, member.principal.user_id,
        )  # fmt: skip
    as_guest = msgspec.structs.replace(member.principal, tenant_id=host.tenant_id, role=Role.VIEWER)
    await put(auth, host.principal, "custom/a", "host")
    await put(auth, member.principal, "custom/a", "home")

    foreign = await auth.send("DELETE", f"{SETTINGS}/custom/a", who=as_guest)
    await put(auth, as_guest, "custom/a", "guest")

    values = [
        (await auth.send("GET", SETTINGS + "?category=custom", who=who)).data["custom"]["a"]
        for who in (host.principal, member.principal, as_guest)
    ]
    assert foreign.code == "SETTING_NOT_FOUND"
    assert values == ["host", "home", "guest"]


@pytest.mark.parametrize("role", Role)
async def test_every_role_has_settings(auth: AuthClient, database: Database, role: Role) -> None:
    who = msgspec.structs.replace((await auth.register()).principal, role=role)

    assert (await put(auth, who, "custom/a", 1)).status == 200


async def test_a_change_is_live_on_the_users_topic_and_commits_with_it(auth: AuthClient, bus: MemoryBus) -> None:
    who = (await auth.register()).principal
    topic = user_topic(who.user_id)
    before = await Requests(bus).ask(TopicPosition(principal=who, topic=topic), service="auth")

    await put(auth, who, "editor/font_size", 14)
    await put(auth, who, "editor/font_size", 14)
    await put(auth, who, "editor/font_size", "wrong")
    await put(auth, who, "editor/font_size", 15)
    question = TopicReplay(principal=who, topic=topic, epoch=before.epoch, after=before.offset)
    changes = await Requests(bus).ask(question, service="auth")  # whose values go with the setting
    await auth.send("DELETE", f"{SETTINGS}/editor/font_size", who=who)

    question = msgspec.structs.replace(question, after=changes.offset)
    removal = await Requests(bus).ask(question, service="auth")
    events = [msgspec.json.decode(raw, type=Envelope) for raw in (*changes.events, *removal.events)]
    told = [(event.type, msgspec.json.decode(event.data)) for event in events]
    assert [kind for kind, _ in told] == ["auth.setting.changed", "auth.setting.changed", "auth.setting.removed"]
    assert [data["version"] for _, data in told] == [1, 2, 3]
    assert [data["payload"].get("value") for _, data in told] == [14, 15, None]
    assert len({data["entity_id"] for _, data in told}) == 1


async def test_setting_the_same_value_again_changes_nothing(auth: AuthClient, clock: SettableClock) -> None:
    who = (await auth.register()).principal
    first = await put(auth, who, "custom/a", {"x": 1, "y": [True]})
    clock.advance(minutes=1)

    same = await put(auth, who, "custom/a", {"y": [True], "x": 1})
    different = await put(auth, who, "custom/a", {"y": [1], "x": 1})

    assert same.data == first.data
    assert different.data["updated_at"] > first.data["updated_at"]


async def test_of_two_writers_with_one_version_the_second_is_shown_what_is_there(auth: AuthClient) -> None:
    who = (await auth.register()).principal
    seen = (await put(auth, who, "custom/a", 1)).headers["etag"]

    first = await put(auth, who, "custom/a", 2, {"If-Match": seen})
    second = await put(auth, who, "custom/a", 3, {"If-Match": seen})
    removal = await auth.send("DELETE", f"{SETTINGS}/custom/a", who=who, headers={"If-Match": seen})

    assert first.status == 200
    assert (second.status, second.code) == (removal.status, removal.code) == (412, "PRECONDITION_FAILED")
    assert second.json["error"]["details"]["current"]["value"] == 2


async def test_parallel_writers_of_one_new_setting_make_one(auth: AuthClient) -> None:
    who = (await auth.register()).principal

    answers = await asyncio.gather(*(put(auth, who, "custom/a", number) for number in range(10)))

    assert {answer.status for answer in answers} == {200}
    assert sorted(answer.data["version"] for answer in answers) == list(range(1, 11))


async def test_there_is_an_end_to_how_many_may_be_kept(auth: AuthClient, database: Database) -> None:
    who = (await auth.register()).principal
    async with database.unit_of_work(who.tenant_id) as work:
        await work.execute(
            "insert into user_settings (id, tenant_id, user_id, category, key, value, created_at, updated_at)"
            " select gen_random_uuid(), $1, $2, 'custom', 'k' || n, '1', now(), now() from generate_series(1, $3) n",
            who.tenant_id, who.user_id, MAX_SETTINGS - 1,
        )  # fmt: skip

    answers = await asyncio.gather(*(put(auth, who, f"custom/new{number}", 1) for number in range(5)))
    existing = await put(auth, who, "custom/k1", 2)

    assert sorted(answer.status for answer in answers) == [200] + [409] * 4
    assert {answer.code for answer in answers if answer.status == 409} == {"SETTINGS_LIMIT_REACHED"}
    assert existing.status == 200


async def test_there_is_an_end_to_how_many_bytes_may_be_kept(auth: AuthClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domain, "MAX_SETTINGS_BYTES", 10_000)
    who = (await auth.register()).principal

    answers = await asyncio.gather(*(put(auth, who, f"custom/k{number}", "x" * 3_000) for number in range(8)))
    kept = (await auth.send("GET", SETTINGS, who=who)).data["custom"]
    grown = await put(auth, who, f"custom/{next(iter(kept))}", "x" * 4_500)
    same = await put(auth, who, f"custom/{next(iter(kept))}", "y" * 3_000)

    assert sorted(answer.status for answer in answers) == [200] * 3 + [409] * 5
    assert (grown.status, grown.code) == (409, "SETTINGS_LIMIT_REACHED")
    assert (len(kept), same.status) == (3, 200)


async def test_the_schema_names_every_known_key(auth: AuthClient) -> None:
    who = (await auth.register()).principal

    schema = (await auth.send("GET", SETTINGS + "/schema", who=who)).data

    known = {category: set(about["properties"]) for category, about in schema["categories"].items()}
    assert known == {
        "editor": {"theme", "font_size", "line_numbers", "word_wrap"},
        "llm": {"default_model", "temperature", "max_tokens"},
        "theme": {"accent_color", "sidebar_position"},
        "terminal": {"shell", "font_size"},
        "workspace": {"auto_save", "save_interval"},
        "custom": set(),
    }
    assert (schema["max_value_bytes"], schema["max_settings"]) == (MAX_VALUE_BYTES, MAX_SETTINGS)


async def test_a_key_with_the_scope_reads_and_writes_settings(auth: AuthClient) -> None:
    who = (await auth.register()).principal
    reader = msgspec.structs.replace(who, scopes=("settings:read",))
    stranger = msgspec.structs.replace(who, scopes=("tasks:read", "tasks:write"))

    assert (await auth.send("GET", SETTINGS, who=reader)).status == 200
    assert (await put(auth, reader, "custom/a", 1)).code == "AUTH_FORBIDDEN"
    assert (await auth.send("GET", SETTINGS, who=stranger)).code == "AUTH_FORBIDDEN"


@pytest.mark.parametrize("query", ["category=nowhere", "category=", "user_id=x"])
async def test_a_wrong_query_is_refused(auth: AuthClient, query: str) -> None:
    who = (await auth.register()).principal

    assert (await auth.send("GET", f"{SETTINGS}?{query}", who=who)).status == 422


async def test_without_an_identity_there_are_no_settings(auth: AuthClient) -> None:
    for method, path in (("GET", ""), ("GET", "/schema"), ("PUT", "/custom/a"), ("DELETE", "/custom/a")):
        assert (await auth.send(method, SETTINGS + path, {"value": 1})).code == "AUTH_REQUIRED"


async def put(
    auth: AuthClient, who: Principal, setting: str, value: Any, headers: dict[str, str] | None = None
) -> Answer:
    return await auth.send("PUT", f"{SETTINGS}/{setting}", {"value": value}, who=who, headers=headers)
