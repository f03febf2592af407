"""OpenAI's own client library speaks to the gateway: with an access token or an API key, streaming or not."""

from typing import Any

import openai
import pytest
from openai import AsyncOpenAI

from deploy.api_client import ApiClient
from deploy.stack_process import StackProcess

HELLO: list[Any] = [{"role": "user", "content": "Hello from a client of the shelf"}]


def library(stack: StackProcess, credential: str) -> AsyncOpenAI:
    return AsyncOpenAI(base_url=f"{stack.url}/api/v1", api_key=credential, max_retries=0)


async def test_the_stock_client_works_with_a_token_and_a_key(stack: StackProcess, ada: ApiClient) -> None:
    wanted = {"name": "robot", "scopes": ["conversations:write", "conversations:read"]}
    key = (await ada.expect(201, "POST", "/api-keys", wanted)).data["key"]
    for credential in (ada.access_token, key):
        async with library(stack, credential) as client:
            whole = await client.chat.completions.create(model="offline", messages=HELLO)
            stream = await client.chat.completions.create(
                model="offline", messages=HELLO, stream=True, stream_options={"include_usage": True}
            )
            chunks = [chunk async for chunk in stream]
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        assert text == whole.choices[0].message.content
        assert "Hello from a client of the shelf" in text
        assert chunks[-1].usage is not None
        assert chunks[-1].usage == whole.usage
    assert (await ada.expect(200, "GET", "/usage")).body["items"][0]["answers"] == 4
    assert (await ada.expect(200, "GET", "/conversations")).body["items"] == []


async def test_what_one_tenant_asks_is_nothing_to_another(
    stack: StackProcess, ada: ApiClient, stranger: ApiClient
) -> None:
    async with library(stack, ada.access_token) as client:
        await client.chat.completions.create(model="offline", messages=HELLO)

    assert (await stranger.expect(200, "GET", "/usage")).body["items"] == []


async def test_refusals_are_errors_of_the_stock_client(stack: StackProcess, ada: ApiClient) -> None:
    reader = {"name": "reader", "scopes": ["conversations:read"]}
    readers_key = (await ada.expect(201, "POST", "/api-keys", reader)).data["key"]
    async with library(stack, readers_key) as client:
        with pytest.raises(openai.PermissionDeniedError) as forbidden:
            await client.chat.completions.create(model="offline", messages=HELLO)
    async with library(stack, "nonsense") as client:
        with pytest.raises(openai.AuthenticationError) as unknown:
            await client.chat.completions.create(model="offline", messages=HELLO)
    async with library(stack, ada.access_token) as client:
        with pytest.raises(openai.UnprocessableEntityError) as wrong:
            await client.chat.completions.create(model="made-up", messages=HELLO)

    codes = [error.value.code for error in (forbidden, unknown, wrong)]
    assert codes == ["AUTH_FORBIDDEN", "AUTH_INVALID_TOKEN", "VALIDATION_ERROR"]
