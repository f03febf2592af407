"""HTTP for completions: as one answer, or as server-sent events that can be taken up again."""

from uuid import UUID

from sanic.response import ResponseStream

from conversation_service.conversations.errors import ConversationNotFound
from conversation_service.conversations.routes import CONVERSATION
from conversation_service.llm.errors import MODEL_ERRORS, CompletionStopped, LlmContextTooLong
from conversation_service.messages.errors import MessageNotFound
from conversation_service.messages.routes import MESSAGE
from conversation_service.runs.errors import CompletionAlreadyRunning, NothingToAnswer, RunNotFound
from conversation_service.runs.frames import BEFORE_THE_FIRST, read_last_event_id
from conversation_service.runs.schemas import Complete, EstimateTokens, ModelView, Regenerate, RunState, TokenEstimate
from conversation_service.runs.service import Begun, CompletionService
from conversation_service.runs.streams import event_stream
from shared.errors import LimitReached
from shared.events.conversations import MessageState
from shared.http.answers import Accepted, Created, WithHeaders
from shared.http.app import Request
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal
from shared.quotas import TierLimitExceeded

RUN = CONVERSATION + "/runs/{run_id}"
_REPEATED = {"Idempotent-Replayed": "true"}
_ANSWER_ERRORS = [
    CompletionAlreadyRunning,
    CompletionStopped,
    LimitReached,
    *MODEL_ERRORS,
    NothingToAnswer,
    TierLimitExceeded,
]
_RUN_ERRORS = [ConversationNotFound, RunNotFound]

Answered = Created[MessageState] | ResponseStream | WithHeaders[Created[MessageState]]

routes = Routes("completions", resource="conversations")


@routes.post(
    CONVERSATION + "/completions",
    summary="Ask the model: the answer as a message, or with `stream` as server-sent events while it is written",
    errors=[ConversationNotFound, *_ANSWER_ERRORS],
    streams_events=True,
)
async def complete(
    principal: Principal, completions: CompletionService, conversation_id: UUID, body: Complete
) -> Answered:
    begun = await completions.complete(principal, conversation_id, body)
    return await _answered(principal, completions, begun, streams=body.stream)


@routes.post(
    MESSAGE + "/regenerate",
    summary="Ask the model for another answer, in a branch beside this one",
    errors=[MessageNotFound, *_ANSWER_ERRORS],
    streams_events=True,
)
async def regenerate(
    principal: Principal, completions: CompletionService, message_id: UUID, body: Regenerate
) -> Answered:
    begun = await completions.regenerate(principal, message_id, body)
    return await _answered(principal, completions, begun, streams=body.stream)


@routes.get(RUN, summary="Read how an answer is coming along", errors=_RUN_ERRORS)
async def get_run(
    principal: Principal, completions: CompletionService, conversation_id: UUID, run_id: UUID
) -> RunState:
    return await completions.find(principal, conversation_id, run_id)


@routes.get(
    RUN + "/stream",
    summary="Follow an answer, from the frame that `Last-Event-ID` names on",
    errors=[*_RUN_ERRORS, LimitReached],
    streams_events=True,
)
async def follow_run(
    principal: Principal, completions: CompletionService, conversation_id: UUID, run_id: UUID, request: Request
) -> ResponseStream:
    run = await completions.find(principal, conversation_id, run_id)
    last_id = read_last_event_id(request.headers.get("last-event-id"))
    return await event_stream(completions.frames(run, last_id), {})


@routes.post(RUN + "/stop", summary="Stop an answer; the message keeps what it has", errors=_RUN_ERRORS)
async def stop_run(
    principal: Principal, completions: CompletionService, conversation_id: UUID, run_id: UUID
) -> Accepted[RunState]:
    run = await completions.stop(principal, conversation_id, run_id)
    return Accepted(run, RUN.format(conversation_id=conversation_id, run_id=run_id))


@routes.post(
    CONVERSATION + "/estimate",
    summary="Estimate what a message would cost",
    errors=[ConversationNotFound, MessageNotFound, LlmContextTooLong],
)
async def estimate(
    principal: Principal, completions: CompletionService, conversation_id: UUID, body: EstimateTokens
) -> TokenEstimate:
    return await completions.estimate(principal, conversation_id, body)


@routes.get("/api/v1/models", summary="List the models that can be asked")
async def list_models(completions: CompletionService) -> PageOf[ModelView]:
    models = await completions.models()
    return PageOf(items=models, total=len(models), page=1, page_size=len(models), next_cursor=None)


async def _answered(principal: Principal, completions: CompletionService, begun: Begun, *, streams: bool) -> Answered:
    run, headers = begun.run, _REPEATED if begun.is_repeated else {}
    if streams:
        return await event_stream(completions.frames(run, BEFORE_THE_FIRST), headers)
    message = await completions.answer(principal, run)
    location = RUN.format(conversation_id=run.conversation_id, run_id=run.id)
    return WithHeaders(Created(message, location), headers)
