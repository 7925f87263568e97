"""`Part`: the share of a job's rows that one process or machine works on, and the name of its output."""

from __future__ import annotations

import re
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from structkit.errors import ConfigError, JobError
from structkit.journal.shards import job_path

MAX_PARTS = 10_000

FORM = re.compile(r"([0-9]{1,5})/([0-9]{1,5})")


class Part(NamedTuple):
    """One of several parts of a job, which together have each row once.

    A row belongs to a part by the hash of its key, so that rows that are added or moved change no other row's part.
    Without a key column, the key is the row's content: an edited row may change its part.

    Args:
        number: Which part it is, counted from 1.
        total: How many parts there are.
    """

    number: int
    total: int

    def has_key(self, key: str) -> bool:
        """Return whether the row with a key belongs to the part."""
        return part_number(key, self.total) == self.number

    def output(self, path: Path) -> Path:
        """Return the file of the part, beside that of the job.

        >>> Part(3, 8).output(Path("labels.csv")).name
        'labels.csv.part-3-of-8'
        """
        return path.with_name(f"{path.name}.part-{self.number}-of-{self.total}")

    @classmethod
    def read(cls, value: Any) -> Part:
        """Return the part that a pair of numbers or a text such as `3/8` stands for.

        Raises:
            ConfigError: It is none.

        >>> Part.read("3/8"), Part.read((1, 2))
        (Part(number=3, total=8), Part(number=1, total=2))
        """
        match = FORM.fullmatch(value) if isinstance(value, str) else None
        numbers = tuple(map(int, match.groups())) if match else value
        if isinstance(numbers, tuple | list) and [*map(type, numbers)] == [int, int]:
            part = cls(*numbers)
            if 1 <= part.number <= part.total <= MAX_PARTS:
                return part
        raise ConfigError(
            f"part (--part) must be the number of a part, counted from 1, and how many there are, such as 3/8 or "
            f"(3, 8), not {value!r}"
        )


def part_number(key: str, total: int) -> int:
    """Return the number of the part, counted from 1, that the row with a key belongs to.

    >>> [part_number(key, 3) for key in ("a", "b", "c", "d")]
    [1, 3, 2, 3]
    """
    data = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8, person=b"part").digest()
    return int.from_bytes(data, "little") % total + 1


def journal_totals(folder: Path, name: str) -> set[int]:
    """Return in how many parts the job of an output of that name was run before, by the journals in a folder."""
    form = re.compile(re.escape(name) + r"\.part-[0-9]{1,5}-of-([0-9]{1,5})\.job")
    with suppress(OSError):
        matches = [(path, form.fullmatch(path.name)) for path in folder.iterdir()]
        return {int(match[1]) for path, match in matches if match and job_path(path).exists()}
    return set()


def validate_totals(totals: set[int], total: int, output: Path) -> None:
    """Validate that the replies on disk are those of a run in as many parts.

    Args:
        totals: In how many parts there are journals; 1 is a run that was not divided.
        total: In how many parts the job is to run now.
        output: That of the job.

    Raises:
        JobError: They are not, and would be paid for again.
    """
    if other_totals := totals - {total}:
        number = min(other_totals)
        journals = f"journals of a run in {number} parts" if number > 1 else "the journal of a run in one process"
        options = f'with processes={number} (--processes {number}) or part="N/{number}" (--part N/{number})'
        option = options if number > 1 else "without --processes and --part"
        raise JobError(
            f"the job has {journals}, whose replies would be paid for again: run it {option}, or write another output",
            file=str(output),
        )
