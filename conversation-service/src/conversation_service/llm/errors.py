"""What can go wrong between us and a language model."""

from collections.abc import Sequence

from shared.errors import Conflict, TesseraError


class LlmError(TesseraError):
    """Base of them all. Texts are ours: what a provider says may name keys and addresses."""


class LlmProviderError(LlmError):
    status = 502
    code = "LLM_PROVIDER_ERROR"
    message = "The language model's provider failed to answer properly."
    remedy = "Ask again; the question is kept, so send the completion without content."


class LlmTimeout(LlmError):
    status = 504
    code = "LLM_TIMEOUT"
    message = "The language model took too long."
    remedy = "Ask again, or ask for less."


class LlmRateLimited(LlmError):
    status = 503
    code = "LLM_RATE_LIMITED"
    message = "The language model's provider takes no more requests just now."
    remedy = "Ask again after the seconds in Retry-After."
    usual = 5
    """Seconds to wait where the provider does not say."""

    def __init__(self, retry_after: int = usual) -> None:
        super().__init__(details={"retry_after": retry_after}, headers={"Retry-After": str(retry_after)})


class LlmModelNotFound(LlmError):
    status = 422
    code = "LLM_MODEL_NOT_FOUND"
    message = "The provider has no such model."
    remedy = "Choose one of GET /models."


class LlmRequestRefused(LlmError):
    status = 422
    code = "LLM_REQUEST_REFUSED"
    message = "The provider does not accept this request."
    remedy = "Change the question or its parameters; sent again as it is, it fails again."


class LlmContextTooLong(LlmError):
    status = 422
    code = "LLM_CONTEXT_TOO_LONG"
    message = "The message alone is longer than what the model can read."
    remedy = "Shorten it, or choose a model with a larger context."


class LlmInterrupted(LlmError):
    status = 503
    code = "LLM_INTERRUPTED"
    message = "The service stopped while the answer was being written; what was there is kept."
    remedy = "Ask again; the question is kept, so send the completion without content."


class CompletionStopped(LlmError, Conflict):
    code = "COMPLETION_STOPPED"
    message = "The answer was stopped before its first word."
    remedy = "Ask again; the question is kept, so send the completion without content."


MODEL_ERRORS: Sequence[type[TesseraError]] = (
    LlmContextTooLong,
    LlmInterrupted,
    LlmModelNotFound,
    LlmProviderError,
    LlmRateLimited,
    LlmRequestRefused,
    LlmTimeout,
)
"""What an operation that asks a model can answer because of the model."""
