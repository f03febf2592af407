"""Which models can be asked, and who waits for the provider's list of them."""

import asyncio
from collections.abc import Sequence

import pytest

from conversation_service.llm import catalogue
from conversation_service.llm.catalogue import ModelCatalogue
from conversation_service.llm.offline import OfflineProvider
from conversation_service.llm.provider import ModelInfo


class SlowProvider(OfflineProvider):
    """Lists its models when it is allowed to."""

    def __init__(self) -> None:
        super().__init__(pace_seconds=0)
        self.may_answer = asyncio.Event()
        self.is_asked = asyncio.Event()

    async def models(self) -> Sequence[ModelInfo]:
        self.is_asked.set()
        await self.may_answer.wait()
        return [ModelInfo(id="known")]


async def test_a_known_model_does_not_wait_for_those_who_ask_for_an_unknown_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(catalogue, "RETRY_SECONDS", 0.0)
    provider = SlowProvider()
    models = ModelCatalogue(provider, 1_000)
    provider.may_answer.set()
    await models.require("known")
    provider.may_answer.clear()
    provider.is_asked.clear()
    asking = asyncio.create_task(models.require("made-up"))
    await provider.is_asked.wait()

    async with asyncio.timeout(1):
        await models.require("known")

    assert not asking.done()
    asking.cancel()
