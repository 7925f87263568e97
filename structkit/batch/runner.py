"""One run of a job, from its files to its report."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from structkit.batch.ambiguous import AMBIGUOUS, AmbiguousRows, find_ambiguous
from structkit.batch.collection_rate import COLLECTION_RATE
from structkit.batch.conversations import RowConversations
from structkit.batch.engines.engine import Engine, RunContext
from structkit.batch.engines.limiter import Limiter
from structkit.batch.engines.local import LocalEngine
from structkit.batch.engines.progress import ProgressCallback, ProgressReporter
from structkit.batch.engines.signals import Listen, run_until_stopped
from structkit.batch.job_endpoint import custom_transport
from structkit.batch.job_input import open_input
from structkit.batch.job_prices import batch_prices, job_prices
from structkit.batch.manifest import write_manifest
from structkit.batch.matching import MatchedRow
from structkit.batch.output import (
    RunClock,
    make_manifest,
    make_report,
    open_output,
    read_through,
    validate_cells,
    validate_output,
    validate_run_columns,
    write_rows,
)
from structkit.batch.report import Report
from structkit.batch.resume import REPARSING, is_job_proven, mark_spent, open_journal, spent_before
from structkit.batch.selection import Selection, UnfinishedRows, reopened_states, select_without_sample
from structkit.batch.settings import JobSettings
from structkit.batch.settings_validation import validate_columns, validate_part_items, validate_settings
from structkit.client.endpoint_settings import report_environment_errors
from structkit.costs.budget import Budget
from structkit.dialects.batch_rules import BatchRules, find_batch_rules
from structkit.dialects.find import find_host_dialect
from structkit.journal.journal import Journal
from structkit.tables.source import Source
from structkit.tables.sources import STREAM_FILE, store_stream
from structkit.transport import AsyncTransport
from structkit.transport.direct import AsyncHTTPTransport

if TYPE_CHECKING:
    from structkit.batch.limits.lease_keeper import LimitsLink


@dataclass(frozen=True)
class OpenFiles:
    """The files of a run: the input, which rows of it are selected, and the journal."""

    source: Source
    selection: Selection
    journal: Journal


class JobRunner:
    """Runs a job once."""

    def __init__(
        self, settings: JobSettings, on_progress: ProgressCallback | None = None, limits: LimitsLink | None = None
    ) -> None:
        """Validate the settings; nothing is opened or sent.

        Args:
            settings: The job.
            on_progress: Called with its progress.
            limits: A connection to limits that are shared with other workers, if the job names no address of them.

        Raises:
            ConfigError: A setting is invalid.
        """
        validate_settings(settings)
        validate_part_items(settings)
        self.settings, self.on_progress, self.limits = settings, on_progress, limits
        self.clock = RunClock()
        self.conversations, self.prices = RowConversations(settings), job_prices(settings)
        if settings.batch_api:
            self.prices = batch_prices(self.prices, self._batch_rules)
        own_transport = custom_transport(settings)
        self.closes_transport = own_transport is None
        self.transport = own_transport or _open_transport(self.conversations)

    async def run(self, listen: Listen | None = None) -> Report:
        """Finish the rows, and write the output, the manifest and the report.

        Args:
            listen: Where signals to stop the run come from, after `grace` seconds at most; None if from nowhere.
        """
        settings = self.settings
        try:
            source = open_input(settings)
            validate_columns(settings.prompt, source)
            validate_run_columns(self.conversations)
            evidence = bool(self.conversations.evidence)
            with (
                COLLECTION_RATE.lower(),
                open_journal(settings, self.conversations.fingerprint(), has_evidence=evidence) as journal,
            ):
                if not source.is_repeatable:
                    source = store_stream(source, settings.folder / STREAM_FILE, settings.limit)
                    validate_columns(settings.prompt, source)  # only now are all columns known
                return await self._run(source, journal, listen)
        finally:
            if self.closes_transport:  # a transport of the caller's stays open
                await self.transport.close()

    async def _run(self, source: Source, journal: Journal, listen: Listen | None) -> Report:
        # The order matters: nothing may be sent before the output is known to be writable.
        selection = select_without_sample(self.settings)
        validate_output(self.conversations, selection, source, journal)
        files = OpenFiles(source, selection.with_sample(self.settings.sample, source), journal)
        validate_cells(self.settings, files.selection, source)
        ambiguous = find_ambiguous(journal)
        journal.mark(AMBIGUOUS, [*map(list, ambiguous.items())])
        with self._open_limits(journal) as (limiter, budget):
            context, progress = self._make_context(journal, limiter, budget)
            engine = self._open_engine(context)
            rows = UnfinishedRows(files.selection, source, journal, reopened_states(self.settings))
            if await self._finish_rows(engine, rows, progress, listen):
                ambiguous |= dict(journal.ambiguous_rows(include_current_run=True))
        source.validate_unchanged()
        return self._write(files, engine, context, AmbiguousRows(ambiguous.items(), is_keyed=source.key is not None))

    @property
    def _batch_rules(self) -> BatchRules:
        dialect = find_host_dialect(self.conversations.address)
        return find_batch_rules(dialect.name if dialect else "")

    def _open_engine(self, context: RunContext) -> Engine:
        if not self.settings.batch_api or context.is_offline:
            return LocalEngine(context)
        from structkit.batch.engines.batch_api.opening import open_batch_engine

        return open_batch_engine(context, self.conversations, self._batch_rules)

    async def _finish_rows(
        self, engine: Engine, rows: Iterable[MatchedRow], progress: ProgressReporter, listen: Listen | None
    ) -> bool:
        """Let the engine finish the rows, and report its progress; return whether requests were cancelled."""
        async with progress.watching(engine):
            run = engine.run(rows)
            if listen:
                return await run_until_stopped(run, engine, progress, self.settings.grace, listen)
            await run
        return False

    def _open_limits(self, journal: Journal) -> AbstractContextManager[tuple[Limiter, Budget]]:
        settings, is_priced = self.settings, self.prices.max_price is not None
        fingerprint = self.conversations.fingerprint()
        budget = Budget(settings.budget, spent=spent_before(journal, self.prices.max_price) or 0)
        limiter = Limiter(
            settings.concurrency,
            maximum=settings.max_concurrency,
            policy=self.conversations.policy,
            is_proven=is_job_proven(settings, journal, fingerprint),
        )
        if settings.limits is None and self.limits is None:
            return nullcontext((limiter, budget))
        from structkit.batch.limits.lease_opening import lease_limits

        return lease_limits(settings, fingerprint, limiter, budget, self.limits, is_priced=is_priced)

    def _make_context(self, journal: Journal, limiter: Limiter, budget: Budget) -> tuple[RunContext, ProgressReporter]:
        settings, conversations = self.settings, self.conversations
        progress = ProgressReporter(self.on_progress, budget, is_priced=self.prices.max_price is not None)
        context = RunContext(
            start=conversations.start,
            response_format=conversations.response_format,
            journal=journal,
            transport=self.transport,
            limiter=limiter,
            budget=budget,
            prices=self.prices,
            cache=conversations.plan.cache,
            policy=conversations.policy,
            learn=conversations.plan.observe_step,
            blank_outcome=conversations.blank_outcome,
            hold_ambiguous=settings.on_ambiguous == "hold",
            is_offline=bool(journal.marks.get(REPARSING)),
            on_row=progress.on_row,
            hooks=conversations.plan.hooks({}),
            max_rows=settings.max_concurrency,
        )
        return context, progress

    def _write(self, files: OpenFiles, engine: Engine, context: RunContext, ambiguous: AmbiguousRows) -> Report:
        """Write the output and the manifest; return the report."""
        settings, journal, selection = self.settings, files.journal, files.selection
        if engine.stop_cause:
            read_through(selection, files.source)  # the rows that were not reached may have columns of their own
        elif context.is_offline:
            journal.mark(REPARSING, value=False)  # every stored reply has been read as the new type
        rows = selection.match(files.source, journal, full=False)
        with open_output(self.conversations, files.source, journal) as sink:
            counts = write_rows(self.conversations, sink, selection.filter(rows), ambiguous)
            journal.mark("output", str(settings.output_path))
            journal.flush()  # before the file is in place: a kill in between would leave an output of nobody
        if self.prices.max_price:
            mark_spent(journal, context.budget.spent + context.budget.reserved)  # batches at the endpoint may cost that
        report = make_report(
            settings,
            journal,
            counts,
            self.clock,
            output=settings.output_path,
            spent=context.budget.spent if self.prices.max_price else None,
            stop_cause=engine.stop_cause,
            ambiguous=ambiguous.names,
            removed=rows.removed if selection.is_everything else None,
        )
        write_manifest(settings.output_path, make_manifest(settings, report, journal, self.clock, files.source))
        return report


def _open_transport(conversations: RowConversations) -> AsyncTransport:
    endpoint = conversations.endpoint
    address, key = (endpoint.address, endpoint.api_key) if endpoint else ("", "")
    with report_environment_errors():
        return AsyncHTTPTransport(address, key, connections=conversations.settings.max_concurrency)
