"""What a message would cost, before it is sent."""

from collections.abc import Sequence

from conversation_service.llm.tokens import TokenCount, total
from conversation_service.runs.context import Context
from conversation_service.runs.schemas import EstimatePart, TokenEstimate


def estimate_of(context: Context, prompt: TokenCount, model: str, limit: int) -> TokenEstimate:
    opening = [context.instruction.cost] if context.instruction else []
    history = [message.cost for message in context.history]
    whole = total([*opening, *history, prompt])
    return TokenEstimate(
        prompt_tokens=prompt.tokens,
        context_tokens=whole.tokens - prompt.tokens,
        total_tokens=whole.tokens,
        source=whole.source,
        model=model,
        limit=limit,
        parts=[
            _part(name, costs)
            for name, costs in (("instruction", opening), ("history", history), ("prompt", [prompt]))
            if costs
        ],
    )


def _part(name: str, costs: Sequence[TokenCount]) -> EstimatePart:
    whole = total(costs)
    return EstimatePart(part=name, messages=len(costs), tokens=whole.tokens, source=whole.source)
