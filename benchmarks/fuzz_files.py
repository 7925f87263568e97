"""Random damage to files: a damaged journal raises `JobError` or does no harm, and a damaged route is forgotten."""

import contextlib
import io
import json
import os
import shutil
import sqlite3
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

from fuzz_types import Counterexample

from structkit import Client, Job, JobError, Policy, Price
from structkit.cli.job_actions import print_status
from structkit.dialects import OPENAI, Route
from structkit.testing import Endpoint, Reply
from structkit.testing.endpoint_faults import error_reply
from structkit.testing.scripted_reply import conforming_reply
from structkit.transport.route_cache import VARIABLE, list_routes, load_route, store_route
from structkit.values import JSON

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False}
ROWS = 8
VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    1,
    -1,
    2**62,
    1.5,
    10**400,
    "",
    "x",
    "\ud800",
    [],
    {},
    [[]],
    [None],
    {"a": None},
)
CELLS: tuple[Any, ...] = (None, 0, 1, -1, 2**63 - 1, 0.5, "", "x", b"", b"x", b"[]", b"5", b"null", b"{}", b'"text"')
CELLS += (b'{"a": 1}', b"[" * 100_000, b'[{"choices": [5]}]', '{"value": 1', b"\xff\xfe", b"1e999", b'[[0, "k"]]')


def _answer(request: JSON) -> Reply:
    return error_reply(400, "too long") if "row-3" in str(request["messages"]) else conforming_reply(request)


@cache
def _endpoint() -> Endpoint:
    endpoint = Endpoint(_answer)
    endpoint.__enter__()
    return endpoint


def _job(folder: Path, **settings: Any) -> Job:
    base: dict[str, Any] = {"output": folder / "out.jsonl", "output_type": SCHEMA, "prompt": "Label: {text}"}
    base |= {"model": "fake", "base_url": _endpoint().base_url, "api_key": "sk-test", "concurrency": 2}
    base |= {"price": Price(Decimal(1), Decimal(2)), "call": {"policy": Policy(wait_initial=0.001, retries=1)}}
    return Job(source=[f"row-{number}" for number in range(ROWS)], **{**base, **settings})


@cache
def _recorded() -> Path:
    """Return the folder of a job with finished, failed and open rows."""
    folder = Path(mkdtemp(prefix="fuzz-job-"))
    _job(folder, limit=ROWS - 2).run()
    return folder


# Damage


def _damage_cell(rng: Random, path: Path) -> None:
    """Replace a cell of a database."""
    with _database(path) as connection:
        table = rng.choice(_tables(connection))
        columns = [info[1] for info in connection.execute(f"PRAGMA table_info({table})")]
        condition = " AND ".join(f"{name} IS ?" for name in columns)
        row = rng.choice(connection.execute(f"SELECT * FROM {table}").fetchall() or [()])
        change = f"UPDATE {table} SET {rng.choice(columns)} = ? WHERE {condition}"
        connection.execute(change, (rng.choice(CELLS), *row))


def _damage_structure(rng: Random, path: Path) -> None:
    """Drop a table or rows of a database, add a column, or change its version."""
    with _database(path) as connection:
        table = rng.choice(_tables(connection))
        statements = (f"DROP TABLE {table}", f"DELETE FROM {table}", f"PRAGMA user_version = {rng.choice((0, 1, 99))}")
        statements += (f"ALTER TABLE {table} ADD COLUMN more", f"DELETE FROM {table} WHERE rowid % 2")
        connection.execute(rng.choice(statements))


