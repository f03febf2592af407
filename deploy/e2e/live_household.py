"""People who use everything at once: what can happen to each thing that has a live topic, by chance."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any

from deploy.api_client import Answer, ApiClient
from deploy.e2e.live_views import every
from deploy.mail_folder import mailed_token
from shared.testing.eventually import eventually

Action = Callable[["Household"], Awaitable[object]]
ACTIONS: list[Action] = []


def action(work: Action) -> Action:
    ACTIONS.append(work)
    return work


class Household:
    """Ada owns the tenant, Grace is a member whom lists are for, Bob comes and goes."""

    def __init__(self, chance: Random, ada: ApiClient, grace: ApiClient, bob: ApiClient, mail: Path) -> None:
        self.chance, self.mail = chance, mail
        self.ada, self.grace, self.bob = ada, grace, bob
        self.project = self.list = self.wishes = self.surprise = ""
        self.occasion = self.person = self.self_person = self.conversation = self.chat = ""
        self._counter = 0

    async def settle(self) -> None:
        self.project = await self.made("/projects", {"name": "Apollo", "visibility": "tenant"})
        self.person = await self.made("/persons", {"name": "Neil"})
        self.self_person = await self.made("/persons", {"name": "Grace", "user_id": self.grace.user["id"]})
        people = [self.person, self.self_person]
        self.occasion = await self.made("/occasions", {"name": "Feast", "date": "2030-12-24", "person_ids": people})
        self.list = await self.made("/lists", self._list_for(self.person, "ideas"))
        self.wishes = await self.made("/lists", self._list_for(self.self_person, "wishlist"))
        self.surprise = await self.made("/lists", self._list_for(self.self_person, "ideas"))
        self.conversation = await self.made("/conversations", {"title": "How to land"})
        others = [self.grace.user["id"]]
        self.chat = await self.made("/chats", {"kind": "group", "title": "Moon", "participant_ids": others})

    def topics_of(self, who: ApiClient) -> list[str]:
        own = [f"conversation:{self.conversation}", f"list:{self.surprise}"] if who is self.ada else []
        return [
            *own,
            *(f"{kind}:{self.project}" for kind in ("project", "tasks", "files", "comments:project")),
            *(f"list:{each}" for each in (self.list, self.wishes)),
            *(f"comments:list:{each}" for each in (self.list, self.wishes)),
            *(f"person:{each}" for each in (self.person, self.self_person)),
            "list-items:all",
            f"occasion:{self.occasion}",
            f"chat:{self.chat}",
            f"user:{who.user['id']}",
            f"tenant:{who.user['tenant_id']}",
        ]

    def _list_for(self, person: str, kind: str) -> dict[str, str]:
        return {"name": kind, "person_id": person, "type": kind, "occasion_id": self.occasion}

    def word(self) -> str:
        self._counter += 1
        return f"{self.chance.choice(('Moon', 'Crater', 'Lander', 'Orbit'))} {self._counter}"

    def somebody(self) -> ApiClient:
        return self.chance.choice((self.ada, self.grace))

    async def made(self, path: str, body: Any, who: ApiClient | None = None) -> str:
        return str((await (who or self.ada).expect(201, "POST", path, body)).data["id"])

    async def patch(self, path: str, body: Any) -> Answer:
        return await self.ada.expect(200, "PATCH", path, body)

    async def some(self, path: str, body: Any, **wanted: Any) -> dict[str, Any]:
        """One of the things in a list, by chance; a new one where there is none that fits."""
        found = await every(self.ada, path)
        fitting = [each for each in found.values() if all(each[name] == value for name, value in wanted.items())]
        if fitting:
            return self.chance.choice(fitting)
        data: dict[str, Any] = (await self.ada.expect(201, "POST", path.partition("?")[0], body)).data
        return data

    # Paths of the parts.

    @property
    def tasks(self) -> str:
        return f"/projects/{self.project}/tasks"

    @property
    def team(self) -> str:
        return f"/projects/{self.project}/team"

    @property
    def comments(self) -> str:
        return f"/projects/{self.project}/comments"

    @property
    def said(self) -> str:
        return f"/chats/{self.chat}/messages"

    async def some_task(self) -> dict[str, Any]:
        return await self.some(self.tasks, {"title": self.word()})

    async def task(self) -> str:
        return f"{self.tasks}/{(await self.some_task())['id']}"

    async def put_file(self, path: str) -> None:
        files = [{"path": path, "content": self.word()}]
        await self.ada.expect(200, "PUT", f"/projects/{self.project}/files", {"files": files})

    async def file(self) -> dict[str, Any]:
        found = await every(self.ada, f"/projects/{self.project}/files")
        if not found:
            await self.put_file("index.html")
            found = await every(self.ada, f"/projects/{self.project}/files")
        return self.chance.choice(list(found.values()))

    async def comment(self) -> dict[str, Any]:
        return await self.some(self.comments, self.about_project(), is_deleted=False, author_id=self.ada.user["id"])

    def about_project(self) -> dict[str, Any]:
        return {"entity_type": "project", "entity_id": self.project, "body": self.word()}

    async def item(self, list_id: str) -> dict[str, Any]:
        return await self.some(f"/lists/{list_id}/items", {"name": self.word()})

    def any_list(self) -> str:
        return self.chance.choice((self.list, self.wishes, self.surprise))

    async def gift_on_list(self) -> str:
        found = await every(self.ada, f"/lists/{self.list}/items")
        held = [item["gift_id"] for item in found.values() if item["gift_id"]]
        if held:
            return str(self.chance.choice(held))
        gift = await self.made("/gifts", {"name": self.word(), "price": 100, "currency": "EUR"})
        await self.made(f"/lists/{self.list}/items", {"gift_id": gift})
        return gift

    async def message(self, who: ApiClient) -> dict[str, Any]:
        found = await every(self.ada, self.said)
        own = [each for each in found.values() if each["author_id"] == who.user["id"] and not each["is_deleted"]]
        if own:
            return self.chance.choice(own)
        data: dict[str, Any] = (await who.expect(201, "POST", self.said, {"content": self.word()})).data
        return data

    async def notification(self) -> str:
        """A new one for Grace."""
        task = await self.made(self.tasks, {"title": self.word(), "assignee_id": self.grace.user["id"]})
        told: list[str] = []

        async def has_come() -> bool:
            found = await every(self.grace, "/notifications")
            told[:] = [key for key, each in found.items() if each["entity_id"] == task]
            return bool(told)

        await eventually(has_come, within=30.0)
        return told[0]

    async def answer(self) -> dict[str, Any]:
        path = f"/conversations/{self.conversation}"
        found = await every(self.ada, f"{path}/messages")
        if not any(each["role"] == "assistant" for each in found.values()):
            await self.ada.expect(201, "POST", f"{path}/completions", {"content": self.word()})
            found = await every(self.ada, f"{path}/messages")
        return self.chance.choice([each for each in found.values() if each["role"] == "assistant"])


# Tasks and their labels.


@action
async def add_task(home: Household) -> None:
    assignee = home.chance.choice((None, home.ada.user["id"], home.grace.user["id"]))
    await home.made(home.tasks, {"title": home.word(), "assignee_id": assignee})


@action
async def change_task(home: Household) -> None:
    await home.patch(await home.task(), {"title": home.word(), "priority": "high", "due_at": "2031-01-01T00:00:00Z"})


@action
async def move_task(home: Household) -> None:
    task = await home.some_task()
    status = home.chance.choice([each for each in ("todo", "in_progress", "blocked") if each != task["status"]])
    await home.patch(f"{home.tasks}/{task['id']}", {"status": status, "position": home.chance.randrange(5)})


@action
async def assign_task(home: Household) -> None:
    task = await home.some_task()
    assignee = None if task["assignee_id"] else home.grace.user["id"]
    await home.patch(f"{home.tasks}/{task['id']}", {"assignee_id": assignee})


@action
async def label_task(home: Household) -> None:
    label = await home.some(f"{home.tasks}/labels", {"name": home.word()})
    await home.patch(await home.task(), {"label_ids": [label["id"]]})


@action
async def let_task_wait(home: Household) -> None:
    """A circle is refused, and waiting twice changes nothing."""
    one, other = await home.task(), await home.task()
    await home.ada.call(home.chance.choice(("POST", "DELETE")), f"{one}/depends-on/{other.rpartition('/')[2]}")


@action
async def attach_link(home: Household) -> None:
    path = f"{await home.task()}/attachments"
    await home.made(path, {"url": "https://example.com/"})
    if home.chance.random() < 0.5:
        link = home.chance.choice(list(await every(home.ada, path)))
        await home.ada.expect(204, "DELETE", f"{path}/{link}")


@action
async def change_tasks_at_once(home: Household) -> None:
    task_id = (await home.task()).rpartition("/")[2]
    operations = [
        {"op": "create", "data": {"title": home.word()}},
        {"op": "update", "id": task_id, "data": {"title": home.word()}},
    ]
    await home.ada.expect(200, "POST", f"{home.tasks}/bulk", {"operations": operations})


@action
async def remove_task(home: Household) -> None:
    await home.ada.expect(204, "DELETE", await home.task())


@action
async def add_label(home: Household) -> None:
    await home.made(f"{home.tasks}/labels", {"name": home.word(), "color": "#00ff00"})


@action
async def remove_label(home: Household) -> None:
    label = await home.some(f"{home.tasks}/labels", {"name": home.word()})
    await home.ada.expect(204, "DELETE", f"{home.tasks}/labels/{label['id']}")


# Files and versions.


@action
async def write_file(home: Household) -> None:
    await home.put_file(home.chance.choice(("a.txt", "b.txt", "src/c.py")))


@action
async def rewrite_file(home: Household) -> None:
    await home.put_file((await home.file())["path"])


@action
async def remove_file(home: Household) -> None:
    await home.ada.expect(204, "DELETE", f"/projects/{home.project}/files/{(await home.file())['id']}")


@action
async def restore_version(home: Household) -> None:
    await home.file()
    versions = await every(home.ada, f"/projects/{home.project}/versions")
    number = home.chance.choice([each["version"] for each in versions.values()])
    await home.ada.call("POST", f"/projects/{home.project}/versions/{number}/restore")


@action
async def write_many_files(home: Household) -> None:
    files = [{"path": f"many/{number}.txt", "content": home.word()} for number in range(51)]
    await home.ada.expect(200, "PUT", f"/projects/{home.project}/files", {"files": files})
    await home.ada.expect(200, "PUT", f"/projects/{home.project}/files", {"delete": [each["path"] for each in files]})


# The project, its team and tags.


@action
async def change_project(home: Household) -> None:
    changed = home.chance.choice(({"name": home.word()}, {"description": home.word()}, {"description": None}))
    await home.patch(f"/projects/{home.project}", changed)


@action
async def change_team(home: Household) -> None:
    """Bob is taken on, or off."""
    email, member = home.bob.user["email"], f"{home.team}/{home.bob.user['id']}"
    if (await home.ada.call("POST", f"{home.team}/invite", {"email": email, "role": "viewer"})).status == 201:
        await home.patch(member, {"role": home.chance.choice(("editor", "owner"))})
    else:
        await home.ada.expect(204, "DELETE", member)


@action
async def add_tag(home: Household) -> None:
    await home.made(f"/projects/{home.project}/tags", {"name": home.word()})


@action
async def remove_tag(home: Household) -> None:
    tag = await home.some(f"/projects/{home.project}/tags", {"name": home.word()})
    await home.ada.expect(204, "DELETE", f"/projects/{home.project}/tags/{tag['id']}")


# Comments, on the project and on what is planned.


@action
async def comment(home: Household) -> None:
    await home.made(home.comments, home.about_project() | {"body": f"{home.word()} @grace"}, home.somebody())


@action
async def reply(home: Household) -> None:
    parent = (await home.comment())["id"]
    await home.made(home.comments, home.about_project() | {"parent_id": parent}, home.somebody())


@action
async def edit_comment(home: Household) -> None:
    await home.patch(f"{home.comments}/{(await home.comment())['id']}", {"body": home.word()})


@action
async def remove_comment(home: Household) -> None:
    await home.ada.expect(204, "DELETE", f"{home.comments}/{(await home.comment())['id']}")


@action
async def comment_on_list(home: Household) -> None:
    about = home.chance.choice((home.list, home.wishes))
    body = {"entity_type": "list", "entity_id": about, "body": home.word()}
    made = await home.made("/comments", body, home.somebody())
    if home.chance.random() < 0.5:
        await home.made("/comments", body | {"parent_id": made})
    if home.chance.random() < 0.3:
        await home.ada.expect(204, "DELETE", f"/comments/{made}")


# Gift planning.


@action
async def change_person(home: Household) -> None:
    person = home.chance.choice((home.person, home.self_person))
    await home.patch(f"/persons/{person}", {"notes": home.word(), "sizes": {"shoe": home.word()}})


@action
async def change_occasion(home: Household) -> None:
    people = [each for each in (home.person, home.self_person) if home.chance.random() < 0.7]
    await home.patch(f"/occasions/{home.occasion}", {"person_ids": people, "budget": home.chance.randrange(9999)})


@action
async def have_another_occasion(home: Household) -> None:
    body = {"name": home.word(), "date": "2030-05-05", "person_ids": [home.person]}
    made = await home.made("/occasions", body)
    if home.chance.random() < 0.5:
        await home.patch(f"/lists/{home.list}", {"occasion_id": made})
        await home.ada.expect(204, "DELETE", f"/occasions/{made}")


@action
async def change_list(home: Household) -> None:
    occasion = home.chance.choice((None, home.occasion))
    await home.patch(f"/lists/{home.any_list()}", {"name": home.word(), "occasion_id": occasion})


@action
async def have_another_list(home: Household) -> None:
    body = {"name": home.word(), "person_id": home.person, "occasion_id": home.occasion}
    made = await home.made("/lists", body)
    await home.made(f"/lists/{made}/items", {"name": home.word()})
    if home.chance.random() < 0.7:
        await home.ada.expect(204, "DELETE", f"/lists/{made}")


@action
async def hide_list(home: Household) -> None:
    """And show it again, by chance."""
    body = {"name": home.word(), "person_id": home.person, "occasion_id": home.occasion}
    made = await home.made("/lists", body)
    await home.made(f"/lists/{made}/items", {"name": home.word()})
    await home.patch(f"/lists/{made}", {"visibility": "private"})
    await home.made(f"/lists/{made}/items", {"name": home.word()})
    if home.chance.random() < 0.5:
        await home.patch(f"/lists/{made}", {"visibility": "tenant"})


@action
async def add_item(home: Household) -> None:
    await home.made(f"/lists/{home.any_list()}/items", {"name": home.word()})
    await home.made(f"/lists/{home.wishes}/items", {"name": home.word()}, home.grace)


@action
async def change_item(home: Household) -> None:
    item = await home.item(home.any_list())
    await home.patch(f"/list-items/{item['id']}", {"notes": home.word(), "quantity": home.chance.randrange(1, 9)})


@action
async def move_item(home: Household) -> None:
    item = await home.item(home.any_list())
    status = "selected" if item["status"] == "idea" else "idea"
    await home.ada.expect(200, "PUT", f"/list-items/{item['id']}/status", {"status": status})


@action
async def assign_item(home: Household) -> None:
    item = await home.item(home.any_list())
    someone = None if item["assigned_to"] else home.ada.user["id"]
    await home.ada.expect(200, "PUT", f"/list-items/{item['id']}/assign", {"user_id": someone})


@action
async def remove_item(home: Household) -> None:
    await home.ada.expect(204, "DELETE", f"/list-items/{(await home.item(home.any_list()))['id']}")


@action
async def change_gift(home: Household) -> None:
    await home.patch(f"/gifts/{await home.gift_on_list()}", {"name": home.word(), "tags": ["new"]})


@action
async def remove_gift(home: Household) -> None:
    await home.ada.expect(204, "DELETE", f"/gifts/{await home.gift_on_list()}")


# The conversation with a model.


@action
async def change_conversation(home: Household) -> None:
    await home.patch(f"/conversations/{home.conversation}", {"title": home.word(), "tags": [home.word()]})


@action
async def tell_the_model(home: Household) -> None:
    await home.made(f"/conversations/{home.conversation}/messages", {"role": "user", "content": home.word()})


@action
async def ask_the_model(home: Household) -> None:
    await home.ada.expect(201, "POST", f"/conversations/{home.conversation}/completions", {"content": home.word()})


@action
async def word_it_otherwise(home: Household) -> None:
    path = f"/conversations/{home.conversation}/messages"
    message = await home.some(path, {"role": "user", "content": home.word()}, role="user")
    await home.patch(f"/messages/{message['id']}", {"content": home.word()})


@action
async def ask_again(home: Household) -> None:
    await home.ada.expect(201, "POST", f"/messages/{(await home.answer())['id']}/regenerate", {})


@action
async def rate_answer(home: Household) -> None:
    rating = {"rating": home.chance.choice(("up", "down")), "comment": home.word()}
    await home.ada.expect(200, "PUT", f"/messages/{(await home.answer())['id']}/feedback", rating)


# The chat.


@action
async def say(home: Household) -> None:
    await home.made(home.said, {"content": home.word()}, home.somebody())


@action
async def edit_message(home: Household) -> None:
    await home.patch(f"{home.said}/{(await home.message(home.ada))['id']}", {"content": home.word()})


@action
async def take_back_message(home: Household) -> None:
    await home.ada.expect(204, "DELETE", f"{home.said}/{(await home.message(home.ada))['id']}")


@action
async def react(home: Household) -> None:
    path = f"{home.said}/{(await home.message(home.ada))['id']}/reactions/%F0%9F%91%8D"
    await home.somebody().call(home.chance.choice(("PUT", "DELETE")), path)


@action
async def read_chat(home: Household) -> None:
    message = await home.made(home.said, {"content": home.word()}, home.grace)
    await home.ada.expect(200, "POST", f"/chats/{home.chat}/read", {"message_id": message})


@action
async def rename_chat(home: Household) -> None:
    await home.patch(f"/chats/{home.chat}", {"title": home.word()})


@action
async def change_participants(home: Household) -> None:
    """Bob comes, or goes."""
    path, bob = f"/chats/{home.chat}/participants", home.bob.user["id"]
    if (await home.ada.call("POST", path, {"user_id": bob})).status != 201:
        await home.ada.expect(204, "DELETE", f"{path}/{bob}")


# Somebody's own things, and the tenant.


@action
async def change_setting(home: Household) -> None:
    key = home.chance.choice(("one", "two"))
    await home.somebody().expect(200, "PUT", f"/settings/custom/{key}", {"value": [home.word()]})


@action
async def remove_setting(home: Household) -> None:
    who = home.somebody()
    await who.expect(200, "PUT", "/settings/custom/one", {"value": home.word()})
    await who.expect(204, "DELETE", "/settings/custom/one")


@action
async def change_profile(home: Household) -> None:
    await home.somebody().expect(200, "PATCH", "/users/me", {"display_name": home.word(), "last_name": home.word()})


@action
async def read_notifications(home: Household) -> None:
    await home.grace.expect(200, "POST", "/notifications/mark-read", {"ids": [await home.notification()]})


@action
async def read_all_notifications(home: Household) -> None:
    await home.notification()
    await home.grace.expect(200, "POST", "/notifications/mark-all-read")


@action
async def change_role(home: Household) -> None:
    role = home.chance.choice(("viewer", "developer", "manager"))
    await home.patch(f"/users/{home.bob.user['id']}", {"role": role})


@action
async def take_somebody_on(home: Household) -> None:
    """And suspend them, and let them go."""
    email = f"{home.word().lower().replace(' ', '.')}.{home.ada.user['id']}@example.com"
    await home.made("/users", {"email": email, "first_name": "Cleo", "last_name": "Example"})
    chosen = {"token": await mailed_token(home.mail, email, "reset-password"), "password": "correct horse battery"}
    await home.ada.expect(204, "POST", "/auth/reset-password", chosen)
    made = next(key for key, user in (await every(home.ada, "/users")).items() if user["email"] == email)
    await home.patch(f"/users/{made}", {"is_active": False})
    await home.ada.expect(204, "DELETE", f"/users/{made}")


@action
async def rename_tenant(home: Household) -> None:
    await home.patch("/tenants/current", {"name": home.word()})


# Coming and going.


async def clear_up(home: Household) -> None:
    """What everything took place in is gone, but for the project, which is brought back."""
    await home.ada.expect(204, "DELETE", f"/conversations/{home.conversation}")
    await home.ada.expect(204, "DELETE", f"/chats/{home.chat}")
    for kind in ("lists", "occasions"):
        for each in await every(home.ada, f"/{kind}"):
            await home.ada.expect(204, "DELETE", f"/{kind}/{each}")
    await home.ada.expect(204, "DELETE", f"/persons/{home.person}")
    await home.ada.expect(204, "DELETE", f"/projects/{home.project}")
    await home.ada.expect(200, "POST", f"/projects/{home.project}/restore")
