"""What an answer has cost: as its provider counted, else by our own count."""

from collections.abc import Sequence
from typing import NamedTuple

from conversation_service.llm.provider import Finished
from conversation_service.llm.tokens import TokenCount, TokenCounter, total
from conversation_service.runs.schemas import RunUsage
from shared.events.conversations import TokenCountSource


class Cost(NamedTuple):
    """`written` is the answer's part of `usage`."""

    usage: RunUsage
    written: TokenCount


async def cost_of(
    prompt: TokenCount,
    deltas: Sequence[str],
    finished: Finished | None,
    tokens: TokenCounter,
    *,
    was_cut_short: bool,
) -> Cost | None:
    """None where nothing was written and the provider itself refused or failed.

    `was_cut_short`: it was asked, and nobody waited for its answer any longer. It bills the prompt all the same.
    """
    if not deltas and finished is None:
        return _cost(prompt, TokenCount(0, prompt.source)) if was_cut_short else None
    counted = finished.usage if finished else None
    if counted is None:
        return _cost(prompt, await tokens.count("".join(deltas)))
    return _cost(
        TokenCount(counted.prompt_tokens, TokenCountSource.PROVIDER),
        TokenCount(counted.completion_tokens, TokenCountSource.PROVIDER),
    )


def _cost(asked: TokenCount, written: TokenCount) -> Cost:
    whole = total((asked, written))
    usage = RunUsage(
        prompt_tokens=asked.tokens,
        completion_tokens=written.tokens,
        total_tokens=whole.tokens,
        source=whole.source,
    )
    return Cost(usage, written)