@contextlib.contextmanager
def _database(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a database for a change, which is left out if the file is none, rejects it, or has damaged texts."""
    rejected_changes = contextlib.suppress(sqlite3.Error, UnicodeDecodeError)
    with contextlib.closing(sqlite3.connect(path)) as connection, rejected_changes, connection:
        yield connection


def _tables(connection: sqlite3.Connection) -> list[str]:
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return [name for (name,) in names] or ["none"]


def _damage_bytes(rng: Random, path: Path) -> None:
    content = bytearray(path.read_bytes())
    for _ in range(rng.randint(1, 20)):
        start = rng.randrange(len(content) + 1)
        content[start : start + rng.choice((0, 1, 8))] = rng.randbytes(rng.choice((0, 1, 8)))
    path.write_bytes(content)


def _truncate(rng: Random, path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: rng.randrange(len(content) + 1)] + rng.randbytes(rng.choice((0, 0, 100, 5_000))))


def _replace(rng: Random, path: Path) -> None:
    """Remove a file, or put a folder, a FIFO or a link to nothing in its place."""
    path.unlink()
    replacements: list[Callable[[], Any]] = [lambda: None, path.mkdir, lambda: path.symlink_to("nothing")]
    replacements += [lambda: os.mkfifo(path)] if hasattr(os, "mkfifo") else []
    rng.choice(replacements)()


def _damage_json(rng: Random, path: Path) -> None:
    """Replace, delete or add something in a JSON file."""
    path.write_text(json.dumps(_damaged(rng, json.loads(path.read_bytes()))), encoding="utf-8")


def _damaged(rng: Random, value: Any) -> Any:
    if not isinstance(value, dict | list) or not value or rng.random() < 0.2:
        return rng.choice(VALUES)
    items = dict(value) if isinstance(value, dict) else dict(enumerate(value))
    key = rng.choice(list(items))
    items[key] = _damaged(rng, items[key])
    if rng.random() < 0.2:
        del items[key]
    return items if isinstance(value, dict) else [*items.values()]


DAMAGE_TO_JOBS = (_damage_cell, _damage_cell, _damage_cell, _damage_structure, _damage_bytes, _truncate, _replace)
DAMAGE_TO_ROUTES = (_damage_json, _damage_json, _damage_json, _damage_bytes, _truncate, _replace)


# Uses


def _use_job(folder: Path) -> Iterator[str]:
    """Use a damaged job in every way, and yield what is wrong."""
    job = _job(folder)
    for use in (lambda: job.export(folder / "export.jsonl"), lambda: print_status(folder / "out.jsonl"), job.run):
        with contextlib.suppress(JobError), contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())):
            result = use()
            if not isinstance(result, int) and sum(result.counts.values()) != ROWS:
                yield f"{result.counts} of {ROWS} rows"


def _use_routes() -> Iterator[str]:
    """Make a call over a route whose file is damaged, and yield what is wrong."""
    [*list_routes()]
    load_route(_endpoint().base_url, "fake")
    with Client("fake", base_url=_endpoint().base_url, api_key="sk-test", policy=Policy(wait_initial=0.001)) as client:
        value = client.extract(SCHEMA, "Label: row-1")
    if not isinstance(value["n"], int):
        yield f"the value is {value!r}"


def _damage(rng: Random, folder: Path, changes: tuple[Callable[[Random, Path], None], ...]) -> str:
    """Damage a file in a folder, and return what was done."""
    files = sorted(each for each in folder.rglob("*") if each.is_file())
    path, change = rng.choice(files), rng.choice(changes)
    change(rng, path)
    return f"{change.__name__} of {path.name}"


def _check_job(rng: Random, folder: Path) -> tuple[str, list[str]]:
    shutil.copytree(_recorded(), folder, dirs_exist_ok=True)
    done = ", ".join(_damage(rng, folder, DAMAGE_TO_JOBS) for _ in range(rng.choice((1, 1, 1, 3))))
    return done, _faults(lambda: _use_job(folder))


def _check_routes(rng: Random, folder: Path) -> tuple[str, list[str]]:
    os.environ[VARIABLE] = str(folder)
    store_route(_endpoint().base_url, "fake", Route(OPENAI), "provider")
    done = _damage(rng, folder, DAMAGE_TO_ROUTES)
    return done, _faults(_use_routes)


def _faults(use: Callable[[], Iterator[str]]) -> list[str]:
    try:
        return [*use()]
    except Exception:  # noqa: BLE001 (whatever it raises is a counterexample)
        return [traceback.format_exc(limit=-3)]


def try_seed(seed: str, counts: Counter[str]) -> list[Counterexample]:
    """Print and return the counterexamples of one seed."""
    rng = Random(seed)
    name, check = rng.choice((("jobs", _check_job), ("routes", _check_routes)))
    counts[f"damaged {name}"] += 1
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        done, faults = check(rng, Path(folder))
    examples = [Counterexample("damage", seed, name, done, fault) for fault in faults]
    for example in examples:
        print(example)
    return examples
