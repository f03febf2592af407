"""`make demo`: two people and one project, told in plain lines; exits with 1 when anything is not as it should be."""

import asyncio
import os
import sys
import tempfile
from pathlib import Path

import aiohttp

from deploy.api_client import ApiClient, Unexpected, api_client
from deploy.console import say
from deploy.embedded.postgres_home import remove_data
from deploy.environment import Home, Ports, user_environment
from deploy.mail_folder import mail_folder, prove_address
from deploy.stack_process import EMBEDDED, stack_process
from deploy.supervision.errors import ServerError
from shared.testing.live_client import LiveClient
from shared.testing.live_reader import BrokenPromise, Recovery, SubscriptionRefused


class Missing(AssertionError):
    """Something the story needs did not happen."""


_ENDINGS = (Missing, Unexpected, BrokenPromise, SubscriptionRefused, ServerError, OSError, aiohttp.ClientError)


class Story:
    """Ada works, Grace watches the same project live; a stranger sees nothing."""

    def __init__(self, url: str, ada: ApiClient, stranger: ApiClient, mail: Path | None) -> None:
        self._url, self._mail = url, mail
        self._live_url = url.replace("http", "ws", 1) + "/ws"
        self._ada = ada
        self._stranger = stranger

    async def play(self) -> None:
        await self._make_accounts()
        project = await self._make_project()
        conversation = await self._start_conversation(project)
        async with self._watch() as watcher:
            begin = await self._follow(watcher, project, conversation)
            task_id = await self._work_on_tasks(watcher, project)
            await self._talk(watcher, conversation)
        await self._resume(begin)
        await self._keep_files(project)
        await self._ask_a_model(conversation)
        await self._chat(project)
        await self._plan_a_gift()
        await self._find(project)
        await self._keep_strangers_out(project, task_id)
        await self._leave()

    async def _make_accounts(self) -> None:
        await self._ada.register("Ada")
        await self._stranger.register("Mallory")
        me = await self._ada.expect(200, "GET", "/auth/me")
        say(f"Ada registers as {me.data['email']}; she owns a tenant of her own. So does a stranger, elsewhere.")
        if self._mail is not None:
            await prove_address(self._ada, self._mail)
            say("She opens the link that was mailed to her: her address is proven, and her session goes on.")
        old = {"refresh_token": self._ada.tokens["refresh_token"]}
        self._ada.tokens = (await self._ada.expect(200, "POST", "/auth/refresh", old)).data
        say("She refreshes her tokens: the old refresh token has had its day.")

    async def _make_project(self) -> str:
        key = {"Idempotency-Key": f"demo-{self._ada.user['id']}"}
        first = await self._ada.expect(201, "POST", "/projects", {"name": "Apollo"}, headers=key)
        second = await self._ada.expect(201, "POST", "/projects", {"name": "Apollo"}, headers=key)
        check(first.data["id"] == second.data["id"], "a repeated request made a second project")
        say(f"She makes the project Apollo, twice with one Idempotency-Key: still one project ({first.data['id']}).")
        return str(first.data["id"])

    async def _start_conversation(self, project: str) -> str:
        body = {"title": "How to land", "project_id": project}
        answer = await self._ada.expect(201, "POST", "/conversations", body)
        say("She starts a conversation about it.")
        return str(answer.data["id"])

    def _watch(self) -> LiveClient:
        return LiveClient(self._live_url, self._ada.access_token)

    async def _follow(self, watcher: LiveClient, project: str, conversation: str) -> Recovery:
        """The place in the topic of tasks before anything happened to them."""
        await watcher.subscribe(f"project:{project}")
        await watcher.subscribe(f"conversation:{conversation}")
        begin = await watcher.subscribe(f"tasks:{project}")
        say("Her second window connects to /ws and follows the project, its tasks and the conversation.")
        return begin

    async def _work_on_tasks(self, watcher: LiveClient, project: str) -> str:
        tasks = f"/projects/{project}/tasks"
        added = await self._ada.expect(201, "POST", tasks, {"title": "Build the lander", "priority": "high"})
        await arrives(watcher, "task.added")
        path = f"{tasks}/{added.data['id']}"
        tag = {"If-Match": added.headers["ETag"]}
        await self._ada.expect(200, "PATCH", path, {"status": "in_progress"}, headers=tag)
        await arrives(watcher, "task.status_changed")
        stale = await self._ada.expect(412, "PATCH", path, {"title": "Too late"}, headers=tag)
        check(stale.body["error"]["details"]["current"]["version"] == 2, "412 does not show the current task")
        say("A second change with the old version is refused (412) and shows the task as it is now.")
        listed = await self._ada.expect(200, "GET", f"{tasks}?status=in_progress&sort=-created_at")
        check(listed.body["total"] == 1, "the list does not have the task")
        return str(added.data["id"])

    async def _talk(self, watcher: LiveClient, conversation: str) -> None:
        path = f"/conversations/{conversation}/messages"
        await self._ada.expect(201, "POST", path, {"role": "user", "content": "Slowly?"})
        await arrives(watcher, "message.added")
        listed = await self._ada.expect(200, "GET", path)
        check([m["content"] for m in listed.body["items"]] == ["Slowly?"], "the message is not in the conversation")

    async def _resume(self, begin: Recovery) -> None:
        async with self._watch() as late:
            answer = await late.subscribe(begin.topic, since=(begin.epoch, begin.offset))
            check(answer.recovered, "the missed changes were not recovered")
            for kind in ("task.added", "task.status_changed"):
                await arrives(late, kind, quiet=True)
        say("A third window that was offline says where it stopped and gets exactly what it missed.")

    async def _keep_files(self, project: str) -> None:
        path = f"/projects/{project}/files"
        async with self._watch() as watcher:
            await watcher.subscribe(f"files:{project}")
            for content in ("<h1>Apollo</h1>", "<h1>Apollo 11</h1>"):
                await self._ada.expect(200, "PUT", path, {"files": [{"path": "index.html", "content": content}]})
            for kind in ("file.added", "version.added", "file.updated", "version.added"):
                await arrives(watcher, kind, quiet=True)
        compared = await self._ada.expect(200, "GET", f"/projects/{project}/versions/2/diff?against=1")
        check("+<h1>Apollo 11</h1>" in compared.data["files"][0]["patch"], "the versions cannot be compared")
        say("She writes a page twice: two versions, compared line by line, both live on files:.")

    async def _ask_a_model(self, conversation: str) -> None:
        asked = {"content": "How high is the moon?"}
        answer = await self._ada.expect(201, "POST", f"/conversations/{conversation}/completions", asked)
        check(bool(answer.data["content"]), "the model said nothing")
        say(f"She asks the model `{answer.data['model']}`; question and answer are in the conversation.")

    async def _chat(self, project: str) -> None:
        chat = (await self._ada.expect(201, "POST", "/chats", {"kind": "project", "project_id": project})).data
        async with self._watch() as watcher:
            await watcher.subscribe(f"chat:{chat['id']}")
            await self._ada.expect(201, "POST", f"/chats/{chat['id']}/messages", {"content": "We are go."})
            await arrives(watcher, "chat_message.added")
        say("The team's chat of the project has its first message.")

    async def _plan_a_gift(self) -> None:
        person = (await self._ada.expect(201, "POST", "/persons", {"name": "Neil"})).data
        wishes = {"name": "For Neil", "type": "ideas", "person_id": person["id"]}
        wanted = (await self._ada.expect(201, "POST", "/lists", wishes)).data
        async with self._watch() as watcher:
            await watcher.subscribe(f"list:{wanted['id']}")
            item = (await self._ada.expect(201, "POST", f"/lists/{wanted['id']}/items", {"name": "A pen"})).data
            await self._ada.expect(200, "PUT", f"/list-items/{item['id']}/status", {"status": "selected"})
            for kind in ("list_item.added", "list_item.status_changed"):
                await arrives(watcher, kind, quiet=True)
        say("She begins a list of gifts for Neil and selects the first, live on list:.")

    async def _find(self, project: str) -> None:
        found = await self._ada.expect(200, "GET", f"/search/tasks?q=lander&project_id={project}")
        check("<mark>lander</mark>" in found.body["items"][0]["title"] + found.body["items"][0]["snippet"], "not found")
        say("A search finds the task by a word of its title.")

    async def _keep_strangers_out(self, project: str, task_id: str) -> None:
        for path in (f"/projects/{project}", f"/projects/{project}/tasks/{task_id}"):
            answer = await self._stranger.expect(404, "GET", path)
            check(answer.code == "PROJECT_NOT_FOUND", f"{path} answered {answer.code}")
        async with LiveClient(self._live_url, self._stranger.access_token) as spy:
            try:
                await spy.subscribe(f"tasks:{project}")
            except SubscriptionRefused as refusal:
                check(str(refusal) == "TOPIC_NOT_FOUND", f"the spy was told {refusal}")
            else:
                raise Missing("a stranger could follow the tasks")
        say("To the stranger all of this does not exist: 404, and TOPIC_NOT_FOUND on the socket.")

    async def _leave(self) -> None:
        await self._ada.expect(204, "POST", "/auth/logout")
        async with asyncio.timeout(2):
            while (answer := await self._ada.call("GET", "/auth/me")).status != 401:
                await asyncio.sleep(0.02)
        check(answer.code == "AUTH_SESSION_REVOKED", f"after the logout the token is refused with {answer.code}")
        say("Ada logs out; her access token, still young, is refused from now on.")


