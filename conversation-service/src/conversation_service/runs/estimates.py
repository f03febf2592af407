"""What a message would cost, before it is sent."""

from collections.abc import Sequence

from conversation_service.messages.domain import TokenCount
from conversation_service.messages.repository import ContextMessage
from conversation_service.runs.context import Context
from conversation_service.runs.schemas import EstimatePart, TokenEstimate
from shared.events.conversations import TokenCountSource

_LEAST_EXACT_LAST = list(TokenCountSource)


def estimate_of(context: Context, prompt: TokenCount, model: str, limit: int) -> TokenEstimate:
    instruction = [context.instruction] if context.instruction else []
    parts = [
        *([_part("instruction", instruction)] if instruction else []),
        *([_part("history", context.history)] if context.history else []),
        EstimatePart(part="prompt", messages=1, tokens=prompt.tokens, source=prompt.source),
    ]
    return TokenEstimate(
        prompt_tokens=prompt.tokens,
        context_tokens=context.tokens,
        total_tokens=prompt.tokens + context.tokens,
        source=_least_exact([part.source for part in parts]),
        model=model,
        limit=limit,
        parts=parts,
    )


def _part(name: str, messages: Sequence[ContextMessage]) -> EstimatePart:
    return EstimatePart(
        part=name,
        messages=len(messages),
        tokens=sum(message.token_count for message in messages),
        source=_least_exact([message.token_count_source for message in messages]),
    )


def _least_exact(sources: Sequence[TokenCountSource]) -> TokenCountSource:
    return max(sources, key=_LEAST_EXACT_LAST.index)
