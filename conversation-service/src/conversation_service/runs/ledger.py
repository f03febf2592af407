"""What becomes true of a run in the database: begun, written piece by piece, and ended once."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

import msgspec

from conversation_service.answers.admission import AnswerAdmission
from conversation_service.llm.tokens import TokenCount, TokenCounter
from conversation_service.messages.domain import NewMessage
from conversation_service.messages.service import MessageService
from conversation_service.runs import repository
from conversation_service.runs.repository import Ending
from conversation_service.runs.schemas import RunState, RunStatus, RunUsage
from conversation_service.usage import repository as usage
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import NotFound
from shared.events.conversations import MessageRole

KEPT_FOR = timedelta(days=1)
"""How long the frames of a run can be read again; its message stays."""


class Outcome(NamedTuple):
    """How the writing ended. `usage` is None where nobody counted, `cost` is the answer's part of it."""

    status: RunStatus
    error_code: str | None
    model: str
    usage: RunUsage | None = None
    cost: TokenCount | None = None


class RunLedger:
    def __init__(
        self,
        database: Database,
        messages: MessageService,
        admission: AnswerAdmission,
        tokens: TokenCounter,
        clock: Clock,
    ) -> None:
        self._database = database
        self._messages = messages
        self._admission = admission
        self._tokens = tokens
        self._clock = clock

    async def read(self, run: RunState, after: int) -> tuple[RunState, list[str]]:
        """The run as it is, and its stored deltas behind the `after`-th. Raises RunNotFound."""
        async with self._database.unit_of_work(run.tenant_id) as work:
            current = await repository.get(work, run, run.conversation_id, run.id)
            return current, await repository.deltas_after(work, run, after)

    async def keep(self, run: RunState, first_delta: int, deltas: Sequence[str]) -> bool | None:
        """As `repository.keep`."""
        async with self._database.unit_of_work(run.tenant_id) as work:
            return await repository.keep(work, run, first_delta, deltas)

    async def finish(
        self, run: RunState, outcome: Outcome, deltas: Sequence[str], first_unkept: int
    ) -> RunState | None:
        """`deltas` are all of them. None when it was over already, or is gone with its conversation."""
        try:
            async with self._database.unit_of_work(run.tenant_id, actor_id=run.user_id) as work:
                await repository.lock_conversation(work, run)
                await repository.keep(work, run, first_unkept, deltas[first_unkept - 1 :])
                return await self._end(work, run, outcome, deltas)
        except NotFound:
            async with self._database.unit_of_work(run.tenant_id, actor_id=run.user_id) as work:
                await self._settle(work, run, outcome, is_ended=False)
            return None

    async def fail_abandoned(self, run: RunState, outcome: Outcome, silent_for: timedelta) -> RunState | None:
        """Ends it with what it had. None when its node turns out to be alive, or somebody was faster."""
        try:
            async with self._database.unit_of_work(run.tenant_id, actor_id=run.user_id) as work:
                await repository.lock_conversation(work, run)
                if not await repository.lock_abandoned(work, run, silent_for):
                    return None
                return await self._end(work, run, outcome, await repository.deltas_after(work, run, 0))
        except NotFound:
            return None

    async def _end(self, work: Work, run: RunState, outcome: Outcome, deltas: Sequence[str]) -> RunState | None:
        text = "".join(deltas)
        spent = outcome.usage
        ending = Ending(outcome.status, outcome.error_code, spent, len(deltas))
        ended = await repository.finish(work, run, ending, self._clock.now())
        if ended is None:
            await self._settle(work, run, outcome, is_ended=False)
            return None
        if text or outcome.status is RunStatus.COMPLETED:
            cost = outcome.cost or await self._tokens.count(text)
            await self._messages.say(work, run, run.conversation_id, _answer(run, outcome, text, cost))
        await self._settle(work, run, outcome, is_ended=True)
        return ended

    async def _settle(self, work: Work, run: RunState, outcome: Outcome, *, is_ended: bool) -> None:
        """Counts once what the answer has cost, also when its conversation was deleted meanwhile."""
        was_under_way = await self._admission.end(work, run, run.id)
        if outcome.usage is not None and (is_ended or was_under_way):
            await self._admission.spend(work, run, outcome.usage.total_tokens)
            await usage.count(work, run, run.provider, outcome.model, outcome.usage, self._clock.now())


def _answer(run: RunState, outcome: Outcome, text: str, cost: TokenCount) -> NewMessage:
    return NewMessage(
        run.message_id,
        MessageRole.ASSISTANT,
        text,
        outcome.model,
        run.prompt_id,
        cost,
        str(outcome.status),
        None if outcome.usage is None else msgspec.to_builtins(outcome.usage),
    )
