"""Types of the arrays that this package uses, and sets of ids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]
Int64 = npt.NDArray[np.int64]
UInt8 = npt.NDArray[np.uint8]
Bool = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Bits:
    """A set of ids, with one bit per id. It is small if ids are dense, as a store's keys are.

    Attributes:
        bits: uint8. Bit `id % 8` (0 is the lowest) of `bits[id // 8]` says whether `id` is in the set.
        count: the number of ids in the set.
    """

    bits: UInt8
    count: int

    @classmethod
    def of_bits(cls, bits: UInt8) -> Bits:
        """Return the set that `bits` describes."""
        return cls(bits, int(np.count_nonzero(np.unpackbits(bits))))

    @classmethod
    def of_keys(cls, keys: Int64) -> Bits:
        """Return the set of these ids, int64 [n], in any order. Ids may repeat, and are not negative."""
        mask = np.zeros(int(keys.max()) + 1 if keys.size else 0, dtype=np.bool_)
        mask[keys] = True
        return cls._of(mask)

    @classmethod
    def of_runs(cls, first: Int64, counts: Int64) -> Bits:
        """Return the set of the runs `first[i]`, `first[i] + 1`, … of `counts[i]` ids, both int64 [m].

        Runs may be empty, may overlap, and may come in any order.
        """
        first, counts = first[counts > 0], counts[counts > 0]
        steps = np.zeros(int((first + counts).max()) + 1 if first.size else 0, dtype=np.int32)
        np.add.at(steps, first, 1)
        np.subtract.at(steps, first + counts, 1)
        return cls._of(steps.cumsum()[:-1] > 0)

    @classmethod
    def _of(cls, mask: Bool) -> Bits:
        return cls(np.packbits(mask, bitorder="little"), int(np.count_nonzero(mask)))

    def keys(self) -> Int64:
        """Return the ids in the set, int64 [count], ascending."""
        return np.flatnonzero(np.unpackbits(self.bits, bitorder="little")).astype(np.int64, copy=False)

    def mask(self, length: int) -> Bool:
        """Return for each id from 0 on whether it is in the set, bool [length]."""
        bits = _fitted(self.bits, -(-length // 8))
        return np.unpackbits(bits, count=length, bitorder="little").view(np.bool_)

    def holds(self, keys: Int64) -> Bool:
        """Return for each of these ids, int64 [n], whether it is in the set, bool [n]."""
        is_held: Bool = (keys >= 0) & (keys < 8 * len(self.bits))
        inside = keys[is_held]
        is_held[is_held] = self.bits[inside >> 3] >> (inside & 7) & 1
        return is_held

    @property
    def last(self) -> int:
        """The greatest id in the set, or -1 if the set is empty."""
        used = np.flatnonzero(self.bits)
        return int(8 * used[-1]) + int(self.bits[used[-1]]).bit_length() - 1 if used.size else -1

    def __and__(self, other: Bits) -> Bits:
        return self.of_bits(self.bits & _fitted(other.bits, len(self.bits)))

    def without(self, keys: Int64) -> Bits:
        """Return the set without these ids, int64 [n]."""
        bits = self.bits.copy()
        held = keys[self.holds(keys)]
        np.bitwise_and.at(bits, held >> 3, ~(1 << (held & 7)).astype(np.uint8))
        return self.of_bits(bits)


def _fitted(bits: UInt8, length: int) -> UInt8:
    return np.pad(bits[:length], (0, max(0, length - len(bits))))
