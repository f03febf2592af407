"""Tokens counted by the tokenizer of the settings, where no provider counts them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from conversation_builders import conversation_settings, person
from conversation_client import ConversationClient, messages_of, path_of
from tokenizers import Tokenizer

from conversation_service.app import create_app
from shared.db.databases import Database
from shared.messaging.memory import MemoryBus
from shared.principal import Principal
from shared.testing.llm_server import LlmServer, llm_server
from shared.testing.service_client import session_with

UNCOUNTED = "hostile"  # a model whose server sends no usage


@pytest.fixture
def ada() -> Principal:
    return person()


@pytest.fixture
def tokenizer(tokenizer_file: Path) -> Tokenizer:
    return Tokenizer.from_file(str(tokenizer_file))


@pytest.fixture
async def llm() -> AsyncIterator[LlmServer]:
    async with llm_server() as server:
        yield server


@pytest.fixture
async def client(
    database: Database, bus: MemoryBus, llm: LlmServer, tokenizer_file: Path
) -> AsyncIterator[ConversationClient]:
    settings = conversation_settings(
        llm_base_url=llm.url, llm_model=UNCOUNTED, llm_context_tokens=512, llm_tokenizer_file=str(tokenizer_file)
    )
    async with session_with(create_app(settings, database=database, bus=bus)) as session:
        yield ConversationClient(session, database)


async def test_what_nobody_else_counts_the_tokenizer_does(
    client: ConversationClient, ada: Principal, tokenizer: Tokenizer
) -> None:
    conversation = await client.begin(ada)

    reply = (await client.ask(ada, conversation, "the moon")).data

    question = (await client.send("GET", messages_of(conversation), who=ada)).items[0]
    asked, written = (len(tokenizer.encode(message["content"]).ids) for message in (question, reply))
    assert (question["token_count"], question["token_count_source"]) == (asked, "tokenizer")
    assert (reply["token_count"], reply["token_count_source"]) == (written, "tokenizer")
    assert (reply["usage"]["prompt_tokens"], reply["usage"]["source"]) == (asked, "tokenizer")
    whole = (await client.send("GET", path_of(conversation), who=ada)).data
    assert whole["token_count"] == asked + written
    edited = await client.send("PATCH", f"/api/v1/messages/{question['id']}", {"content": "the moon" * 9}, who=ada)
    assert (edited.data["token_count_source"], edited.data["token_count"] > asked) == ("tokenizer", True)


async def test_what_the_provider_counts_stays_its_own(client: ConversationClient, ada: Principal) -> None:
    reply = (await client.ask(ada, await client.begin(ada), model="steady:3:0")).data

    assert (reply["token_count"], reply["token_count_source"], reply["usage"]["source"]) == (7, "provider", "provider")


async def test_an_estimate_names_the_source_of_each_part(
    client: ConversationClient, ada: Principal, tokenizer: Tokenizer
) -> None:
    conversation = await client.begin(ada)
    await client.say(ada, conversation, "the moon")
    await client.ask(ada, conversation, None, model="steady:3:0")

    found = await client.send("POST", f"{path_of(conversation)}/estimate", {"content": "far away"}, who=ada)

    asked, said = len(tokenizer.encode("far away").ids), len(tokenizer.encode("the moon").ids)
    assert [(part["part"], part["tokens"], part["source"]) for part in found.data["parts"]] == [
        ("history", said + 7, "tokenizer"),
        ("prompt", asked, "tokenizer"),
    ]
    assert (found.data["total_tokens"], found.data["source"]) == (asked + said + 7, "tokenizer")


async def test_the_context_is_cut_by_the_tokenizers_count(
    client: ConversationClient, ada: Principal, llm: LlmServer
) -> None:
    conversation = await client.begin(ada)
    await client.say(ada, conversation, "unheard " * 50)  # 100 tokens by estimate, which would fit
    await client.say(ada, conversation, "the moon")

    await client.ask(ada, conversation, "the moon is far away " * 40)

    assert [message["content"][:8] for message in llm.requests[0]["messages"]] == ["the moon", "the moon"]
