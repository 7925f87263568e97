"""One run of a job, from its files to its report."""

from __future__ import annotations

import asyncio
import inspect
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from structkit.batch.columns import output_columns, run_columns
from structkit.batch.doubtful import Doubtful
from structkit.batch.fingerprint import differences, fingerprint, is_readable_again
from structkit.batch.formats import STANDARD
from structkit.batch.journal import Journal
from structkit.batch.kept import Kept, State
from structkit.batch.limiter import Limiter
from structkit.batch.manifest import versions, write_manifest
from structkit.batch.matching import Matching
from structkit.batch.money import Budget, cost_of_reply, worst_case
from structkit.batch.records import Record
from structkit.batch.report import Report
from structkit.batch.run import Conversation, Run
from structkit.batch.sinks import Sink, open_sink
from structkit.batch.sound import refuse_missing, refuse_unsound
from structkit.batch.sources import Source, keep_stream, open_source
from structkit.client.endpoint import OPENAI_URL, find_endpoint, model_name, settings_of_the_environment
from structkit.client.plan import Plan, check_call, dialect_of, response_format
from structkit.client.routes import KnownRoute
from structkit.errors import JobError
from structkit.prompts import fill
from structkit.transport.lean import LeanTransport
from structkit.values import JSON, Parameters, Policy, Request

if TYPE_CHECKING:
    from structkit.batch.job import Job, Told

MOST_AT_ONCE = 128
"""Requests in flight that `auto` rises to."""

READING = "reading"
"""The mark of a job whose kept replies are being read as another type."""

LONG_REPLY = 4_096
"""Tokens that a reply is taken to cost at most, where the job bounds it not."""


