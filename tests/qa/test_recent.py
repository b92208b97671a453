from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qa.recent import Recent


def test_what_was_not_used_for_longest_goes_first() -> None:
    recent: Recent[str, int] = Recent(2)
    recent.put("a", 1)
    recent.put("b", 2)
    assert recent.get("a") == 1
    recent.put("c", 3)
    assert [recent.get(key) for key in "abc"] == [1, None, 3]


def test_what_is_larger_than_the_limit_is_not_held() -> None:
    recent: Recent[str, int] = Recent(10)
    recent.put("a", 1, 4)
    recent.put("b", 2, 11)
    assert recent.get("b") is None


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 9))))
def test_sizes_never_add_up_to_more_than_the_limit(puts: list[tuple[int, int]]) -> None:
    recent: Recent[int, int] = Recent(12)
    for key, size in puts:
        recent.put(key, size, size)
        assert recent.get(key) == size
        assert sum(recent.get(each) or 0 for each in range(6)) <= 12
