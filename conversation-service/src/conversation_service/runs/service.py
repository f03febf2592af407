"""The use cases of completions: an answer is asked for, followed, stopped, or estimated before it is asked for."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial
from typing import NamedTuple
from uuid import UUID

import msgspec
from msgspec import UNSET

from conversation_service.answers.admission import AnswerAdmission
from conversation_service.conversations import repository as conversations
from conversation_service.llm.catalogue import ModelCatalogue
from conversation_service.llm.errors import CompletionStopped
from conversation_service.llm.provider import Prompt
from conversation_service.llm.tokens import TokenCount, TokenCounter
from conversation_service.messages import repository as messages
from conversation_service.messages.domain import COMPLETED, NEWEST, NewMessage
from conversation_service.messages.errors import MessageNotFound
from conversation_service.messages.service import MessageService
from conversation_service.runs import repository
from conversation_service.runs.context import Context, answer_tokens, read_context, readable_tokens
from conversation_service.runs.engine import RunEngine
from conversation_service.runs.errors import CompletionAlreadyRunning, NothingToAnswer
from conversation_service.runs.estimates import estimate_of
from conversation_service.runs.frames import error_of
from conversation_service.runs.reader import RunReader
from conversation_service.runs.repository import NewRun
from conversation_service.runs.schemas import (
    Complete,
    EstimateTokens,
    ModelView,
    Regenerate,
    RunState,
    RunStatus,
    TokenEstimate,
)
from conversation_service.storage.allotments import Room, StorageAllotments
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import FieldError, ValidationFailed
from shared.events.conversations import ConversationState, MessageRole, MessageState
from shared.events.run_frames import RunFrame
from shared.idempotency import ReplayAnswer, current_scope
from shared.ids import new_id
from shared.principal import Principal


class Begun(NamedTuple):
    """`is_repeated`: an earlier request with the same Idempotency-Key began it."""

    run: RunState
    is_repeated: bool


class _ModelOfConversation(Exception):
    """It names this model, which is not known yet."""

    def __init__(self, model: str) -> None:
        super().__init__(model)
        self.model = model


class _Begun(msgspec.Struct):
    data: RunState


class CompletionService:
    def __init__(
        self,
        database: Database,
        message_service: MessageService,
        engine: RunEngine,
        reader: RunReader,
        catalogue: ModelCatalogue,
        admission: AnswerAdmission,
        storage: StorageAllotments,
        tokens: TokenCounter,
        clock: Clock,
    ) -> None:
        self._database = database
        self._admission = admission
        self._storage = storage
        self._messages = message_service
        self._engine = engine
        self._reader = reader
        self._catalogue = catalogue
        self._tokens = tokens
        self._clock = clock

    async def complete(self, principal: Principal, conversation_id: UUID, wanted: Complete) -> Begun:
        """Stores what the user says and begins the answer to it.

        Raises ConversationNotFound, ValidationFailed, NothingToAnswer, CompletionAlreadyRunning, LlmContextTooLong or
        TierLimitExceeded; nothing is stored then.
        """
        cost = None if wanted.content is None else await self._tokens.count(wanted.content)
        return await self._write(
            principal, wanted.model, partial(self._complete, principal, conversation_id, wanted, cost)
        )

    async def _complete(
        self, principal: Principal, conversation_id: UUID, wanted: Complete, cost: TokenCount | None, room: Room
    ) -> Begun:
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            conversation = await conversations.lock(work, principal, conversation_id)
            prompt_id = await self._prompt_id(work, principal, conversation, wanted, cost)
            await room.require(work)
            return Begun(work.answer(await self._begin(work, principal, conversation, prompt_id, wanted)), False)

    async def regenerate(self, principal: Principal, message_id: UUID, wanted: Regenerate) -> Begun:
        """Another answer beside this one, or an answer to this message of the user. Raises as `complete` does."""
        return await self._write(principal, wanted.model, partial(self._regenerate, principal, message_id, wanted))

    async def _regenerate(self, principal: Principal, message_id: UUID, wanted: Regenerate, room: Room) -> Begun:
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            message = await messages.get(work, principal, message_id)
            conversation = await conversations.lock(work, principal, message.conversation_id)
            prompt_id = message.parent_id if message.role is MessageRole.ASSISTANT else message.id
            if prompt_id is None:
                raise NothingToAnswer
            await room.require(work)
            return Begun(work.answer(await self._begin(work, principal, conversation, prompt_id, wanted)), False)

    async def _write(self, principal: Principal, model: str | None, begin: Callable[[Room], Awaitable[Begun]]) -> Begun:
        """Begins an answer of a model in the catalogue. The list is read outside of transactions."""
        try:
            if model is not None:
                await self._catalogue.require(model)
            try:
                return await self._storage.write(principal, begin)
            except _ModelOfConversation as unknown:
                await self._catalogue.require(unknown.model)
                return await self._storage.write(principal, begin)
        except ReplayAnswer as replay:
            return _repeated(replay)

    async def answer(self, principal: Principal, run: RunState) -> MessageState:
        """When it is written. Raises RunNotFound, or the LlmError for which there is no whole answer."""
        ended = await self._reader.until_over(run)
        if ended.status in (RunStatus.FAILED, RunStatus.INTERRUPTED):
            error = error_of(ended)
            error.details |= {"run_id": str(ended.id), "prompt_id": str(ended.prompt_id)}
            raise error
        async with self._database.unit_of_work(principal.tenant_id) as work:
            try:
                return await messages.get(work, principal, ended.message_id)
            except MessageNotFound:
                raise CompletionStopped from None

    def frames(self, run: RunState, after: int) -> AsyncGenerator[RunFrame | None, None]:
        return self._reader.frames(run, after)

    async def find(self, principal: Principal, conversation_id: UUID, run_id: UUID) -> RunState:
        """Raises ConversationNotFound or RunNotFound."""
        async with self._database.unit_of_work(principal.tenant_id) as work:
            await conversations.get(work, principal, conversation_id)
            return await repository.get(work, principal, conversation_id, run_id)

    async def stop(self, principal: Principal, conversation_id: UUID, run_id: UUID) -> RunState:
        """Acknowledged as soon as it is wanted; one that is over stays as it is. Raises as `find` does."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            await conversations.get(work, principal, conversation_id)
            run = work.answer(await repository.get(work, principal, conversation_id, run_id))
            await repository.want_stop(work, principal, run_id)
        await self._engine.stop(run_id)
        return run

    async def estimate(self, principal: Principal, conversation_id: UUID, wanted: EstimateTokens) -> TokenEstimate:
        prompt = await self._tokens.count(wanted.content)
        async with self._database.unit_of_work(principal.tenant_id) as work:
            conversation = await conversations.get(work, principal, conversation_id)
            model = self._model(conversation, wanted.model)
            limit = self._catalogue.context_of(model)
            leaf_id = wanted.parent_id or await messages.newest_id(work, principal, conversation_id)
            left = max(readable_tokens(limit, None) - prompt.tokens, 0)
            context = await _context_before(work, principal, conversation_id, leaf_id, left)
            return work.answer(estimate_of(context, prompt, model, limit))

    async def models(self) -> list[ModelView]:
        provider = self._catalogue.provider
        return [
            ModelView(
                id=model.id,
                provider=provider.name,
                context_tokens=self._catalogue.context_of(model.id),
                is_default=model.id == provider.default_model,
            )
            for model in await self._catalogue.models()
        ]

    async def _prompt_id(
        self,
        work: Work,
        principal: Principal,
        conversation: ConversationState,
        wanted: Complete,
        cost: TokenCount | None,
    ) -> UUID:
        """`cost` is that of the content, where there is one."""
        if wanted.content is not None and cost is not None:
            parent = NEWEST if wanted.parent_id is UNSET else wanted.parent_id
            said = NewMessage(new_id(), MessageRole.USER, wanted.content, None, parent, cost)
            return (await self._messages.say(work, principal, conversation.id, said)).id
        given = wanted.parent_id if wanted.parent_id is not UNSET else None
        leaf_id = given or await messages.newest_id(work, principal, conversation.id)
        if leaf_id is None:
            raise NothingToAnswer
        return await _waiting_id(work, principal, conversation.id, leaf_id)

    async def _begin(
        self, work: Work, principal: Principal, conversation: ConversationState, prompt_id: UUID, wanted: Regenerate
    ) -> RunState:
        model = self._model(conversation, wanted.model)
        if not self._catalogue.knows(model):
            raise _ModelOfConversation(model)
        new = NewRun(new_id(), new_id(), conversation.id, prompt_id, self._catalogue.provider.name, model)
        run = await repository.add(work, principal, new, self._clock.now())
        if run is None:
            running = await repository.running_id(work, principal, conversation.id)
            raise CompletionAlreadyRunning(details={"run_id": None if running is None else str(running)})
        context_tokens = self._catalogue.context_of(model)
        budget = readable_tokens(context_tokens, wanted.max_tokens)
        context = await read_context(work, principal, conversation.id, prompt_id, budget)
        allowed = await self._admission.admit(
            work,
            principal,
            run.id,
            prompt_tokens=context.cost.tokens,
            answer_tokens=answer_tokens(context_tokens, wanted.max_tokens),
        )
        prompt = Prompt(messages=context.prompt, model=model, temperature=wanted.temperature, max_tokens=allowed)
        work.after_commit(lambda: self._engine.start(run, prompt, context.cost))
        return run

    def _model(self, conversation: ConversationState, wanted: str | None) -> str:
        return wanted or conversation.model or self._catalogue.provider.default_model


