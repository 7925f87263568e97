"""`Job`: labels a table, every row exactly once; running the same job again resumes it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from structkit.batch.default_progress import default_progress
from structkit.batch.engines.progress import ProgressCallback
from structkit.batch.engines.signals import listen_to_signals
from structkit.batch.export import export_journal
from structkit.batch.output_table import UNTYPED_SUFFIX, in_memory, load_table
from structkit.batch.report import Report
from structkit.batch.runner import JobRunner
from structkit.batch.setting_hints import hint_setting
from structkit.batch.settings import EngineName, JobSettings
from structkit.errors import JobError
from structkit.tables.store_address import StoreAddress
from structkit.values.argument_hints import explain_arguments


@explain_arguments(hint_setting)
@dataclass(frozen=True, repr=False)
class Job(JobSettings):
    """Labels a table, every row exactly once.

    Args:
        source: A file (CSV, TSV, JSONL, SQLite, Parquet, Excel; compressed too), a folder or pattern of files that are
            one table, the address of one of these (`s3://bucket/rows.parquet`; needs the extra `objects`), `-` for
            standard input, a data frame, or rows.
        output: The file to write; a name without a suffix is a folder of Parquet or JSONL files. The journal is in a
            folder beside it, `OUTPUT.job`. A file in an object store (`s3://bucket/labels.parquet`; needs the extra
            `objects`) is uploaded when the run has ended; see `journal`. With None, the rows stay in memory
            (`Report.to_pandas()`, `to_arrow()`, `to_dicts()`), and the run cannot be resumed.
        output_type: The type of the values.
        prompt: A template with the names of columns (`"Label this: {text}"`), a `JinjaTemplate`, or a function of a
            row, which may be async. If the function has an attribute `needs`, the input must have these columns. An
            empty cell (None, NaN) is an empty text, in every format.
        client: A `Client` or `AsyncClient` whose endpoint, model, cache, prices and default arguments the job uses;
            instead of `base_url`, `api_key` and `transport`. Requests over a blocking client or transport of your own
            run in threads, within the same limit of concurrency.
        model: The model's name; by default that of the client, or `STRUCTKIT_MODEL`.
        base_url: The endpoint; by default `OPENAI_BASE_URL`.
        api_key: The key; by default `OPENAI_API_KEY`.
        transport: Sends the requests, instead of these two; it stays open.
        key: The column that identifies a row; by default the row's content does.
        table: Which table or query of a database, or which sheet of a workbook; by default its only table, or its first
            visible sheet.
        delimiter: The character between the cells of a CSV file; by default a comma, or a tab in TSV.
        encoding: The encoding of a text file, such as `cp1252`; by default UTF-8.
        concurrency: The most requests in flight; `auto` adapts to what the endpoint can take.
        budget: The most that all runs together may spend, in the currency of the price.
        price: The price of a million tokens of the job's model; by default that of `prices`. Without it, costs are
            known only if the endpoint reports them.
        prices: Prices by model, or a TOML or JSON file with them; by default those of the client. A budget needs those
            of the models of `fallback` and `escalate`, too.
        limit: Only the first N rows.
        sample: A random sample of N rows (of the first `limit`), chosen by their keys or content: as long as the table
            is the same, so is the sample. Try a prompt on a sample first; the job without it reuses the replies.
        part: One of several parts of the job, such as `(3, 8)`, for as many processes or machines: each has an output
            and a journal of its own, `OUTPUT.part-3-of-8`, and `structkit join` makes one table of them.
        limits: The address of a `structkit limits` server, such as `http://10.0.0.5:9000`, which leases one limit and
            one budget to all parts of the job; its token is in `STRUCTKIT_LIMITS_TOKEN`.
        grace: Seconds that an interrupted run waits for requests in flight before it drops them.
        blank: What to do with a row whose cells are empty or white space, as far as the prompt uses them: leave it out
            with the status `skipped` (`skip`), send it all the same (`ask`), or let it fail (`fail`). The key does not
            count, nor do columns that the prompt does not use.
        on_ambiguous: What to do with a row whose last request may have been answered when the last run was killed:
            send it again (`resend`), or leave the row (`hold`).
        on_change: What to do if the job no longer matches its journal: `stop`; read the stored replies as the new
            type (`reparse`); start from scratch (`new`); or continue with the new settings (`mix`).
        retry_failed: Whether failed rows are retried.
        max_failed: How many rows may fail before the run counts as failed, as a number or a percentage of the rows that
            are done or failed (`"5%"`). By default, a run counts as failed if no row is done and one has failed.
        overwrite: Whether to replace an output that this job did not write.
        columns: What the output has about each row's run, beside the values.
        value_column: The name of the column of values whose type is not an object with fields.
        items: The field with a list (or `value_column` for a type that is a list): the output has a row for each of
            its items, with the columns of the input and of the other fields repeated, and one row if there is none.
        guard_formulas: In which columns of a CSV or TSV output a text that a spreadsheet would run as a formula gets a
            leading apostrophe: in `all`, only in those of the type and of the run (`output`), or in `none`.
        progress: Whether to show a progress bar, in a terminal or a notebook, if `run` has no callback.
        evidence: Whether the output has the places of the values in the row's cells, in the columns `evidence` and
            `missing`; by default as the call or the client says. With `null`, what is not there becomes null where the
            type allows it; with `require`, it is re-asked once before.
        batch_api: Whether the requests go out as batches of the vendor's Batch API, at its lower price: the replies
            arrive within hours. The same job collects them, in a later run too.
        wait: Whether a run over the Batch API waits for its batches; if not, it ends once they are submitted, or
            collected, with the reason `submitted`.
        review_below: A confidence, from 0 to 1: the output has a column `review`, which is true for a row whose lowest
            confidence is below it. It needs `confidence` in `call` or of the client.
        journal: A folder for the journal, and for the table until it is uploaded to an object store: it gets a folder
            named after the output and its address, such as `labels.parquet.1a2b3c4d`. By default, the journal is beside
            the output, and of an output in a store, that folder is in the working folder.
        call: Arguments of every call: `instructions`, `examples`, `policy`, `temperature` and so on.
    """

    def run(
        self,
        on_progress: ProgressCallback | None = None,
        *,
        processes: int = 1,
        engine: EngineName = "local",
        address: str | None = None,
    ) -> Report:
        """Process every row until it is finished, and write the output and its manifest.

        The first Ctrl-C or SIGTERM, or a terminal that closes, waits for the requests in flight, `grace` seconds at
        most; a second signal stops at once. Running the same job again resumes it.

        Args:
            on_progress: Called with a `Progress` after each row, once a second, and when the run is interrupted.
            processes: How many processes of this machine work on it, each on a part with a journal of its own,
                `OUTPUT.part-1-of-4`; OUTPUT is the table that one process would write. The job, its type and its
                prompt function are pickled, so that they have to be defined in a module or a script, and a script
                calls `run` under `if __name__ == "__main__":`.
            engine: Where these processes run: on this machine (`local`), or as tasks of a Ray cluster (`ray`), whose
                machines share the folder of the output.
            address: Of the Ray cluster; by default that of `RAY_ADDRESS`, one that runs on this machine, or a new one.

        Raises:
            JobError: The job does not match its journal, its files cannot be used, or another run has the folder.
            ConfigError: Another setting is invalid; nothing was sent.
            KeyboardInterrupt: The run was interrupted twice.
        """
        if processes != 1 or engine != "local" or address is not None:
            from structkit.batch.placement import WorkerPlacement, run_divided

            with default_progress(self, on_progress) as callback:
                return run_divided(self, WorkerPlacement(processes, engine, address), callback)
        if self.output is None:
            with in_memory(self) as job:
                try:
                    return _with_table(job.run(on_progress))
                except JobError as error:
                    return _with_table(_export_untyped(job, error))
        if isinstance(self.output, StoreAddress):
            from structkit.batch.stored_output import run_stored

            return run_stored(self, self.output, lambda: self._run(on_progress))
        return self._run(on_progress)

    def _run(self, on_progress: ProgressCallback | None) -> Report:
        with default_progress(self, on_progress) as callback:
            runner = JobRunner(self, callback)
            if not _has_loop():
                return _run_in_loop(runner)
            return _run_in_thread(lambda: asyncio.run(runner.run()))  # noqa: TID251 (a notebook's loop is busy)

    async def run_async(self, on_progress: ProgressCallback | None = None) -> Report:
        """Like `run`, awaited."""
        if self.output is None:
            with in_memory(self) as job:
                try:
                    return _with_table(await job.run_async(on_progress))
                except JobError as error:
                    return _with_table(_export_untyped(job, error))
        if isinstance(self.output, StoreAddress):
            from structkit.batch.stored_output import claim_output, upload_output

            output = await asyncio.to_thread(claim_output, self, self.output)
            return await asyncio.to_thread(upload_output, output, await self._run_async(on_progress))
        return await self._run_async(on_progress)

    async def _run_async(self, on_progress: ProgressCallback | None) -> Report:
        with default_progress(self, on_progress) as callback:
            return await JobRunner(self, callback).run()

    def export(self, path: Path | str) -> Report:
        """Write the journal's rows to another file of any format, even while a run is in progress; send nothing.

        The rows are those that a run of this job would write; rows that have not finished are `open`. The file gets a
        manifest of its own. The job's output and its manifest do not change.

        Raises:
            JobError: There is no such job, it has changed, the file exists and `overwrite` is not set, or a file
                cannot be read or written.
            ConfigError: The file is the job's own input or output.
        """
        return export_journal(self, Path(path).expanduser())


def _with_table(report: Report) -> Report:
    """Return the report with its rows in memory instead of its output."""
    return replace(report, output=None, table=load_table(Path(report.output))) if report.output else report


def _export_untyped(job: Job, error: JobError) -> Report:
    """Return the report with the rows as JSONL, if they do not fit the typed file in memory: they are paid for.

    Raises:
        JobError: The error has another cause.
    """
    output = job.output_path
    path = output.with_suffix(UNTYPED_SUFFIX)
    if error.file != str(output) or path == output:
        raise error
    return job.export(path)


def _has_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _run_in_loop(runner: JobRunner) -> Report:
    try:
        return asyncio.run(runner.run(listen_to_signals))  # noqa: TID251 (the blocking entry point)
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def _run_in_thread(run: Callable[[], Report]) -> Report:
    """Run in a thread of its own: the event loop of this one is in use, as in a notebook."""
    results: list[Report | BaseException] = []

    def target() -> None:
        try:
            results.append(run())
        except BaseException as error:  # noqa: BLE001 (raised again in the calling thread)
            results.append(error)

    thread = threading.Thread(target=target)
    thread.start()
    thread.join()
    if isinstance(results[0], BaseException):
        raise results[0]
    return results[0]
