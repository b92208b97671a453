from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qa.bounded_cache import BoundedCache


def test_what_was_not_used_for_longest_goes_first() -> None:
    cache: BoundedCache[str, int] = BoundedCache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert [cache.get(key) for key in "abc"] == [1, None, 3]


def test_what_is_larger_than_the_limit_is_not_held() -> None:
    cache: BoundedCache[str, int] = BoundedCache(10)
    cache.put("a", 1, 4)
    cache.put("b", 2, 11)
    assert cache.get("b") is None


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 9))))
def test_sizes_never_add_up_to_more_than_the_limit(puts: list[tuple[int, int]]) -> None:
    cache: BoundedCache[int, int] = BoundedCache(12)
    for key, size in puts:
        cache.put(key, size, size)
        assert cache.get(key) == size
        assert sum(cache.get(each) or 0 for each in range(6)) <= 12
