from __future__ import annotations

import _thread
import threading
import time
from typing import TYPE_CHECKING

import pytest

from qa.intake.pipeline import overlap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Stages:
    """Groups of two numbers; what was written, what was worked on, and by which threads."""

    def __init__(self, groups: int = 6) -> None:
        self.groups = groups
        self.read = 0
        self.worked: list[list[int]] = []
        self.written: list[int] = []
        self.threads: dict[str, set[int]] = {"read": set(), "work": set(), "write": set()}

    def reading(self, fail_at: int = -1) -> Iterator[list[int]]:
        for number in range(self.groups):
            self.threads["read"].add(threading.get_ident())
            if number == fail_at:
                raise OSError("reading")
            self.read += 1
            yield [2 * number, 2 * number + 1]

    def work(self, group: list[int]) -> int:
        self.threads["work"].add(threading.get_ident())
        self.worked.append(group)
        return sum(group)

    def write(self, item: int, made: int) -> None:
        self.threads["write"].add(threading.get_ident())
        assert made == 2 * (item - item % 2) + 1
        self.written.append(item)

    def run(self, huge: Callable[[list[int]], bool] = lambda group: False) -> None:
        overlap(self.reading(), self.work, self.write, huge)


@pytest.mark.parametrize("huge", [False, True])
def test_all_is_written_in_order_and_only_the_work_is_done_on_the_callers_thread(huge: bool) -> None:
    stages = Stages()
    stages.run(lambda group: huge)
    assert stages.written == list(range(12))
    assert stages.threads["work"] == {threading.get_ident()}
    assert threading.get_ident() not in stages.threads["read"] | stages.threads["write"]


def test_a_group_is_read_and_one_is_written_while_another_is_worked_on() -> None:
    """Each stage waits for the others to be where only an overlap lets them be."""
    stages = Stages(3)
    third_read, second_worked_on = threading.Event(), threading.Event()

    def reading() -> Iterator[list[int]]:
        for group in stages.reading():
            if group == [4, 5]:
                third_read.set()
            yield group

    def work(group: list[int]) -> int:
        if group == [2, 3]:
            second_worked_on.set()
            assert third_read.wait(10)
        return stages.work(group)

    def write(item: int, made: int) -> None:
        assert second_worked_on.wait(10)
        stages.write(item, made)

    overlap(reading(), work, write, lambda group: False)
    assert stages.written == [0, 1, 2, 3, 4, 5]


def test_a_huge_group_is_in_memory_alone() -> None:
    stages = Stages()

    def work(group: list[int]) -> int:
        time.sleep(0.01)  # time for a reader that would run ahead
        assert 2 * stages.read == group[-1] + 1
        assert stages.written == list(range(group[0]))
        return stages.work(group)

    overlap(stages.reading(), work, stages.write, lambda group: True)
    assert stages.written == list(range(12))


def test_an_error_in_reading_comes_when_all_before_it_is_written() -> None:
    stages = Stages()
    with pytest.raises(OSError, match="reading"):
        overlap(stages.reading(fail_at=3), stages.work, stages.write, lambda group: False)
    assert stages.written == [0, 1, 2, 3, 4, 5]


def test_an_error_in_the_work_comes_when_all_before_it_is_written() -> None:
    stages = Stages()

    def work(group: list[int]) -> int:
        if group[0] == 4:
            raise ValueError("work")
        return stages.work(group)

    with pytest.raises(ValueError, match="work"):
        overlap(stages.reading(), work, stages.write, lambda group: False)
    assert stages.written == [0, 1, 2, 3]


def test_an_error_in_writing_ends_it_there_and_is_the_one_raised_though_others_follow() -> None:
    stages = Stages()

    def write(item: int, made: int) -> None:
        if item == 3:
            time.sleep(0.01)  # the next group fails meanwhile
            raise OSError("writing")
        stages.write(item, made)

    def work(group: list[int]) -> int:
        if group[0] == 4:
            raise ValueError("work")
        return stages.work(group)

    with pytest.raises(OSError, match="writing"):
        overlap(stages.reading(), work, write, lambda group: False)
    assert stages.written == [0, 1, 2]


def test_an_interruption_ends_it_after_the_item_that_is_being_written() -> None:
    """A Ctrl-C on the main thread, as the first of two items is being written."""
    stages = Stages()
    interrupted = threading.Event()

    def work(group: list[int]) -> int:
        if group[0] == 2:
            interrupted.wait(10)
            time.sleep(10)  # where the interruption lands
        return stages.work(group)

    def write(item: int, made: int) -> None:
        interrupted.set()
        _thread.interrupt_main()
        time.sleep(0.3)
        stages.write(item, made)

    with pytest.raises(KeyboardInterrupt):
        overlap(stages.reading(), work, write, lambda group: False)
    assert stages.written == [0]
    assert stages.worked == [[0, 1]]
