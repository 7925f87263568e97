"""Which keys have stood before, in 8 bytes each."""

from __future__ import annotations

from array import array
from hashlib import blake2b

MOST = 5_000_000
"""Keys that are remembered: 64 MiB. Later ones are looked for among these; the journal knows them all."""


class Seen:
    """A set of keys that holds a 64-bit hash of each, in an open table.

    >>> seen = Seen()
    >>> [seen.add(key) for key in ("a", "b", "a")]
    [False, False, True]
    """

    def __init__(self, most: int = MOST) -> None:
        """Begin empty; remember no more than *most*."""
        self._most, self._count = most, 0
        self._slots = array("Q", bytes(8 * 1024))

    def add(self, key: str) -> bool:
        """Whether the key has (almost certainly) been added before."""
        number = int.from_bytes(blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little") or 1
        place = _place(self._slots, number)
        if self._slots[place] == number:
            return True
        if self._count < self._most:
            self._slots[place] = number
            self._count += 1
            if self._count * 3 > len(self._slots) * 2:
                self._grow()
        return False

    def _grow(self) -> None:
        slots = array("Q", bytes(16 * len(self._slots)))
        for number in filter(None, self._slots):
            slots[_place(slots, number)] = number
        self._slots = slots


def _place(slots: array[int], number: int) -> int:
    """Where the number stands, or would."""
    mask = len(slots) - 1
    place = number & mask
    while slots[place] not in {0, number}:
        place = (place + 1) & mask
    return place
