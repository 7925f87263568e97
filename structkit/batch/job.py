"""`Job`: a table in, a table of values out; the same job started again goes on where it was."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, TypedDict

from structkit.batch.engines.progress import Told
from structkit.batch.export import export
from structkit.batch.report import Report
from structkit.batch.runner import Work
from structkit.client.arguments import CallOptions
from structkit.costs.price import Price
from structkit.transport import AsyncTransport
from structkit.values import Prompt

OnChange = Literal["stop", "reparse", "new", "mix"]
"""What to do where a job no longer matches its journal."""


class Settings(TypedDict, total=False):
    """The settings of a `Job` that a decorated function leaves open."""

    model: str | None
    base_url: str | None
    api_key: str | None
    transport: AsyncTransport | None
    key: str | None
    concurrency: int | Literal["auto"]
    budget: Decimal | str | None
    price: Price | None
    limit: int | None
    sample: int | None
    grace: float
    on_ambiguous: Literal["resend", "hold"]
    on_change: OnChange
    retry_failed: bool
    overwrite: bool
    columns: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Job:
    """Labelling a table, every row once.

    Args:
        source: A file (CSV, TSV, JSONL, SQLite, Parquet, Excel; compressed too), `-` for standard input, a data frame,
            or rows.
        output: The file to write; what happens on the way is kept in a folder beside it, `OUTPUT.job`.
        output_type: The type of the values.
        prompt: A template with the names of columns (`"Label this: {text}"`), or a function of a row, which may
            be awaited; its attribute `needs`, if it has one, are columns that there have to be.
        model: The model's name; by default `STRUCTKIT_MODEL`.
        base_url: The endpoint; by default `OPENAI_BASE_URL`.
        api_key: The key; by default `OPENAI_API_KEY`.
        transport: Another way to send requests, instead of these two.
        key: The column that names a row; by default its content does.
        concurrency: Requests in flight at most; `auto` finds out what the endpoint bears.
        budget: What may be spent at most, in the currency of the price.
        price: What a million tokens cost; without, costs are known only where the endpoint reports them.
        limit: Only the first so many rows.
        sample: Only so many rows (of the first so many), drawn fairly by their keys or content: the same whenever the
            table is, so that a prompt can be tried before all of it is paid for. A job without it keeps the answers.
        grace: Seconds for which an interrupted run waits for what is under way, before it drops that.
        on_ambiguous: What to do with a row whose last request may have been answered when the last run was killed:
            ask again (`resend`), or leave it (`hold`).
        on_change: What to do where the job no longer matches its journal: `stop`; read the kept replies as the new
            type (`reparse`); begin anew (`new`); or go on, and remember the mixture (`mix`).
        retry_failed: Whether rows that failed are asked again.
        overwrite: Whether an output that is not this job's may be replaced.
        columns: What the output says of the run, beside the values.
        call: Arguments of every call: `instructions`, `examples`, `policy`, `temperature` and so on.
    """

    source: Any
    output: Path | str
    output_type: Any
    prompt: str | Callable[[Mapping[str, Any]], Prompt | Awaitable[Prompt]]
    model: str | None = None
    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    transport: AsyncTransport | None = None
    key: str | None = None
    concurrency: int | Literal["auto"] = "auto"
    budget: Decimal | str | None = None
    price: Price | None = None
    limit: int | None = None
    sample: int | None = None
    grace: float = 60.0
    on_ambiguous: Literal["resend", "hold"] = "resend"
    on_change: OnChange = "stop"
    retry_failed: bool = False
    overwrite: bool = False
    columns: tuple[str, ...] = ("status", "message", "attempts")
    call: CallOptions = field(default_factory=CallOptions)

    def __post_init__(self) -> None:
        """Take `~` for the home folder: the output, its manifest and its journal stand beside each other."""
        object.__setattr__(self, "output", Path(self.output).expanduser())

    @property
    def folder(self) -> Path:
        """Where the journal is."""
        output = Path(self.output)
        return output.with_name(f"{output.name}.job")

    def run(self, told: Told | None = None) -> Report:
        """Take every row to its end, and write the output and its manifest.

        The first Ctrl-C or SIGTERM lets what is under way end, for `grace` seconds at most; the second ends it; the
        same job goes on later.

        Args:
            told: Is called with a `Progress` after each row, once a second, and when the run is interrupted.

        Raises:
            JobError: The job does not match its journal, its files cannot be used, or another run has it.
            ConfigError: Something else is wrong on this side; nothing was sent.
            KeyboardInterrupt: It was interrupted twice.
        """
        work = Work(self, told)
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return _to_the_end(work)
        return _in_a_thread(lambda: asyncio.run(work.all()))  # noqa: TID251

    async def run_async(self, told: Told | None = None) -> Report:
        """As `run`, awaited."""
        return await Work(self, told).all()

    def export(self, path: Path | str) -> Report:
        """Write what the journal holds to another file of any format, also while a run is under way; send nothing.

        The rows are those that a run of this job would write; such as have no end yet are `open`. The file gets a
        manifest of its own. The job's output and its manifest stay as they are.

        Raises:
            JobError: There is no such job, it has changed, the file exists and `overwrite` is not set, or a file
                cannot be read or written.
            ConfigError: The file is the job's own input or output.
        """
        return export(Work(self, None), Path(path).expanduser())


def _to_the_end(work: Work) -> Report:
    try:
        return asyncio.run(work.all(stoppable=True))  # noqa: TID251 (the blocking way in)
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def _in_a_thread(run: Callable[[], Report]) -> Report:
    """What a run comes to that cannot have this thread's event loop, because a notebook has it."""
    found: list[Report | BaseException] = []

    def work() -> None:
        try:
            found.append(run())
        except BaseException as error:  # noqa: BLE001 (raised again in the thread that asked)
            found.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if isinstance(found[0], BaseException):
        raise found[0]
    return found[0]
