"""What a thread tells an event loop: all of it at once, and nothing that harms either."""

from __future__ import annotations

import asyncio
import threading

import pytest

from structkit.errors import JobError
from structkit.journal.wakeups import PendingWrite, WakeupQueue


def from_a_thread(wakes: WakeupQueue, *promises: PendingWrite, error: Exception | None = None) -> None:
    """Resolve promises in a thread, which has ended when this returns."""

    def work() -> None:
        for promise in promises:
            promise.set_exception(error) if error else promise.set_result(None)
        wakes.wake()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_all_that_is_ready_is_told_in_one_turn_of_the_loop() -> None:
    async def rows() -> list[bool]:
        wakes = WakeupQueue()
        promises = [wakes.create_pending() for _ in range(100)]
        from_a_thread(wakes, *promises)
        await promises[0].future
        return [promise.future.done() for promise in promises]

    assert all(asyncio.run(rows()))


def test_who_waits_is_told_what_went_wrong() -> None:
    async def row() -> None:
        wakes = WakeupQueue()
        promise = wakes.create_pending()
        from_a_thread(wakes, promise, error=JobError("the disk is full"))
        await promise.future

    with pytest.raises(JobError, match="the disk is full"):
        asyncio.run(row())


def test_who_was_cancelled_is_passed_over() -> None:
    async def rows() -> None:
        wakes = WakeupQueue()
        first, second = wakes.create_pending(), wakes.create_pending()
        first.future.cancel()
        from_a_thread(wakes, first, second)
        await second.future
        assert first.future.cancelled()

    asyncio.run(rows())


def test_a_loop_that_is_gone_and_one_that_never_was_are_no_harm() -> None:
    wakes = WakeupQueue()
    wakes.wake()

    async def row() -> PendingWrite:
        return wakes.create_pending()

    promise = asyncio.run(row())
    promise.set_result(None)
    wakes.wake()
    assert not promise.future.done()