def _repeated(replay: ReplayAnswer) -> Begun:
    """What is stored under the key is the run; its answer is read anew, outside of what the key stands for."""
    current_scope.set(None)
    return Begun(msgspec.json.decode(replay.answer.body, type=_Begun).data, True)


async def _waiting_id(work: Work, principal: Principal, conversation_id: UUID, leaf_id: UUID) -> UUID:
    """The message that waits: the last of the branch, or the one before an answer that is not whole."""
    try:
        leaf = await messages.get(work, principal, leaf_id)
    except MessageNotFound:
        leaf = None
    if leaf is None or leaf.conversation_id != conversation_id:
        raise ValidationFailed([FieldError("parent_id", "not_found", "Name a message of this conversation.")])
    if leaf.role is not MessageRole.ASSISTANT:
        return leaf.id
    if leaf.status == COMPLETED or leaf.parent_id is None:
        raise NothingToAnswer
    return leaf.parent_id


async def _context_before(
    work: Work, principal: Principal, conversation_id: UUID, leaf_id: UUID | None, budget: int
) -> Context:
    """What a new message behind this one would bring along."""
    if leaf_id is None:
        return Context(None, [])
    leaf = await messages.get(work, principal, leaf_id)
    if leaf.conversation_id != conversation_id:
        raise MessageNotFound
    if leaf.token_count > budget:
        return Context(None, [])
    return await read_context(work, principal, conversation_id, leaf_id, budget)
