"""Events over the bus: order, durability, fan-out, retries and dead letters, the same with and without a broker."""

import asyncio
from collections.abc import Sequence

import pytest
from bus_networks import Inbox, Network, message, numbered, one_by_one, tasks_of, until

from shared.messaging.bus import MAX_ATTEMPTS, Binding, Delivery, PublishFailed, QueueSpec
from shared.messaging.dead_letter_files import DeadLetter
from shared.messaging.memory import MemoryBus
from shared.testing.eventually import eventually


async def test_a_thousand_messages_arrive_in_the_order_they_were_published(network: Network) -> None:
    node, inbox = await network.node(), Inbox()
    await node.consume(tasks_of(network), inbox)

    await node.publish(numbered(network.publisher, 1000))

    await until(lambda: len(inbox.bodies) == 1000)
    assert inbox.bodies == [str(number).encode() for number in range(1000)]


async def test_parallel_batches_keep_their_own_order(network: Network) -> None:
    node, inbox = await network.node(), Inbox()
    await node.consume(tasks_of(network), inbox)
    batches = [[message(network.publisher, f"{batch}-{n}".encode()) for n in range(100)] for batch in range(4)]

    await asyncio.gather(*(node.publish(batch) for batch in batches))

    await until(lambda: len(inbox.bodies) == 400)
    for batch in range(4):
        mine = [body for body in inbox.bodies if body.startswith(f"{batch}-".encode())]
        assert mine == [f"{batch}-{n}".encode() for n in range(100)]


async def test_a_confirmed_message_waits_for_a_consumer_that_is_away(network: Network) -> None:
    first, second, inbox = await network.node(), await network.node(), Inbox()
    await first.consume(tasks_of(network), inbox)
    await first.close()

    await second.publish([message(network.publisher, b"later")])

    returned = await network.node()
    await returned.consume(tasks_of(network), inbox)
    await until(lambda: inbox.bodies == [b"later"])


async def test_every_service_gets_its_own_copy(network: Network) -> None:
    node, readers = await network.node(), [Inbox(), Inbox()]
    for number, reader in enumerate(readers):
        spec = QueueSpec(f"{network.queue}.{number}", (Binding(network.publisher, "project.#"),))
        await node.consume(spec, reader)

    await node.publish([message(network.publisher, b"for all")])

    await until(lambda: all(reader.bodies == [b"for all"] for reader in readers))


async def test_two_matching_bindings_deliver_once(network: Network) -> None:
    node, inbox = await network.node(), Inbox()
    bindings = (Binding(network.publisher, "project.task.*"), Binding(network.publisher, "project.#"))
    await node.consume(QueueSpec(network.queue, bindings), inbox)

    await node.publish([message(network.publisher, b"once"), message(network.publisher, b"end")])

    await until(lambda: b"end" in inbox.bodies)
    assert inbox.bodies == [b"once", b"end"]


async def test_an_event_nobody_is_bound_to_is_fine(network: Network) -> None:
    node = await network.node()

    await node.publish([message(network.publisher, type_name="project.unheard.of")])


async def test_what_waits_is_handed_over_together_and_in_order(network: Network) -> None:
    node, handed = await network.node(), []
    may_go_on = asyncio.Event()

    async def handle(deliveries: Sequence[Delivery]) -> None:
        handed.append([delivery.body for delivery in deliveries])
        await may_go_on.wait()
        for delivery in deliveries:
            await delivery.ack()

    await node.consume(tasks_of(network)._replace(prefetch=4), handle)
    await node.publish([message(network.publisher, b"0")])
    await until(lambda: handed == [[b"0"]])
    await node.publish(numbered(network.publisher, 10)[1:])
    await asyncio.sleep(0.2)  # what the broker sends ahead is here
    may_go_on.set()

    await until(lambda: sum(map(len, handed)) == 10)
    assert [body for bodies in handed for body in bodies] == [str(number).encode() for number in range(10)]
    assert max(map(len, handed)) in (3, 4)  # the one in hand counts among those that a broker sends ahead


