from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from embeddings.arrays import Bits

IDS = st.lists(st.integers(0, 99), max_size=40)


def array(ids: object) -> np.ndarray:
    return np.array(list(ids), dtype=np.int64)  # type: ignore[call-overload]


def assert_is(bits: Bits, ids: set[int]) -> None:
    assert bits.bits.dtype == np.uint8
    assert bits.keys().dtype == np.int64
    assert bits.keys().tolist() == sorted(ids)
    assert bits.count == len(ids)
    asked = array(range(-20, 220))
    assert bits.holds(asked).tolist() == [key in ids for key in asked.tolist()]
    for length in (0, 1, 17, 64, 220):
        assert bits.mask(length).tolist() == [key in ids for key in range(length)]


@given(IDS)
def test_bits_of_keys_are_the_set_of_them(ids: list[int]) -> None:
    assert_is(Bits.of_keys(array(ids)), set(ids))


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 30)), max_size=12))
def test_bits_of_runs_are_the_union_of_them(runs: list[tuple[int, int]]) -> None:
    bits = Bits.of_runs(array(first for first, _ in runs), array(count for _, count in runs))
    assert_is(bits, {first + step for first, count in runs for step in range(count)})


@given(IDS, IDS)
def test_bits_are_met_and_lessened_as_sets_are(ids: list[int], others: list[int]) -> None:
    assert_is(Bits.of_keys(array(ids)) & Bits.of_keys(array(others)), set(ids) & set(others))
    assert_is(Bits.of_keys(array(ids)).without(array(others)), set(ids) - set(others))


def test_the_lowest_bit_of_the_first_byte_is_the_id_0() -> None:
    assert Bits.of_keys(array([0, 9, 10])).bits.tolist() == [0b1, 0b110]
