"""What a model is told of a conversation: the branch, cut at its beginning to what the model can read."""

from typing import NamedTuple
from uuid import UUID

from conversation_service.conversations.domain import Owner
from conversation_service.llm.errors import LlmContextTooLong
from conversation_service.llm.provider import PromptMessage
from conversation_service.llm.tokens import TokenCount, total
from conversation_service.messages import branches
from conversation_service.messages.branches import ContextMessage
from shared.db.unit_of_work import Work

DEFAULT_ANSWER_TOKENS = 8_192  # where nobody says how long an answer may be: some twenty pages of a book
ANSWER_SHARE = 4  # a quarter of the context is left for the answer where nobody says how long it may be


class Context(NamedTuple):
    """`history` ends with the message to be answered; `instruction` opened the conversation and is never cut off."""

    instruction: ContextMessage | None
    history: list[ContextMessage]

    @property
    def messages(self) -> list[ContextMessage]:
        return [self.instruction, *self.history] if self.instruction else self.history

    @property
    def cost(self) -> TokenCount:
        """Of what there is: a context that is asked about ends with a message."""
        return total(message.cost for message in self.messages)

    @property
    def prompt(self) -> list[PromptMessage]:
        return [PromptMessage(message.role, message.content) for message in self.messages]


def answer_tokens(context_tokens: int, max_tokens: int | None) -> int:
    """How long the answer may be: as somebody says, else a share of the context, and no more than is usual."""
    return max_tokens or min(context_tokens // ANSWER_SHARE, DEFAULT_ANSWER_TOKENS)


def readable_tokens(context_tokens: int, max_tokens: int | None) -> int:
    """What is left for the question. Raises LlmContextTooLong when the answer may take everything."""
    left = context_tokens - (max_tokens or context_tokens // ANSWER_SHARE)
    if left <= 0:
        raise LlmContextTooLong("The model cannot write so much: lower max_tokens.")
    return left


async def read_context(work: Work, owner: Owner, conversation_id: UUID, leaf_id: UUID, budget: int) -> Context:
    """Raises LlmContextTooLong when not even the last message fits."""
    instruction = await branches.find_instruction(work, owner, conversation_id)
    spent = instruction.token_count if instruction else 0
    history = await branches.find_context(work, owner, leaf_id, budget - spent)
    if history[0].depth == 1:
        instruction, spent = None, 0  # the branch is whole, and begins as it begins
    context = Context(instruction, history)
    if context.cost.tokens > budget:
        raise LlmContextTooLong
    return context
