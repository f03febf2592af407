"""Support: the FAQ answers, else the language model with the FAQ as all it knows, else nobody yet."""

from collections.abc import AsyncGenerator, Sequence

import pytest
from chat_client import ChatClient
from conversation_builders import conversation_settings, person

from conversation_service.app import create_app
from conversation_service.llm.errors import LlmProviderError
from conversation_service.llm.provider import Delta, Finished, ModelInfo, Prompt
from shared.db.databases import Database
from shared.events.auth import AccountAnonymised
from shared.messaging.memory import MemoryBus
from shared.testing.callers import ACME
from shared.testing.eventually import eventually
from shared.testing.members import tell
from shared.testing.service_client import session_with

FAQ = "/api/v1/support/faq"
QUESTION = "/api/v1/support/question"
OPEN = "Does Tessera run on FreeBSD with ZFS snapshots?"


class FakeProvider:
    """Says `text`, or fails."""

    name = "fake"
    default_model = "fake"
    is_offline = False

    def __init__(self, text: str | None) -> None:
        self._text = text
        self.prompts: list[Prompt] = []

    async def answer(self, prompt: Prompt) -> AsyncGenerator[Delta | Finished, None]:
        self.prompts.append(prompt)
        if self._text is None:
            raise LlmProviderError
        yield Delta(self._text)
        yield Finished(model="fake", usage=None)

    async def models(self) -> Sequence[ModelInfo]:
        return []

    async def close(self) -> None:
        return


async def test_the_faq_is_open_to_everybody_and_comes_in_pages(chats: ChatClient) -> None:
    whole = (await chats.send("GET", f"{FAQ}?page_size=100", who=None)).json
    first = (await chats.send("GET", f"{FAQ}?page_size=8", who=None)).json
    rest = (await chats.send("GET", f"{FAQ}?page_size=8&cursor={first['next_cursor']}", who=None)).json

    assert whole["total"] == len(whole["items"]) >= 12
    assert [*first["items"], *rest["items"]] == whole["items"]
    assert rest["next_cursor"] is None
    assert all(item["question"].endswith("?") and item["answer"] for item in whole["items"])


async def test_the_faq_can_be_searched(chats: ChatClient) -> None:
    found = (await chats.send("GET", f"{FAQ}?q=authenticator", who=None)).json
    nothing = (await chats.send("GET", f"{FAQ}?q=zebra", who=None)).json
    wrong = await chats.send("GET", f"{FAQ}?q=&cursor=x", who=None)

    assert found["items"][0]["id"] == "two-factor"
    assert (nothing["items"], nothing["total"]) == ([], 0)
    assert wrong.status == 422


async def test_a_question_is_answered_by_an_article(chats: ChatClient) -> None:
    ada = person()

    answer = await chats.send("POST", QUESTION, {"question": "I forgot my password!"}, who=ada)

    assert (answer.status, answer.data["source"], answer.data["article_id"]) == (201, "faq", "reset-password")
    assert "Forgot password" in answer.data["answer"]
    [ticket] = await chats.database.system_rows("select id, user_id, source from support_tickets")
    assert (str(ticket["id"]), ticket["user_id"], ticket["source"]) == (answer.data["ticket_id"], ada.user_id, "faq")


async def test_without_a_model_an_open_question_waits_for_a_person(chats: ChatClient) -> None:
    answer = await chats.send("POST", QUESTION, {"question": OPEN}, who=person())

    assert (answer.status, answer.data["source"], answer.data["answer"]) == (201, "none", None)
    assert len(await chats.database.system_rows("select from support_tickets")) == 1


@pytest.mark.parametrize(
    ("said", "source", "answer"),
    [("Yes, it does.", "ai", "Yes, it does."), ("UNKNOWN", "none", None), (" ", "none", None), (None, "none", None)],
)
async def test_a_model_answers_what_the_faq_does_not(
    database: Database, bus: MemoryBus, said: str | None, source: str, answer: str | None
) -> None:
    provider = FakeProvider(said)
    app = create_app(conversation_settings(), database=database, bus=bus, provider=provider)
    async with session_with(app) as session:
        client = ChatClient(session, database)
        given = await client.send("POST", QUESTION, {"question": OPEN}, who=person())
        await client.send("POST", QUESTION, {"question": "I forgot my password!"}, who=person())

    assert (given.status, given.data["source"], given.data["answer"]) == (201, source, answer)
    [prompt] = provider.prompts
    assert "recovery codes" in prompt.messages[0].content
    assert prompt.messages[-1].content == OPEN


@pytest.mark.parametrize("body", [{}, {"question": "?"}, {"question": "a\u0000bcd"}, {"question": "x" * 4001}])
async def test_what_is_no_question_is_refused(chats: ChatClient, body: dict[str, str]) -> None:
    answer = await chats.send("POST", QUESTION, body, who=person())

    assert (answer.status, list(answer.wrong_fields)) == (422, ["question"])


async def test_a_repeated_request_makes_one_ticket(chats: ChatClient) -> None:
    ada, key = person(), {"Idempotency-Key": "once"}

    answers = [await chats.send("POST", QUESTION, {"question": OPEN}, who=ada, headers=key) for _ in range(2)]

    assert answers[0].body == answers[1].body
    assert len(await chats.database.system_rows("select from support_tickets")) == 1


async def test_tickets_of_an_anonymised_account_are_gone(chats: ChatClient, bus: MemoryBus) -> None:
    ada = person()
    await chats.send("POST", QUESTION, {"question": OPEN}, who=ada)

    await tell(bus, AccountAnonymised(tenant_id=ACME, user_id=ada.user_id), ACME)

    async def are_gone() -> bool:
        return await chats.database.system_rows("select from support_tickets") == []

    await eventually(are_gone)
