"""Random types and columns: a job's output is read as its values in every format; damaged tables raise `JobError`."""

import gzip
import json
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache, partial
from io import BytesIO
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from fuzz_types import Counterexample

from structkit import Job, JobError, Policy, ResponseFormat
from structkit.evaluation.item_tables import TableForm
from structkit.tables.sources import open_source
from structkit.testing import Endpoint, Reply
from structkit.testing.scripted_reply import text_reply
from structkit.values import JSON
from structkit.values.source_cell import to_text

SUFFIXES = ("csv", "tsv", "jsonl", "db", "parquet", "arrow", "xlsx")
NAMES = ("kind", "amount", "text", "value", "status", "error", "id", "Kind", "a b", "a.b", "Größe", "=x", "extras")
NAMES += ("lines", "message", "kind_output", "status_run", "1")
TEXTS = ("", "a", "null", "true", "1", "1.0", "00501", "NA", "Infinity", "=1+1", "+49 30 1234", "@user", "-5", "- milk")
TEXTS += ("\ttab", "a,b;c", 'say "hi"', "l1\nl2", "l1\r\nl2", "é😀", "\u2028", "[1]", "{}", '{"a": 1}', "2026-01-05")
INPUTS: tuple[Any, ...] = (*TEXTS, None, 5, True)
TYPES: tuple[tuple[JSON, tuple[Any, ...]], ...] = (
    ({"type": "string"}, TEXTS),
    ({"type": "integer"}, (0, -1, 5, 2**53, 2**53 + 1, -(2**63))),
    ({"type": "number"}, (0.5, -0.25, 1e300, 5e-324, 1 / 3, 12345678.9)),
    ({"type": "boolean"}, (True, False)),
    ({"type": "string", "enum": ["a", "null", "1"]}, ("a", "null", "1")),
)
MAX_QUOTED_CHARS = 600

Make = Callable[[Random], Any]


def _field(rng: Random, depth: int) -> tuple[JSON, Make]:
    """Return a random schema, and a function that makes one of its values."""
    kind = rng.choice(("scalar", "scalar", "null", "list", "object", "null")) if depth else "scalar"
    if kind == "object":
        return _object(rng, depth - 1)
    if kind == "scalar":
        schema, values = rng.choice(TYPES)
        return schema, lambda rng: rng.choice(values)
    schema, make = _field(rng, depth - 1)
    if kind == "list":
        return {"type": "array", "items": schema}, lambda rng: [make(rng) for _ in range(rng.choice((0, 1, 2)))]
    return {"anyOf": [schema, {"type": "null"}]}, lambda rng: None if rng.random() < 0.4 else make(rng)


def _object(rng: Random, depth: int) -> tuple[JSON, Make]:
    fields = {name: _field(rng, depth) for name in rng.sample(NAMES, rng.choice((1, 2, 3)))}
    optional = {name for name in fields if rng.random() < 0.2}
    schema = {"type": "object", "properties": {name: part for name, (part, _) in fields.items()}}
    schema |= {"required": [name for name in fields if name not in optional], "additionalProperties": False}

    def make(rng: Random) -> JSON:
        return {name: part(rng) for name, (_, part) in fields.items() if name not in optional or rng.random() < 0.5}

    return schema, make


def _content(value: Any) -> Any:
    """Return what a table holds of a value: what is empty in it is as good as absent."""
    if isinstance(value, dict):
        return {name: part for name, item in value.items() if (part := _content(item)) is not None} or None
    if isinstance(value, list):
        return [part for part in map(_content, value) if part is not None] or None
    return None if isinstance(value, str) and not value.strip() else value


def _lists(schema: JSON) -> list[str]:
    return [name for name, part in schema["properties"].items() if part.get("type") == "array"]


def _answer(replies: dict[str, str], request: JSON) -> Reply:
    return text_reply(request, replies[str(request["messages"][-1]["content"]).removeprefix("key ")])