class Work:
    """A job that is under way."""

    def __init__(self, job: Job, told: Told | None) -> None:
        """Check all that can be checked before anything is opened or sent."""
        refuse_unsound(job)
        check_call(job.call)
        self.job, self.told, self.counted = job, told, Counter[str]()
        self.began, self.clock = time.time(), time.monotonic()
        self.wanted = response_format(job.output_type)
        self.policy: Policy = job.call.get("policy") or Policy()
        self.most = MOST_AT_ONCE if job.concurrency == "auto" else job.concurrency
        endpoint = None if job.transport else find_endpoint(job.model, job.base_url, job.api_key)
        model = endpoint.model if endpoint else model_name(job.model)
        self.base_url = (endpoint.base_url or OPENAI_URL) if endpoint else ""
        self.plan = Plan(model, job.call, dialect_of(model, self.base_url, endpoint.dialect if endpoint else None))
        self.plan.begin(self.wanted, "any row", {})  # a setting that no row could have shows here
        self.known = KnownRoute(self.base_url, model, self.plan.dialect)
        with settings_of_the_environment():
            key = endpoint.api_key if endpoint else ""
            self.transport = job.transport or LeanTransport(self.base_url, key, connections=self.most)

    async def all(self, *, stoppable: bool = False) -> Report:
        """Everything: journal, rows, output, manifest."""
        try:
            source = open_source(self.job.source, key=self.job.key)
            refuse_missing(self.job.prompt, source.columns)
            with self.opened() as journal:
                source = keep_stream(source, self.job.folder / "input.jsonl")
                self.refuse_early(source, journal)
                doubtful = Doubtful(journal.ambiguous(), keyed=self.job.key is not None)
                run = self.prepare(journal)
                with stopping(run) if stoppable else nullcontext():
                    await run.rows(self.records(source, journal), self.most)
                source.check()
                return self.write(source, journal, run, doubtful)
        finally:
            if self.job.transport is None:  # the caller's own stays open
                await self.transport.close()

    def opened(self) -> Journal:
        """The job's journal; with nothing in it where the job has changed, and the caller wants to begin anew.

        Raises:
            JobError: It is another job's, another run has it, or it cannot be used.
        """
        journal = Journal.open(self.job.folder, self.fingerprint())
        try:
            if self.job.on_change == "new" and self.changes(journal):
                journal.forget()
                journal.mark("spend", {})
                journal.mark(READING, value=False)
                journal.mark("fingerprint", self.fingerprint())  # the last: a run that is killed before begins anew
            self.compare(journal)
        except BaseException:
            journal.close()
            raise
        return journal

    def refuse_early(self, source: Source, journal: Journal) -> None:
        """See what would be in the way of the output, and keys that stand twice, before anything is paid for.

        Raises:
            JobError: Something is.
        """
        if str(self.job.output) != STANDARD:
            self.sink(source, journal).discard()
        if source.key is not None:
            for _ in islice(source, self.job.limit):
                pass

    def sink(self, source: Source, journal: Journal) -> Sink:
        """The output, begun."""
        is_ours = self.job.overwrite or "output" in journal.marks
        values = output_columns(self.wanted.natural_schema, is_open=isinstance(self.wanted.output_type, dict))
        columns = (*source.fields, *values, *run_columns(*self.job.columns))
        return open_sink(self.job.output, columns, overwrite=is_ours)

    def fingerprint(self) -> JSON:
        """What makes the job the one it is."""
        call: Mapping[str, Any] = self.job.call
        prompt = self.job.prompt
        return fingerprint(
            self.wanted,
            prompt=prompt if isinstance(prompt, str) else source_of(prompt),
            instructions=call.get("instructions"),
            examples=[[given, self.wanted.natural(value)] for given, value in call.get("examples", ())],
            model=self.plan.model,
            base_url=self.base_url,
            parameters=Parameters(**{name: call[name] for name in Parameters.__dataclass_fields__ if name in call}),
            mode=str(call.get("mode", "auto")),
        )

    def compare(self, journal: Journal) -> None:
        """See that the journal is of this job, or do what the caller wants where it is not.

        Raises:
            JobError: It is another job's; with what differs, and the choices.
        """
        told = self.changes(journal)
        now = self.fingerprint()
        readable = is_readable_again(journal.marks.get("fingerprint", journal.header), now)
        if told and self.job.on_change not in {"mix", *(["reparse"] if readable else [])}:
            reparse = (
                'on_change="reparse" (--reparse) reads the replies that are kept as the new type; ' if readable else ""
            )
            raise JobError(
                f"the job has changed since {self.job.folder} was begun:\n{told}\n{reparse}"
                'on_change="mix" (--mix) goes on with the new settings, "new" (--new) begins anew and pays again',
                file=str(self.job.folder),
            )
        if told and self.job.on_change == "reparse":
            journal.mark(READING, value=True)  # also for the next run, should this one be killed
            journal.reopen([kept.ordinal for kept in journal.outcomes(full=False)])
        if told:
            journal.mark("fingerprint", now)

    def changes(self, journal: Journal) -> str:
        """What differs from the job that the journal is of, line by line."""
        return "\n".join(differences(journal.marks.get("fingerprint", journal.header), self.fingerprint()))

    def prepare(self, journal: Journal) -> Run:
        """What the rows of this run share."""
        price = self.job.price

        def told(state: State) -> None:
            self.counted[state] += 1
            if self.told:
                self.told(self.counted)

        return Run(
            begin=self.begin,
            wanted=self.wanted,
            journal=journal,
            transport=self.transport,
            limiter=Limiter(self.job.concurrency, maximum=self.most, policy=self.policy),
            budget=Budget(self.job.budget, spent=self.spent(journal)),
            cost=lambda reply: cost_of_reply(reply, price),
            estimate=self.estimate,
            policy=self.policy,
            learnt=self.known.told,
            hooks=self.plan.hooks({}),
            hold=self.job.on_ambiguous == "hold",
            offline=bool(journal.marks.get(READING)),
            told=told,
        )

    def spent(self, journal: Journal) -> Decimal:
        """What earlier runs have spent; of a killed one what was reported, or its tokens; of a lost reply the most."""
        if self.job.price is None:
            return Decimal(0)
        before: Mapping[str, Any] = journal.marks.get("spend") or {}
        return Decimal(before.get("amount", 0)) + journal.spending().beyond(before, self.job.price, LONG_REPLY)

    async def begin(self, record: Record) -> Conversation:
        """The conversation about a row."""
        prompt = self.job.prompt
        said = fill(prompt, record.values) if isinstance(prompt, str) else prompt(record.values)
        said = await said if inspect.isawaitable(said) else said
        return self.plan.begin(self.wanted, said, {}, self.known.route)

    def estimate(self, request: Request) -> Decimal:
        """What a request may cost at most."""
        given = request.parameters
        longest = given.max_completion_tokens or given.max_tokens or LONG_REPLY
        text = "".join(str(message.content) for message in request.messages) + str(request.fields)
        return worst_case(text, longest, self.job.price) if self.job.price else Decimal(0)

    def records(self, source: Source, journal: Journal) -> Iterator[tuple[Record, Kept | None]]:
        """The rows that are not at their end, with what the journal has of each."""
        again: set[State | None] = {None, "held"}
        again |= {"failed"} if self.job.retry_failed else set()
        for record, past in Matching(islice(source, self.job.limit), journal):
            if past is None or past.state in again:
                afresh = past is not None and past.state == "failed"
                if afresh:
                    journal.reopen([record.ordinal], afresh=True)
                yield record, None if afresh else past

    def write(self, source: Source, journal: Journal, run: Run, doubtful: Doubtful) -> Report:
        """The output, the manifest and the report."""
        output, counts, rows = Path(self.job.output), Counter[str](), 0
        if run.stopping.is_set():  # what the columns are is known when all rows have been read
            for _ in islice(source, self.job.limit):
                pass
        elif run.offline:
            journal.mark(READING, value=False)
        found = Matching(islice(source, self.job.limit), journal, full=False)
        with self.sink(source, journal) as sink:
            for record, kept in found:
                doubtful.seen(record)
                state = kept.state if kept and kept.state else "open"
                sink.write(row_of(record, kept, state))
                counts[state], rows = counts[state] + 1, rows + 1
        journal.mark("output", str(output))
        if self.job.price:  # what runs without one have spent, is found in the journal when there is one
            known = journal.spending()
            journal.mark("spend", {**asdict(known), "cost": str(known.cost), "amount": str(run.budget.spent)})
        removed = found.removed if self.job.limit is None else None
        report = self.report(journal, run, counts, rows, ambiguous=doubtful.names, removed=removed)
        write_manifest(output, self.manifest(report, journal))
        return report

    def report(self, journal: Journal, run: Run, counts: Mapping[str, int], rows: int, **more: Any) -> Report:
        """What the run came to."""
        usage, left = journal.usage(), counts.get("open", 0)
        known = journal.spending()
        return Report(
            status="complete" if not left else f"incomplete: {run.why or 'rows were left out'}",
            output=Path(self.job.output),
            rows=rows,
            counts=dict(counts),
            tokens=usage.total_tokens,
            unreported=usage.unreported,
            spend=run.budget.spent if self.job.price else known.known,
            unpriced=0 if self.job.price else known.silent,
            seconds=time.monotonic() - self.clock,
            **more,
        )

    def manifest(self, report: Report, journal: Journal) -> JSON:
        """What the output was made of."""
        return {
            "status": report.status,
            "rows": report.rows,
            "counts": dict(report.counts),
            "source": str(self.job.source)
            if isinstance(self.job.source, str | Path)
            else type(self.job.source).__name__,
            "output": str(report.output),
            "job": journal.marks.get("fingerprint", journal.header),
            "versions": versions(),
            "tokens": report.tokens,
            "unreported_replies": report.unreported,
            "spend": None if report.spend is None else f"{report.spend:f}",
            "replies_of_unknown_cost": report.unpriced,
            "ambiguous": list(report.ambiguous),
            "removed": asdict(report.removed) if report.removed else None,
            "began": self.began,
            "seconds": round(report.seconds, 3),
        }


def row_of(record: Record, kept: Kept | None, state: str) -> JSON:
    """A row as a sink takes it."""
    outcome = dict((kept.outcome if kept else None) or {})
    row: JSON = {"input": record.values, "run": {**outcome, "status": state}}
    return {**row, "output": outcome["value"]} if "value" in outcome else row


def source_of(prompt: Callable[..., Any]) -> str:
    """The source of a function, which is part of what makes a job the one it is; its name where there is none."""
    try:
        return inspect.getsource(prompt)
    except (OSError, TypeError):
        return f"{prompt.__module__}.{getattr(prompt, '__qualname__', type(prompt).__name__)}"


@contextmanager
def stopping(run: Run) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM lets what is under way end; the second ends it."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def stop() -> None:
        if run.stopping.is_set() and task is not None:
            task.cancel()
        run.stop("interrupted")

    caught: list[signal.Signals] = []
    for name in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError, RuntimeError, ValueError):  # not on Windows, not off the main thread
            loop.add_signal_handler(name, stop)
            caught.append(name)
    try:
        yield
    finally:
        for name in caught:
            loop.remove_signal_handler(name)
