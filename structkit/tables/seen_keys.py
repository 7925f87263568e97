"""A compact set of the keys that have occurred, in 8 bytes each."""

from __future__ import annotations

from array import array
from hashlib import blake2b

MAX_KEYS = 5_000_000
"""Keys that are stored, in 64 MiB. Later keys are only compared with these; the journal has all of them."""


class SeenKeys:
    """A set of keys that stores a 64-bit hash of each, with open addressing.

    >>> keys = SeenKeys()
    >>> [keys.add(key) for key in ("a", "b", "a")]
    [False, False, True]
    """

    def __init__(self, max_keys: int = MAX_KEYS) -> None:
        """Start empty; store at most *max_keys*."""
        self._max_keys, self._count = max_keys, 0
        self._slots = array("Q", bytes(8 * 1024))

    def add(self, key: str) -> bool:
        """Add a key, and return whether it has been added before; two keys with the same hash are confused."""
        number = int.from_bytes(blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little") or 1
        slot = _find_slot(self._slots, number)
        if self._slots[slot] == number:
            return True
        if self._count < self._max_keys:
            self._slots[slot] = number
            self._count += 1
            if self._count * 3 > len(self._slots) * 2:
                self._grow()
        return False

    def _grow(self) -> None:
        slots = array("Q", bytes(16 * len(self._slots)))
        for number in filter(None, self._slots):
            slots[_find_slot(slots, number)] = number
        self._slots = slots


def _find_slot(slots: array[int], number: int) -> int:
    """Return the slot of a number, or the free slot where it belongs."""
    mask = len(slots) - 1
    slot = number & mask
    while slots[slot] not in {0, number}:
        slot = (slot + 1) & mask
    return slot