def _check_outputs(rng: Random, folder: Path) -> tuple[str, list[str]]:
    """Write the values of a job in every format, and read them."""
    schema, make = _object(rng, 2)
    response_format = ResponseFormat(schema)
    values = {f"k{number}": make(rng) for number in range(rng.choice((1, 2, 4)))}
    replies = {key: json.dumps(response_format.dump(value)) for key, value in values.items()}
    names = rng.sample([name for name in NAMES if name.islower() or not name.isalpha()], rng.choice((0, 1, 2, 3)))
    rows = [{"key": key, **{name: rng.choice(INPUTS) for name in names}} for key in values]
    items = rng.choice([None, None, *_lists(schema)])
    faults = []
    with Endpoint(partial(_answer, replies)) as endpoint:
        settings: dict[str, Any] = {"prompt": "key {key}", "key": "key", "model": "fake", "base_url": endpoint.base_url}
        settings |= {"call": {"dialect": "openai", "policy": Policy(retries=0)}, "progress": False, "items": items}
        settings |= {"guard_formulas": rng.choice(("all", "output", "none")), "columns": rng.choice(COLUMNS)}
        job = Job(rows, folder / "out.jsonl", output_type=schema, **settings)
        counts = job.run().counts
        if counts != {"done": len(rows)}:
            faults.append(f"{counts}")
        for suffix in SUFFIXES:
            job.export(path := folder / f"copy.{suffix}")
            got = {
                row.key: row.value for row in TableForm(response_format, "key", items=items).open(path, is_output=True)
            }
            faults += [
                f"{suffix}, items={items}: {key} is {got.get(key)!r}, not {value!r}"
                for key, value in values.items()
                if _content(got.get(key)) != _content(value)
            ]
            faults += _input_faults(path, rows, suffix)
    return f"{schema} beside {names}", faults


COLUMNS = (("status", "error", "message", "attempts"), (), ("usage", "status", "cost"))


def _input_faults(path: Path, rows: list[JSON], suffix: str) -> Iterator[str]:
    """Yield which cells of the input an output has not as they were."""
    cells = {record.values["key"]: record.values for record in open_source(path, is_output=True)}
    for row in rows:
        for name, cell in row.items():
            expected = str(int(cell)) if suffix == "db" and isinstance(cell, bool) else to_text(cell)
            if to_text(cells[row["key"]].get(name)) != expected:
                yield f"{suffix}: the column {name!r} has {cells[row['key']].get(name)!r}, not {cell!r}"


# Damage


@cache
def _sound_tables() -> dict[str, bytes]:
    """Return a table in each format."""
    from structkit.tables.columns import input_columns
    from structkit.tables.sinks import open_sink

    rows = [{"id": number, "text": "a text" * number, "list": [number, None], "n": 0.5} for number in range(20)]
    tables = {}
    with TemporaryDirectory() as folder:
        for suffix in (*SUFFIXES, "csv.gz", "jsonl.xz", "jsonl.bz2"):
            with open_sink(path := Path(folder) / f"table.{suffix}", input_columns(rows[0])) as sink:
                for row in rows:
                    sink.write({"input": row})
            tables[suffix] = path.read_bytes()
    return tables


def _damaged(rng: Random, content: bytes) -> bytes:
    """Return bytes of which some were replaced, removed, repeated or cut off."""
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 10))):
        start = rng.randrange(len(data) + 1)
        data[start : start + rng.choice((0, 1, 4, 64))] = rng.choice(
            (b"", b"\0", b"\xff\xff\xff\x7f", rng.randbytes(4))
        )
    return bytes(data[: rng.randrange(len(data) + 1)] if rng.random() < 0.2 else data)


def _damaged_inside(rng: Random, suffix: str, content: bytes) -> bytes:
    """Return a container whose content is damaged, and whose check sums are right."""
    if suffix.endswith(".gz"):
        return gzip.compress(_damaged(rng, gzip.decompress(content)))
    if suffix != "xlsx":
        return _damaged(rng, content)
    target = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as book, zipfile.ZipFile(target, "w") as copy:
        names = book.namelist()
        bad = rng.choice([name for name in names if "sheet" in name or "workbook" in name] + names)
        for name in names:
            copy.writestr(name, _damaged(rng, book.read(name)) if name == bad else book.read(name))
    return target.getvalue()


def _check_damage(rng: Random, folder: Path) -> tuple[str, list[str]]:
    """Read a damaged table: all of it, or a `JobError` that names the file."""
    suffix = rng.choice([*_sound_tables()])
    path = folder / f"table.{suffix}"
    path.write_bytes(
        rng.choice((_damaged, lambda rng, content: _damaged_inside(rng, suffix, content)))(rng, _sound_tables()[suffix])
    )
    faults = []
    try:
        source = open_source(path)
        source.count()
        for record in source:
            for cell in record.values.values():
                to_text(cell)
    except JobError as error:
        if path.name not in str(error):
            faults.append(f"no name of the file: {error}")
    return suffix, faults


def try_seed(seed: str, counts: Counter[str]) -> list[Counterexample]:
    """Print and return the counterexamples of one seed."""
    rng = Random(seed)
    name, check = rng.choice((("outputs", _check_outputs), *[("damaged tables", _check_damage)] * 5))
    counts[name] += 1
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        try:
            text, faults = check(rng, Path(folder))
        except Exception:  # noqa: BLE001 (whatever it raises is a counterexample)
            text, faults = name, [traceback.format_exc(limit=-3)]
    examples = [Counterexample(name, seed, text[:MAX_QUOTED_CHARS], "", fault[:MAX_QUOTED_CHARS]) for fault in faults]
    for example in examples:
        print(example)
    return examples
