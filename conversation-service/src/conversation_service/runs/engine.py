"""Writes answers: each run is a task of this node, whoever listens, and ends in the database whatever happens."""

import asyncio
import time
from collections.abc import Iterable
from contextlib import aclosing, suppress
from datetime import timedelta
from functools import partial
from uuid import UUID

from conversation_service.answers.admission import AnswerAdmission
from conversation_service.llm.errors import LlmError, LlmInterrupted, LlmProviderError, LlmTimeout
from conversation_service.llm.provider import Finished, Prompt, Provider
from conversation_service.llm.tokens import TokenCount, TokenCounter
from conversation_service.runs import repository
from conversation_service.runs.frames import delta_frame, last_frames, start_frame
from conversation_service.runs.ledger import Outcome, RunLedger
from conversation_service.runs.live import LiveRun, LiveRuns
from conversation_service.runs.schemas import RunState, RunStatus
from conversation_service.usage.costs import cost_of
from shared.db.databases import Database
from shared.errors import TesseraError
from shared.events.run_frames import RunFrame, RunFrames, RunStopWanted
from shared.events.topics import conversation_topic
from shared.messaging.signals import Signals
from shared.telemetry.logs import get_logger

KEEP_SECONDS = 0.25  # what a crash may cost
KEEP_CHARACTERS = 2048
FINISH_SECONDS = 10.0  # how long a finished answer may wait for the database
RETRY_SECONDS = 0.25
_CUT_SHORT = (RunStatus.STOPPED, RunStatus.INTERRUPTED)


class Writing:
    """One answer on this node."""

    def __init__(self, run: RunState, prompt: Prompt, prompt_cost: TokenCount, live: LiveRun) -> None:
        self.run = run
        self.prompt = prompt
        self.prompt_cost = prompt_cost
        self.live = live
        self.deltas: list[str] = []
        self.finished: Finished | None = None
        self.kept = 0
        self.told = 0
        self.wants_keeping = asyncio.Event()
        self.wants_telling = asyncio.Event()
        self.is_written = False
        self._is_asked = False
        self._cut_short: RunStatus | None = None
        self._answering: asyncio.Task[None] | None = None
        self._unkept_characters = 0

    def add(self, text: str) -> None:
        self.deltas.append(text)
        self.live.accept(len(self.deltas), [text])
        self.wants_telling.set()
        self._unkept_characters += len(text)
        if self._unkept_characters >= KEEP_CHARACTERS:
            self._unkept_characters = 0
            self.wants_keeping.set()

    def cut_short(self, status: RunStatus) -> None:
        """Ends it with what it has."""
        self._cut_short = self._cut_short or status
        if self._answering is not None:
            self._answering.cancel()

    async def until_answered(self, provider: Provider, tokens: TokenCounter) -> Outcome:
        """Never raises."""
        self._answering = asyncio.create_task(self._answer(provider))
        if self._cut_short is not None:
            self._answering.cancel()
        try:
            await self._answering
        except asyncio.CancelledError:
            status, error_code = self._cut_short or RunStatus.INTERRUPTED, None
        except LlmError as error:
            status, error_code = RunStatus.FAILED, error.code
        except Exception:
            get_logger().exception("a provider failed unexpectedly", run_id=str(self.run.id))
            status, error_code = RunStatus.FAILED, LlmProviderError.code
        else:
            status, error_code = RunStatus.COMPLETED, None
        return await self._outcome(status, error_code, tokens)

    async def _answer(self, provider: Provider) -> None:
        self._is_asked = True
        async with aclosing(provider.answer(self.prompt)) as events:
            async for event in events:
                if isinstance(event, Finished):
                    self.finished = event
                else:
                    self.add(event.text)

    async def _outcome(self, status: RunStatus, error_code: str | None, tokens: TokenCounter) -> Outcome:
        if status is RunStatus.INTERRUPTED:
            error_code = LlmInterrupted.code
        model = self.finished.model if self.finished else self.run.model
        was_cut_short = self._is_asked and (status in _CUT_SHORT or error_code == LlmTimeout.code)
        cost = await cost_of(self.prompt_cost, self.deltas, self.finished, tokens, was_cut_short=was_cut_short)
        if cost is None:
            return Outcome(status, error_code, model)
        return Outcome(status, error_code, model, cost.usage, cost.written)


