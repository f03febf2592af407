"""Two tenants through the public door: what is foreign does not exist, and is answered in the very same bytes."""

import re
from typing import Any
from uuid import uuid4

import pytest

from deploy.api_client import Answer, ApiClient
from deploy.stack_process import StackProcess
from shared.testing.live_client import LiveClient
from shared.testing.live_reader import SubscriptionRefused


class Things:
    """What Ada has."""

    def __init__(self, project: str, task: str, conversation: str) -> None:
        self.project, self.task, self.conversation = project, task, conversation


@pytest.fixture
async def things(ada: ApiClient) -> Things:
    project = (await ada.expect(201, "POST", "/projects", {"name": "Apollo", "visibility": "tenant"})).data["id"]
    task = (await ada.expect(201, "POST", f"/projects/{project}/tasks", {"title": "Fly"})).data["id"]
    conversation = (await ada.expect(201, "POST", "/conversations", {"title": "Moon"})).data["id"]
    return Things(project, task, conversation)


CALLS: list[tuple[str, str, Any]] = [
    ("GET", "/projects/{project}", None),
    ("PATCH", "/projects/{project}", {"name": "Mine"}),
    ("DELETE", "/projects/{project}", None),
    ("POST", "/projects/{project}/restore", {}),
    ("GET", "/projects/{project}/tasks", None),
    ("POST", "/projects/{project}/tasks", {"title": "Spy"}),
    ("GET", "/projects/{project}/tasks/{task}", None),
    ("PATCH", "/projects/{project}/tasks/{task}", {"title": "Mine"}),
    ("PUT", "/projects/{project}/tasks/{task}", {"title": "Mine"}),
    ("DELETE", "/projects/{project}/tasks/{task}", None),
    ("GET", "/conversations/{conversation}", None),
    ("PATCH", "/conversations/{conversation}", {"title": "Mine"}),
    ("DELETE", "/conversations/{conversation}", None),
    ("GET", "/conversations/{conversation}/messages", None),
    ("POST", "/conversations/{conversation}/messages", {"role": "user", "content": "hi"}),
]


def without_trace(answer: Answer) -> Any:
    return re.sub(r"[0-9a-f]{32}", "", str(answer.body))


@pytest.mark.parametrize(("method", "path", "body"), CALLS, ids=[f"{method} {path}" for method, path, _ in CALLS])
async def test_foreign_and_random_ids_are_answered_alike(
    stranger: ApiClient, things: Things, method: str, path: str, body: Any
):
    names = {"project": things.project, "task": things.task, "conversation": things.conversation}

    foreign = await stranger.call(method, path.format(**names), body)
    random = await stranger.call(method, path.format(**{name: uuid4() for name in names}), body)

    assert foreign.status == 404
    assert (foreign.status, without_trace(foreign)) == (random.status, without_trace(random))
    assert set(foreign.headers) == set(random.headers)


async def test_lists_have_only_what_is_ours(stranger: ApiClient, things: Things):
    for path in ("/projects", "/conversations"):
        assert (await stranger.expect(200, "GET", path)).body["total"] == 0


async def test_a_foreign_topic_is_one_that_does_not_exist(stack: StackProcess, stranger: ApiClient, things: Things):
    topics = [f"project:{things.project}", f"tasks:{things.project}", f"conversation:{things.conversation}"]

    async with LiveClient(stack.live_url, stranger.access_token) as spy:
        for topic in (*topics, f"tasks:{uuid4()}", "rubbish:1"):
            with pytest.raises(SubscriptionRefused, match="TOPIC_NOT_FOUND"):
                await spy.subscribe(topic)


async def test_no_event_crosses_between_tenants(
    stack: StackProcess, ada: ApiClient, stranger: ApiClient, things: Things
):
    theirs = (await stranger.expect(201, "POST", "/projects", {"name": "Theirs"})).data["id"]
    async with LiveClient(stack.live_url, stranger.access_token) as spy:
        await spy.subscribe(f"tasks:{theirs}")
        await ada.expect(201, "POST", f"/projects/{things.project}/tasks", {"title": "Secret"})

        own = (await stranger.expect(201, "POST", f"/projects/{theirs}/tasks", {"title": "Own"})).data

        heard = await spy.next()
        assert (heard.offset, heard.data["entity_id"]) == (1, own["id"])