async def test_deliveries_of_a_queue_never_overlap(network: Network) -> None:
    node = await network.node()
    running, most, done = 0, 0, 0

    async def handle(delivery: Delivery) -> None:
        nonlocal running, most, done
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running, done = running - 1, done + 1
        await delivery.ack()

    await node.consume(tasks_of(network), one_by_one(handle))
    await node.publish(numbered(network.publisher, 50))

    await until(lambda: done == 50)
    assert most == 1


async def test_a_retried_message_comes_again_with_a_raised_attempt_and_holds_nobody_up(network: Network) -> None:
    node = await network.node()
    seen: list[tuple[bytes, int]] = []

    async def handle(delivery: Delivery) -> None:
        seen.append((delivery.body, delivery.attempt))
        if delivery.body == b"bad" and delivery.attempt < 3:
            await delivery.retry(0.05)
        else:
            await delivery.ack()

    await node.consume(tasks_of(network), one_by_one(handle))
    await node.publish([message(network.publisher, b"bad"), message(network.publisher, b"good")])

    await until(lambda: (b"bad", 3) in seen)
    assert seen == [(b"bad", 1), (b"good", 1), (b"bad", 2), (b"bad", 3)]


async def test_an_uncounted_retry_keeps_the_attempt(network: Network) -> None:
    node = await network.node()
    attempts: list[int] = []

    async def handle(delivery: Delivery) -> None:
        attempts.append(delivery.attempt)
        if len(attempts) < 3:
            await delivery.retry(0.05, counted=False)
        else:
            await delivery.ack()

    await node.consume(tasks_of(network), one_by_one(handle))
    await node.publish([message(network.publisher)])

    await until(lambda: len(attempts) == 3)
    assert attempts == [1, 1, 1]


async def test_a_retry_keeps_type_and_id(network: Network) -> None:
    node = await network.node()
    seen: list[tuple[str, str]] = []

    async def handle(delivery: Delivery) -> None:
        seen.append((delivery.type, str(delivery.message_id)))
        await (delivery.retry(0.05) if delivery.attempt == 1 else delivery.ack())

    await node.consume(tasks_of(network), one_by_one(handle))
    published = message(network.publisher)
    await node.publish([published])

    await until(lambda: len(seen) == 2)
    assert seen == [(published.type, str(published.id))] * 2


async def test_a_handler_that_raises_gets_its_message_again_and_the_others_meanwhile(network: Network) -> None:
    node = await network.node()
    seen: list[bytes] = []

    async def handle(delivery: Delivery) -> None:
        seen.append(delivery.body)
        if delivery.body == b"bad" and delivery.attempt == 1:
            raise RuntimeError("a bug")
        await delivery.ack()

    await node.consume(tasks_of(network)._replace(prefetch=1), one_by_one(handle))
    await node.publish([message(network.publisher, b"bad"), message(network.publisher, b"good")])

    await until(lambda: len(seen) == 3)
    assert seen == [b"bad", b"good", b"bad"]


async def test_a_delivery_in_hand_at_shutdown_is_delivered_again(network: Network) -> None:
    stopping, staying, inbox = await network.node(), await network.node(), Inbox()
    in_hand = asyncio.Event()

    async def hang(_: Delivery) -> None:
        in_hand.set()
        await asyncio.Event().wait()

    await stopping.consume(tasks_of(network)._replace(prefetch=1), one_by_one(hang))
    await staying.publish([message(network.publisher, b"first"), message(network.publisher, b"second")])
    await in_hand.wait()
    await stopping.close()
    await staying.consume(tasks_of(network), inbox)

    await until(lambda: len(inbox.bodies) == 2)
    assert inbox.bodies == [b"first", b"second"]


async def test_draining_finishes_what_is_in_hand_and_leaves_the_rest(network: Network) -> None:
    stopping, staying, inbox = await network.node(), await network.node(), Inbox()
    in_hand, may_finish, finished = asyncio.Event(), asyncio.Event(), []

    async def handle(delivery: Delivery) -> None:
        in_hand.set()
        await may_finish.wait()
        finished.append(delivery.body)
        await delivery.ack()

    await stopping.consume(tasks_of(network)._replace(prefetch=1), one_by_one(handle))
    await staying.publish([message(network.publisher, b"first"), message(network.publisher, b"second")])
    await in_hand.wait()
    draining = asyncio.create_task(stopping.stop_consuming())
    await asyncio.sleep(0)
    assert not draining.done()
    may_finish.set()
    await draining
    await staying.consume(tasks_of(network), inbox)

    await until(lambda: inbox.bodies == [b"second"])
    assert finished == [b"first"]