class RunEngine:
    """`lease`: a run whose node was silent for so long counts as crashed."""

    def __init__(
        self,
        database: Database,
        ledger: RunLedger,
        provider: Provider,
        tokens: TokenCounter,
        signals: Signals,
        live: LiveRuns,
        admission: AnswerAdmission,
        *,
        lease: timedelta,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._provider = provider
        self._tokens = tokens
        self._signals = signals
        self._live = live
        self._admission = admission
        self._lease = lease
        self.beat_seconds = lease.total_seconds() / 4
        self._writings: dict[UUID, Writing] = {}
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        self._is_draining = False

    async def listen(self) -> None:
        """What other nodes write can be followed here, and what is written here stopped there."""
        await self._signals.on(RunFrames, self._hear)
        await self._signals.on(RunStopWanted, self._stop)

    def start(self, run: RunState, prompt: Prompt, prompt_cost: TokenCount) -> None:
        writing = Writing(run, prompt, prompt_cost, self._live.begin(run.id))
        if self._is_draining:
            writing.cut_short(RunStatus.INTERRUPTED)
        self._writings[run.id] = writing
        self._admission.hold(run.id, partial(writing.cut_short, RunStatus.INTERRUPTED))
        task = asyncio.create_task(self._write(writing))
        self._tasks[run.id] = task
        task.add_done_callback(lambda task: self._forget(run.id, task))

    async def stop(self, run_id: UUID) -> None:
        """Wherever it is written."""
        await self._signals.send(RunStopWanted(run_id=run_id))

    async def drain(self, seconds: float) -> None:
        """Lets what is being written be finished; what takes longer ends with what it has."""
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=seconds)
        self._is_draining = True
        for writing in self._writings.values():
            writing.cut_short(RunStatus.INTERRUPTED)
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=FINISH_SECONDS)

    async def sweep(self) -> int:
        """Ends what crashed nodes have left; returns how many that were."""
        count = 0
        for row in await self._database.system_rows(repository.ABANDONED, self._lease):
            run = repository.run_of(row)
            outcome = Outcome(RunStatus.FAILED, LlmInterrupted.code, run.model)
            ended = await self._ledger.fail_abandoned(run, outcome, self._lease)
            if ended is not None:
                get_logger().warning("a run was left by its node", run_id=str(run.id))
                await self._tell(ended, last_frames(ended))
                count += 1
        return count

    def _hear(self, told: RunFrames) -> None:
        live = None if told.run_id in self._writings else self._live.find(told.run_id)
        if live is None:
            return
        deltas = [frame for frame in told.frames if frame.event == "delta"]
        is_over = told.frames[-1].event in ("done", "error")
        first = deltas[0].id if deltas else live.last + 1
        live.accept(first, [frame.data["content"] for frame in deltas], is_over=is_over)

    def _stop(self, wanted: RunStopWanted) -> None:
        if wanted.run_id in self._writings:
            self._writings[wanted.run_id].cut_short(RunStatus.STOPPED)

    def _forget(self, run_id: UUID, task: asyncio.Task[None]) -> None:
        del self._tasks[run_id], self._writings[run_id]
        self._admission.release(run_id)
        self._live.end(run_id)
        if not task.cancelled() and (error := task.exception()) is not None:
            get_logger().error("a run could not be ended", run_id=str(run_id), exc_info=error)

    async def _write(self, writing: Writing) -> None:
        keeping = asyncio.create_task(self._keep(writing))
        telling = asyncio.create_task(self._tell_all(writing))
        outcome = await writing.until_answered(self._provider, self._tokens)
        writing.is_written = True
        writing.wants_keeping.set()
        writing.wants_telling.set()
        await asyncio.gather(keeping, telling)
        ended = await self._finish(writing, outcome)
        writing.live.accept(writing.live.last + 1, [], is_over=True)
        if ended is not None:
            await self._tell(ended, last_frames(ended))

    async def _keep(self, writing: Writing) -> None:
        """What is written goes to the database every now and then; without news the node still says that it lives."""
        beaten = time.monotonic()
        while not writing.is_written:
            with suppress(TimeoutError):
                async with asyncio.timeout(KEEP_SECONDS):
                    await writing.wants_keeping.wait()
            writing.wants_keeping.clear()
            news = writing.deltas[writing.kept :]
            if writing.is_written or not (news or time.monotonic() - beaten > self.beat_seconds):
                continue
            try:
                wants_stop = await self._ledger.keep(writing.run, writing.kept + 1, news)
            except TesseraError:
                continue  # the next time has all of it
            writing.kept += len(news)
            beaten = time.monotonic()
            if wants_stop is not False:
                writing.cut_short(RunStatus.STOPPED)

    async def _finish(self, writing: Writing, outcome: Outcome) -> RunState | None:
        """None when it ended elsewhere, or the database stays away; then the lease runs out."""
        give_up = time.monotonic() + FINISH_SECONDS
        while True:
            try:
                return await self._ledger.finish(writing.run, outcome, writing.deltas, writing.kept + 1)
            except TesseraError as error:
                if time.monotonic() > give_up:
                    get_logger().error("an answer could not be stored", run_id=str(writing.run.id), reason=error.code)
                    return None
                await asyncio.sleep(RETRY_SECONDS)

    async def _tell_all(self, writing: Writing) -> None:
        """One signal for all that came while the last one was sent."""
        await self._tell(writing.run, [start_frame(writing.run)])
        while not writing.is_written or writing.told < len(writing.deltas):
            await writing.wants_telling.wait()
            writing.wants_telling.clear()
            told, news = writing.told, writing.deltas[writing.told :]
            writing.told += len(news)
            if news:
                frames = [delta_frame(writing.run, told + place, text) for place, text in enumerate(news, start=1)]
                await self._tell(writing.run, frames)

    async def _tell(self, run: RunState, frames: Iterable[RunFrame]) -> None:
        topic = conversation_topic(run.conversation_id)
        await self._signals.send(RunFrames(tenant_id=run.tenant_id, topic=topic, run_id=run.id, frames=list(frames)))
