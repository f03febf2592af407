"""Every task of the product is held and watched: what starts one itself is listed here, with the reason."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = ("*/src/**/*.py", "deploy/embedded/*.py", "deploy/local/*.py", "deploy/supervision/*.py")
STARTS_A_TASK = {"create_task", "ensure_future", "add_task", "run_coroutine_threadsafe"}
ALLOWED = {
    "shared/src/shared/supervision.py": "is the supervisor",
    "shared/src/shared/stopping.py": "a step of a stop, awaited and logged where it is started",
    "shared/src/shared/messaging/rabbitmq/publisher.py": "confirmations of a batch, awaited by the call itself",
    "shared/src/shared/db/asyncpg_engine.py": "a rollback that is awaited, also when the one who waits is cancelled",
    "gateway/src/gateway/exchange.py": "one request, held by its exchange; every outcome of it is answered",
    "gateway/src/gateway/rate_limit/redis_store.py": "a round trip for waiting requests, which all get its failure",
    "realtime-service/src/realtime_service/repairs.py": "the repair of one stream, gives up with a log entry",
    "conversation-service/src/conversation_service/runs/engine.py": "one answer, held by run; its failure is logged",
    "conversation-service/src/conversation_service/answers/unstored.py": "one answer, which its reader waits for",
    "project-service/src/project_service/attachments/service.py": "an upload, which the call and its removal wait for",
    "project-service/src/project_service/blobs/service.py": "uploads that the write and its removal wait for",
    "project-service/src/project_service/cleanup.py": "a removal, held until it has ended; logs failures",
    "project-service/src/project_service/gifting/gifts/page_reader.py": "the end of a process, held until it is there",
}


def starts(path: Path) -> Iterator[int]:
    """Lines of `path` that start a task."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in STARTS_A_TASK:
            yield node.lineno


def sources() -> list[Path]:
    found = {path for pattern in SOURCES for path in ROOT.glob(pattern)}
    return sorted(path for path in found if "testing" not in path.parts)


def test_nothing_starts_a_task_that_nobody_watches() -> None:
    files = {str(path.relative_to(ROOT)): list(starts(path)) for path in sources()}

    unwatched = [f"{name}:{line}" for name, lines in files.items() if name not in ALLOWED for line in lines]

    assert unwatched == [], "start it with Supervisor.start, start_periodic or TaskSet.start (shared.supervision)"


def test_the_list_of_exceptions_names_no_file_that_needs_none() -> None:
    needed = {str(path.relative_to(ROOT)) for path in sources() if any(starts(path))}

    assert set(ALLOWED) - needed == set()


def test_a_started_task_is_found(tmp_path: Path) -> None:
    file = tmp_path / "bare.py"
    file.write_text("import asyncio\n\n\nasync def begin(work):\n    asyncio.create_task(work)\n")

    assert list(starts(file)) == [5]
