"""Tasks that are told to end do end, also where it was lost that they were told."""

import asyncio

import pytest

from app.stopping import end_if_told, stop_tasks

BOUND_S = 60.0


class Deaf:
    """Does not hear the first times it is cancelled."""

    def __init__(self, times: int) -> None:
        self.left = times
        self.begun = asyncio.Event()

    async def run(self) -> None:
        while True:
            self.begun.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if self.left == 0:
                    raise
                self.left -= 1


@pytest.mark.parametrize("times", [0, 1, 3])
async def test_a_task_that_loses_its_cancellation_is_told_until_it_ends(times: int) -> None:
    deaf = Deaf(times)
    task = asyncio.create_task(deaf.run())
    async with asyncio.timeout(BOUND_S):
        await deaf.begun.wait()
        await stop_tasks([task], again_s=0.01)

    assert task.cancelled()
    assert deaf.left == 0


async def test_a_task_that_failed_is_stopped_and_its_error_is_nobodys() -> None:
    async def fail() -> None:
        raise ValueError("broken")

    task = asyncio.create_task(fail())
    await asyncio.wait([task], timeout=BOUND_S)
    async with asyncio.timeout(BOUND_S):
        await stop_tasks([task])

    assert task.done()


async def test_nothing_to_stop_is_stopped() -> None:
    async with asyncio.timeout(BOUND_S):
        await stop_tasks([])


async def test_a_task_whose_cancellation_was_lost_ends_where_it_looks() -> None:
    deaf = Deaf(1)

    async def hear_late() -> None:
        deaf.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            deaf.left -= 1
        end_if_told()

    task = asyncio.create_task(hear_late())
    async with asyncio.timeout(BOUND_S):
        await deaf.begun.wait()
        task.cancel()
        await asyncio.wait([task])

    assert task.cancelled()
    assert deaf.left == 0


async def test_a_task_that_nobody_cancelled_goes_on() -> None:
    end_if_told()
