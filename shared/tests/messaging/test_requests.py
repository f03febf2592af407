"""Questions between services: answers, typed errors, deadlines."""

import asyncio
import time

import msgspec
import pytest
from bus_networks import Network

from shared.errors import Conflict, FieldError, ValidationFailed
from shared.messaging.bus import RequestFailed, RequestTimeout, ServiceUnreachable
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Request, Requests, Responder
from shared.telemetry.tracing import continue_trace, current_trace


class Sum(msgspec.Struct, frozen=True):
    total: int


class Add(Request[Sum], frozen=True, kw_only=True):
    operation = "add"
    left: int
    right: int


class TooOdd(Conflict):
    code = "TOO_ODD"
    message = "The sum would be odd."


async def add(question: Add) -> Sum:
    return Sum(question.left + question.right)


async def ask(network: Network, question: Add = Add(left=1, right=2), deadline: float = 1.0) -> Sum:  # noqa: B008
    """From another node than the one that answers."""
    asker = await network.node()
    return await Requests(asker).ask(question, service=network.publisher, deadline=deadline)


async def answer_with(network: Network, handler: object) -> None:
    responder = Responder(await network.node(), network.publisher)
    responder.on(Add, handler)
    await responder.start()


async def test_a_request_is_answered_by_another_node(network: Network) -> None:
    await answer_with(network, add)

    assert await ask(network) == Sum(3)


async def test_parallel_requests_get_their_own_answers(network: Network) -> None:
    answered = [asyncio.Event() for _ in range(5)]

    async def add_in_reverse_order(question: Add) -> Sum:
        for later in answered[question.left + 1 :]:
            await later.wait()
        answered[question.left].set()
        return await add(question)

    await answer_with(network, add_in_reverse_order)
    requests = Requests(await network.node())
    questions = [Add(left=number, right=0) for number in range(5)]

    answers = await asyncio.gather(*(requests.ask(question, service=network.publisher) for question in questions))

    assert answers == [Sum(number) for number in range(5)]


async def test_the_error_of_the_answering_side_is_raised_at_the_asker(network: Network) -> None:
    async def refuse(question: Add) -> Sum:
        raise TooOdd(details={"total": question.left + question.right})

    await answer_with(network, refuse)

    with pytest.raises(TooOdd) as caught:
        await ask(network)
    assert (caught.value.message, caught.value.details) == ("The sum would be odd.", {"total": 3})


async def test_an_error_whose_constructor_takes_something_else_travels_too(network: Network) -> None:
    async def refuse(_: Add) -> Sum:
        raise ValidationFailed([FieldError("left", "TOO_SMALL", "Too small.")])

    await answer_with(network, refuse)

    with pytest.raises(ValidationFailed) as caught:
        await ask(network)
    assert caught.value.details["fields"][0]["path"] == "left"


async def test_a_bug_of_the_answering_side_tells_the_asker_only_that_it_failed(network: Network) -> None:
    async def fail(_: Add) -> Sum:
        raise RuntimeError("secret")

    await answer_with(network, fail)

    with pytest.raises(RequestFailed) as caught:
        await ask(network)
    assert "secret" not in str(caught.value)


async def test_an_operation_nobody_answers_fails(network: Network) -> None:
    await Responder(await network.node(), network.publisher).start()

    with pytest.raises(RequestFailed):
        await ask(network)


async def test_a_handler_past_the_deadline_is_cancelled_and_the_asker_told_in_time(network: Network) -> None:
    cancelled = asyncio.Event()

    async def hang(_: Add) -> Sum:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        return Sum(0)

    await answer_with(network, hang)
    started = time.monotonic()

    with pytest.raises(RequestTimeout):
        await ask(network, deadline=0.2)

    assert time.monotonic() - started < 1.0
    await asyncio.wait_for(cancelled.wait(), 1.0)


async def test_a_service_that_is_not_there_is_unreachable_within_the_deadline(network: Network) -> None:
    started = time.monotonic()

    with pytest.raises(ServiceUnreachable):
        await ask(network, deadline=0.2)

    assert time.monotonic() - started < 1.0


async def test_a_request_whose_deadline_passed_is_not_answered_late(network: Network) -> None:
    asked = []

    async def remember(question: Add) -> Sum:
        asked.append(question.left)
        return await add(question)

    with pytest.raises(ServiceUnreachable):
        await ask(network, Add(left=1, right=0), deadline=0.1)
    await answer_with(network, remember)
    await ask(network, Add(left=2, right=0))

    assert asked == [2]


async def test_a_service_that_comes_within_the_deadline_answers(network: Network) -> None:
    asking = asyncio.create_task(ask(network, deadline=2.0))
    await asyncio.sleep(0)

    await answer_with(network, add)

    assert await asking == Sum(3)


async def test_a_draining_node_answers_what_it_has_and_takes_no_more(network: Network) -> None:
    node, may_answer, taken = await network.node(), asyncio.Event(), asyncio.Event()

    async def wait(question: Add) -> Sum:
        taken.set()
        await may_answer.wait()
        return await add(question)

    responder = Responder(node, network.publisher)
    responder.on(Add, wait)
    await responder.start()
    asking = asyncio.create_task(ask(network))
    await taken.wait()
    draining = asyncio.create_task(node.stop_consuming())
    may_answer.set()
    await draining

    assert await asking == Sum(3)
    with pytest.raises(ServiceUnreachable):
        await ask(network, deadline=0.1)


async def test_the_trace_goes_on_at_the_answering_side(network: Network) -> None:
    traces = []

    async def remember(question: Add) -> Sum:
        trace = current_trace()
        traces.append(trace.trace_id if trace else None)
        return await add(question)

    await answer_with(network, remember)
    mine = continue_trace(None)
    await ask(network)

    assert traces == [mine.trace_id]


async def test_the_replicas_of_a_service_take_turns(network: Network) -> None:
    answered = []

    def replica(number: int) -> object:
        async def remember(question: Add) -> Sum:
            answered.append(number)
            return await add(question)

        return remember

    for number in range(2):
        await answer_with(network, replica(number))
    requests = Requests(await network.node())
    for _ in range(4):
        await requests.ask(Add(left=1, right=1), service=network.publisher)

    assert sorted(answered) == [0, 0, 1, 1]


def test_a_responder_refuses_requests_to_another_service() -> None:
    class ToProject(Request[Sum], frozen=True):
        service = "project"
        operation = "ask"

    with pytest.raises(ValueError, match="ToProject is a request to project, not to auth"):
        Responder(MemoryBus(), "auth").on(ToProject, add)