async def arrives(watcher: LiveClient, kind: str, *, quiet: bool = False) -> None:
    try:
        async with asyncio.timeout(5):
            heard = await watcher.next()
    except TimeoutError:
        raise Missing(f"{kind} did not arrive") from None
    check(heard.type == kind, f"expected {kind}, heard {heard.type}")
    if not quiet:
        say(f"  live: {heard.event} {heard.type} on {heard.topic} at offset {heard.offset}")


def check(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise Missing(otherwise)


async def _running_stack() -> str | None:
    """`TESSERA_URL`, or the stack on the configured port, if one answers."""
    environ = user_environment()
    url = environ.get("TESSERA_URL") or f"http://127.0.0.1:{Ports.from_environment(environ).gateway}"
    try:
        async with aiohttp.ClientSession() as client, client.get(f"{url}/health", timeout=aiohttp.ClientTimeout(2)):
            return url
    except (aiohttp.ClientError, TimeoutError):
        return None


async def _play(url: str, mail: Path | None) -> None:
    """`mail` is the folder of this stack's mail, if it can be read here."""
    async with api_client(url) as ada, api_client(url) as stranger:
        await Story(url, ada, stranger, mail).play()


def _mail_of_running_stack() -> Path | None:
    """None for a stack elsewhere, or one that sends its mail."""
    environ = user_environment()
    folder = Home(environ).folder / "mail"
    return folder if "TESSERA_URL" not in environ and folder.is_dir() else None


async def _run() -> None:
    url = await _running_stack()
    if url is not None:
        say(f"The story, on the stack at {url}:")
        await _play(url, _mail_of_running_stack())
        return
    say("No stack is running: starting one for this story.")
    with tempfile.TemporaryDirectory(prefix="tessera-demo-") as folder:
        async with stack_process(EMBEDDED, Path(folder)) as stack:
            await _play(stack.url, mail_folder(stack.environ))
        remove_data(Path(folder) / "postgres")


def main() -> None:
    try:
        asyncio.run(_run())
    except (
        Missing,
        Unexpected,
        BrokenPromise,
        SubscriptionRefused,
        ServerError,
        OSError,
        aiohttp.ClientError,
    ) as error:
        sys.exit(f"The story ends here: {error or type(error).__name__}")
    say("Everything happened as it should.")
    sys.exit(os.EX_OK)


if __name__ == "__main__":
    main()
