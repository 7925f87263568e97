"""Results that a thread hands to an event loop: all at once, and without harm to either."""

from __future__ import annotations

import asyncio
import threading

import pytest

from structkit.errors import JobError
from structkit.journal.wakeups import PendingWrite, WakeupQueue


def resolve_in_thread(queue: WakeupQueue, *writes: PendingWrite, error: Exception | None = None) -> None:
    """Resolve pending writes in a thread, and wait until it has finished."""

    def work() -> None:
        for write in writes:
            write.set_exception(error) if error else write.set_result(None)
        queue.wake()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_all_ready_futures_are_resolved_in_one_turn_of_the_loop() -> None:
    async def rows() -> list[bool]:
        queue = WakeupQueue()
        writes = [queue.create_pending() for _ in range(100)]
        resolve_in_thread(queue, *writes)
        await writes[0].future
        return [write.future.done() for write in writes]

    assert all(asyncio.run(rows()))


def test_a_waiting_task_gets_the_error() -> None:
    async def row() -> None:
        queue = WakeupQueue()
        write = queue.create_pending()
        resolve_in_thread(queue, write, error=JobError("the disk is full"))
        await write.future

    with pytest.raises(JobError, match="the disk is full"):
        asyncio.run(row())


def test_a_cancelled_task_is_skipped() -> None:
    async def rows() -> None:
        queue = WakeupQueue()
        first, second = queue.create_pending(), queue.create_pending()
        first.future.cancel()
        resolve_in_thread(queue, first, second)
        await second.future
        assert first.future.cancelled()

    asyncio.run(rows())


def test_a_closed_loop_and_a_missing_one_do_no_harm() -> None:
    queue = WakeupQueue()
    queue.wake()

    async def row() -> PendingWrite:
        return queue.create_pending()

    write = asyncio.run(row())
    write.set_result(None)
    queue.wake()
    assert not write.future.done()
