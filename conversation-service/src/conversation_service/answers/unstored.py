"""Answers of which nothing is stored: they are admitted, paid for and bounded like all others.

An answer is read by a task of its own. It ends with the provider, when its reader leaves, or after `total_seconds`,
however slowly its reader takes what was read.
"""

import asyncio
from contextlib import aclosing
from types import TracebackType
from typing import Self
from uuid import UUID

from msgspec.structs import replace

from conversation_service.answers.admission import AnswerAdmission
from conversation_service.conversations.domain import Owner
from conversation_service.llm.errors import LlmError, LlmInterrupted, LlmProviderError, LlmTimeout
from conversation_service.llm.provider import Delta, Finished, Prompt, Provider
from conversation_service.llm.tokens import TokenCount, TokenCounter
from conversation_service.runs.schemas import RunUsage
from conversation_service.usage import repository as usage
from conversation_service.usage.costs import cost_of
from shared.clock import Clock
from shared.db.databases import Database
from shared.errors import TesseraError
from shared.idempotency import beside_the_write
from shared.ids import new_id
from shared.principal import Principal
from shared.telemetry.logs import get_logger

End = Finished | LlmError


class UnstoredAnswers:
    """`total_seconds` is the longest that one of them may take."""

    def __init__(
        self,
        database: Database,
        admission: AnswerAdmission,
        provider: Provider,
        tokens: TokenCounter,
        clock: Clock,
        *,
        total_seconds: float,
    ) -> None:
        self.provider = provider
        self.total_seconds = total_seconds
        self._database = database
        self._admission = admission
        self._tokens = tokens
        self._clock = clock
        self._under_way: dict[asyncio.Task[None], UnstoredAnswer] = {}

    async def begin(
        self, principal: Principal, prompt: Prompt, cost: TokenCount, answer_tokens: int
    ) -> "UnstoredAnswer":
        """Raises TierLimitExceeded. The answer is read when it is entered; one that never is ends with its lease."""
        lease_id = new_id()
        with beside_the_write():
            async with self._database.unit_of_work(principal.tenant_id) as work:
                allowed = await self._admission.admit(
                    work, principal, lease_id, prompt_tokens=cost.tokens, answer_tokens=answer_tokens
                )
        return UnstoredAnswer(self, principal, lease_id, replace(prompt, max_tokens=allowed), cost)

    def start(self, answer: "UnstoredAnswer") -> asyncio.Task[None]:
        task = asyncio.create_task(self._run(answer))
        self._under_way[task] = answer
        self._admission.hold(answer.lease_id, answer.hang_up)
        task.add_done_callback(self._forget)
        return task

    async def drain(self, seconds: float) -> None:
        """Lets those that are being read be finished; what takes longer ends with what it has."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=seconds)
        for answer in list(self._under_way.values()):
            answer.hang_up()
        if self._under_way:
            await asyncio.wait(self._under_way)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._admission.release(self._under_way.pop(task).lease_id)

    async def _run(self, answer: "UnstoredAnswer") -> None:
        try:
            end = await self._read(answer)
        except asyncio.CancelledError:
            end = LlmInterrupted()
        answer.is_read = True
        was_cut_short = isinstance(end, LlmInterrupted | LlmTimeout)
        cost: RunUsage | None = None
        try:
            cost = await self._settle(answer, was_cut_short=was_cut_short)
        finally:
            answer.end(end, cost)  # who reads it goes on, whatever became of its cost

    async def _read(self, answer: "UnstoredAnswer") -> End:
        try:
            async with asyncio.timeout(self.total_seconds), aclosing(self.provider.answer(answer.prompt)) as events:
                async for event in events:
                    if isinstance(event, Finished):
                        answer.finished = event
                        return event
                    answer.take(event)
        except LlmError as error:
            return error
        except TimeoutError:
            return LlmTimeout()
        except Exception:
            get_logger().exception("a provider failed unexpectedly")
        return LlmProviderError()

    async def _settle(self, answer: "UnstoredAnswer", *, was_cut_short: bool) -> RunUsage | None:
        """What it has cost. When the database is away that is not counted, and the lease expires."""
        cost = await cost_of(
            answer.prompt_cost, answer.deltas, answer.finished, self._tokens, was_cut_short=was_cut_short
        )
        spent = None if cost is None else cost.usage
        try:
            with beside_the_write():
                await self._count(answer, spent)
        except TesseraError as error:
            get_logger().error("an answer could not be counted", reason=error.code)
        return spent

    async def _count(self, answer: "UnstoredAnswer", spent: RunUsage | None) -> None:
        owner = answer.owner
        async with self._database.unit_of_work(owner.tenant_id) as work:
            was_under_way = await self._admission.end(work, owner, answer.lease_id)
            if spent is not None and was_under_way:
                await self._admission.spend(work, owner, spent.total_tokens)
                await usage.count(work, owner, self.provider.name, answer.model, spent, self._clock.now())


class UnstoredAnswer:
    """`async with` reads it; `next` answers each piece, and at last how it ended. Leaving hangs up on the provider."""

    def __init__(
        self, answers: UnstoredAnswers, owner: Owner, lease_id: UUID, prompt: Prompt, prompt_cost: TokenCount
    ) -> None:
        self.owner = owner
        self.lease_id = lease_id
        self.prompt = prompt
        self.prompt_cost = prompt_cost
        self.deltas: list[str] = []
        self.finished: Finished | None = None
        self.usage: RunUsage | None = None
        """When it has ended: what it has cost; None where the provider refused or failed before its first word."""
        self.is_read = False
        """From the provider, to the end or until somebody hung up."""
        self._answers = answers
        self._news = asyncio.Event()
        self._position = 0
        self._end: End | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = self._answers.start(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hang_up()
        if self._task is not None and not self._task.done():
            await asyncio.wait([self._task])

    @property
    def model(self) -> str:
        return self.finished.model if self.finished else self.prompt.model

    def hang_up(self) -> None:
        """Once it is read it is counted, and nobody interrupts that."""
        if self._task is not None and not self.is_read:
            self.is_read = True
            self._task.cancel()

    def take(self, delta: Delta) -> None:
        self.deltas.append(delta.text)
        self._news.set()

    def end(self, end: End, usage: RunUsage | None) -> None:
        self._end, self.usage = end, usage
        self._news.set()

    async def next(self) -> Delta | Finished:
        """Raises the LlmError with which it has ended."""
        while self._position == len(self.deltas) and self._end is None:
            self._news.clear()
            await self._news.wait()
        if self._position < len(self.deltas):
            self._position += 1
            return Delta(self.deltas[self._position - 1])
        if isinstance(self._end, LlmError):
            raise self._end
        assert self._end is not None
        return self._end

    async def whole(self) -> str:
        """The text of the answer. Raises the LlmError with which it has ended."""
        while not isinstance(await self.next(), Finished):
            pass
        return "".join(self.deltas)
