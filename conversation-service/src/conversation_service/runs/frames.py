"""The frames of a run, made from nothing but what is stored: the same on every node and at every reading.

Frame 0 is `start`, frame n the n-th `delta`; behind the last of them come `usage`, where there is any, and `done` or
`error`. The ids are those of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).
"""

from collections.abc import Iterator

import msgspec

from conversation_service.llm.errors import LlmError, LlmProviderError
from conversation_service.runs.schemas import RunState, RunStatus
from shared.errors import catalogue
from shared.events.run_frames import RunFrame

BEFORE_THE_FIRST = -1
KEEP_ALIVE = b": still here\n\n"
_ENDS = frozenset({"done", "error"})
_UNHAPPY = (RunStatus.FAILED, RunStatus.INTERRUPTED)


def start_frame(run: RunState) -> RunFrame:
    data = {
        "run_id": run.id,
        "conversation_id": run.conversation_id,
        "prompt_id": run.prompt_id,
        "message_id": run.message_id,
        "provider": run.provider,
        "model": run.model,
    }
    return RunFrame(0, "start", data)


def delta_frame(run: RunState, number: int, text: str) -> RunFrame:
    return RunFrame(number, "delta", {"run_id": run.id, "content": text})


def last_frames(run: RunState) -> Iterator[RunFrame]:
    """Of a run that is over."""
    number = run.delta_count
    if run.usage is not None:
        number += 1
        yield RunFrame(number, "usage", {"run_id": run.id, **msgspec.structs.asdict(run.usage)})
    about = {"run_id": run.id, "message_id": run.message_id, "status": run.status}
    if run.status in _UNHAPPY:
        error = error_of(run)
        yield RunFrame(number + 1, "error", {**about, "code": error.code, "message": error.message})
    else:
        yield RunFrame(number + 1, "done", about)


def error_of(run: RunState) -> LlmError:
    """Why a run failed."""
    known = catalogue().get(run.error_code or "", LlmProviderError)
    return known() if issubclass(known, LlmError) else LlmProviderError()


def is_last(frame: RunFrame) -> bool:
    return frame.event in _ENDS


def as_server_sent_event(frame: RunFrame) -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (frame.id, frame.event.encode(), msgspec.json.encode(frame.data))


def read_last_event_id(header: str | None) -> int:
    """The id of the last frame a reader has. What is none of ours means from the beginning."""
    if header is None or not (header.isascii() and header.isdigit()) or len(header) > 9:
        return BEFORE_THE_FIRST
    return int(header)