async def test_publishing_goes_on_after_draining(network: Network) -> None:
    drained, other, inbox = await network.node(), await network.node(), Inbox()
    await other.consume(tasks_of(network), inbox)
    await drained.stop_consuming()

    await drained.publish([message(network.publisher, b"still here")])

    await until(lambda: inbox.bodies == [b"still here"])


async def test_publishing_over_a_bus_that_is_not_connected_fails_at_once() -> None:
    with pytest.raises(PublishFailed):
        await MemoryBus().publish([message("project")])


async def test_a_dead_letter_keeps_its_reason_and_comes_back_when_replayed(network: Network) -> None:
    node, revived = await network.node(), []

    async def handle(delivery: Delivery) -> None:
        if not revived and delivery.attempt == 1:
            await delivery.retry(0.05)
        elif not revived:
            revived.append("dead")
            await delivery.dead_letter("ValueError: the handler failed 2 times.")
        else:
            revived.append(f"attempt {delivery.attempt}")
            await delivery.ack()

    await node.consume(tasks_of(network), one_by_one(handle))
    published = message(network.publisher, b'{"n": 1}')
    await node.publish([published])
    await until(lambda: bool(revived))
    (letter,) = await _dead_letters(network)
    await network.dead_letters().replay([letter])
    await until(lambda: len(revived) == 2)

    assert (letter.id, letter.type, letter.queue) == (published.id, published.type, network.queue)
    assert (letter.reason, letter.attempt) == ("ValueError: the handler failed 2 times.", 2)
    assert letter.body == b'{"n": 1}'
    assert letter.first_failed < letter.died
    assert revived == ["dead", "attempt 1"]
    assert await network.dead_letters().read() == []


async def test_only_the_chosen_dead_letter_is_replayed(network: Network) -> None:
    node, inbox, is_mended = await network.node(), Inbox(), False

    async def handle(delivery: Delivery) -> None:
        await (inbox([delivery]) if is_mended else delivery.dead_letter("ValueError: no."))

    await node.consume(tasks_of(network), one_by_one(handle))
    await node.publish([message(network.publisher, b"one"), message(network.publisher, b"two")])
    letters = await _dead_letters(network, count=2)
    is_mended = True
    await network.dead_letters().replay([letter for letter in letters if letter.body == b"two"])

    await until(lambda: inbox.bodies == [b"two"])
    assert [letter.body for letter in await network.dead_letters().read()] == [b"one"]


async def test_a_message_that_its_handler_never_settles_ends_as_a_dead_letter(network: Network) -> None:
    node = await network.node()

    async def forget(_deliveries: Sequence[Delivery]) -> None:
        return

    await node.consume(tasks_of(network), forget)
    await node.publish([message(network.publisher, b"lost")])

    [letter] = await _dead_letters(network)
    assert (letter.body, letter.attempt) == (b"lost", MAX_ATTEMPTS)


async def _dead_letters(network: Network, count: int = 1) -> list[DeadLetter]:
    async def are_there() -> bool:
        return len(await network.dead_letters().read(network.queue)) == count

    await eventually(are_there, within=10)
    return await network.dead_letters().read(network.queue)


async def test_a_batch_is_bounded_in_bytes(network: Network) -> None:
    node, sizes = await network.node(), []

    async def handle(deliveries: Sequence[Delivery]) -> None:
        sizes.append(len(deliveries))
        for delivery in deliveries:
            await delivery.ack()

    await node.publish([message(network.publisher, b"x" * 1_500_000) for _ in range(6)])
    await node.consume(tasks_of(network), handle)
    await node.publish([message(network.publisher, b"x" * 1_500_000) for _ in range(6)])

    await until(lambda: sum(sizes) >= 6)
    assert max(sizes) <= 3, "4 MiB begin within three of them"
