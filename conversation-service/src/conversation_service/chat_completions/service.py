"""The use case of stateless completions: a question is answered, and nothing of it is stored but its cost."""

from conversation_service.answers.unstored import UnstoredAnswer, UnstoredAnswers
from conversation_service.chat_completions.schemas import ChatMessage, CreateChatCompletion
from conversation_service.llm.catalogue import ModelCatalogue
from conversation_service.llm.errors import LlmContextTooLong
from conversation_service.llm.provider import Prompt, PromptMessage
from conversation_service.llm.tokens import TokenCount, TokenCounter
from conversation_service.runs.context import answer_tokens, readable_tokens
from shared.events.conversations import MessageRole
from shared.principal import Principal

_ROLES = {
    "system": MessageRole.SYSTEM,
    "developer": MessageRole.SYSTEM,  # OpenAI's newer name; other servers do not know it
    "user": MessageRole.USER,
    "assistant": MessageRole.ASSISTANT,
}


class ChatCompletionService:
    def __init__(self, answers: UnstoredAnswers, catalogue: ModelCatalogue, tokens: TokenCounter) -> None:
        self._answers = answers
        self._catalogue = catalogue
        self._tokens = tokens

    async def begin(self, principal: Principal, wanted: CreateChatCompletion) -> UnstoredAnswer:
        """Raises ValidationFailed for a model of no catalogue, LlmContextTooLong or TierLimitExceeded."""
        model = wanted.model or self._catalogue.provider.default_model
        await self._catalogue.require(model)
        limit = wanted.max_completion_tokens or wanted.max_tokens
        context_tokens = self._catalogue.context_of(model)
        messages = [PromptMessage(_ROLES[message.role], _text_of(message)) for message in wanted.messages]
        cost = await self._cost_of(messages, readable_tokens(context_tokens, limit))
        prompt = Prompt(
            messages=messages,
            model=model,
            temperature=wanted.temperature,
            top_p=wanted.top_p,
            frequency_penalty=wanted.frequency_penalty,
            presence_penalty=wanted.presence_penalty,
            seed=wanted.seed,
            stop=[wanted.stop] if isinstance(wanted.stop, str) else wanted.stop or None,
        )
        return await self._answers.begin(principal, prompt, cost, answer_tokens(context_tokens, limit))

    async def _cost_of(self, messages: list[PromptMessage], readable: int) -> TokenCount:
        """Raises LlmContextTooLong."""
        cost = await self._tokens.count_all([message.content for message in messages])
        if cost.tokens > readable:
            raise LlmContextTooLong
        return cost


def _text_of(message: ChatMessage) -> str:
    if isinstance(message.content, str):
        return message.content
    return "".join(part.text for part in message.content)
