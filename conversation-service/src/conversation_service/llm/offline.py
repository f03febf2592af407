"""The provider where none is connected: says so, always in the same words, and streams like any other."""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence

from conversation_service.llm.provider import Delta, Finished, ModelInfo, Prompt

MODEL = "offline"
QUOTED_CHARACTERS = 200
PACE_SECONDS = 0.01  # between two words: visible as streaming, over in a moment


class OfflineProvider:
    name = "offline"
    default_model = MODEL
    is_offline = True

    def __init__(self, pace_seconds: float = PACE_SECONDS) -> None:
        self._pace_seconds = pace_seconds

    async def answer(self, prompt: Prompt) -> AsyncGenerator[Delta | Finished, None]:
        words = re.findall(r"\S+\s*", offline_text(prompt))
        allowed = words if prompt.max_tokens is None else words[: prompt.max_tokens]
        for word in allowed:
            await asyncio.sleep(self._pace_seconds)
            yield Delta(word)
        yield Finished(model=MODEL, usage=None, is_cut=len(allowed) < len(words))

    async def models(self) -> Sequence[ModelInfo]:
        return [ModelInfo(id=MODEL)]

    async def close(self) -> None:
        return


def offline_text(prompt: Prompt) -> str:
    asked = " ".join(prompt.messages[-1].content.split())
    quoted = asked if len(asked) <= QUOTED_CHARACTERS else f"{asked[:QUOTED_CHARACTERS]}..."
    return f"No language model is connected (offline): nobody has read your message. It was: {quoted}"
