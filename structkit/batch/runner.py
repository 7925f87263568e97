"""One run of a job, from its files to its report."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from decimal import Decimal
from functools import lru_cache, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from structkit.batch.ambiguous import LOST, Doubtful, in_doubt
from structkit.batch.engines.limiter import Limiter
from structkit.batch.engines.local import Run
from structkit.batch.engines.progress import Told, Watch
from structkit.batch.engines.signals import until_stopped
from structkit.batch.fingerprint import differences, fingerprint, is_readable_again
from structkit.batch.manifest import input_hash, versions, write_manifest
from structkit.batch.matching import Matching
from structkit.batch.report import Report
from structkit.batch.sampling import fair_sample
from structkit.batch.validation import refuse_missing, refuse_unsound
from structkit.batch.written import write_rows
from structkit.client.arguments import validate_call
from structkit.client.endpoint_settings import find_endpoint, report_environment_errors
from structkit.client.plan import make_plan
from structkit.costs.budget import Budget, worst_case_cost
from structkit.costs.reply_cost import cost_of_reply
from structkit.errors import JobError
from structkit.extraction import Conversation
from structkit.journal.journal import Journal
from structkit.journal.reader import Reader
from structkit.journal.row_state import Kept, State
from structkit.prompts import conversation, fill
from structkit.schema.cache import response_format
from structkit.tables.columns import output_columns, run_columns
from structkit.tables.records import Record
from structkit.tables.sinks import Sink, open_sink
from structkit.tables.sources import STREAM, Source, keep_stream, open_source
from structkit.transport.direct import AsyncHTTPTransport
from structkit.values import JSON, Parameters, Policy, Request

if TYPE_CHECKING:
    from structkit.batch.job import Job

MOST_AT_ONCE = 128
"""Requests in flight that `auto` rises to."""

READING = "reading"
"""The mark of a job whose kept replies are being read as another type."""

Past: TypeAlias = "tuple[Record, Kept | None]"
"""A row, and what the journal has of it."""

LONG_REPLY = 4_096
"""Tokens that a reply is taken to cost at most, where the job bounds it not."""


class Work:
    """A job that is under way."""

    def __init__(self, job: Job, told: Told | None) -> None:
        """Check all that can be checked before anything is opened or sent."""
        refuse_unsound(job)
        validate_call(job.call)
        self.job, self.told = job, told
        self.chosen: frozenset[int] | None = None
        self.began, self.clock = time.time(), time.monotonic()
        self.wanted = response_format(job.output_type)
        self.policy: Policy = job.call.get("policy") or Policy()
        self.most = MOST_AT_ONCE if job.concurrency == "auto" else job.concurrency
        endpoint = None if job.transport else find_endpoint(job.model, job.base_url, job.api_key)
        self.base_url = endpoint.address if endpoint else ""
        self.plan, self.known = make_plan(job.model, job.call, endpoint)
        # Cached by the route, because what is learned about it changes the request.
        self.blank = lru_cache(1)(partial(self.plan.start_conversation, self.wanted, "any row", {}))
        self.blank()  # a setting that no row could have shows here
        with report_environment_errors():
            key = endpoint.api_key if endpoint else ""
            self.transport = job.transport or AsyncHTTPTransport(self.base_url, key, connections=self.most)

    async def all(self, *, stoppable: bool = False) -> Report:
        """Everything: journal, rows, output, manifest."""
        try:
            source = open_source(self.job.source, key=self.job.key)
            refuse_missing(self.job.prompt, source.columns)
            with self.opened() as journal:
                source = keep_stream(source, self.job.folder / STREAM)
                self.refuse_early(source, journal)
                self.choose(source)
                lost = in_doubt(journal)
                journal.mark(LOST, [*map(list, lost.items())])
                run = self.prepare(journal)
                if await self.follow(run, self.records(source, journal), stoppable=stoppable):
                    lost |= dict(journal.ambiguous(now=True))
                source.check()
                doubtful = Doubtful(lost.items(), keyed=self.job.key is not None)
                return self.write(source, journal, run, doubtful)
        finally:
            if self.job.transport is None:  # the caller's own stays open
                await self.transport.close()

    async def follow(self, run: Run, records: Iterator[Past], *, stoppable: bool) -> bool:
        """Take the rows to their end, and tell how far they are; whether some were dropped on the way."""
        watch = Watch(self.told, run, priced=self.job.price is not None)
        async with watch.ticking():
            rows = run.rows(records, self.most)
            if stoppable:
                return await until_stopped(rows, run, watch, self.job.grace)
            await rows
        return False

    def choose(self, source: Source) -> None:
        """Draw the sample, where one is wanted."""
        if self.job.sample is not None:
            self.chosen = fair_sample(self.rows(source), self.job.sample, keyed=source.key is not None)

    def rows(self, source: Source) -> Iterator[Record]:
        """The rows that this run may look at; of a sample those up to its last, for each has its place among them."""
        last = None if self.chosen is None else max(self.chosen, default=-1) + 1
        return islice(source, self.job.limit if last is None else last)

    def matched(self, source: Source, journal: Journal | Reader, *, full: bool = True) -> Matching:
        """The rows with what the journal has of each."""
        return Matching(self.rows(source), journal, full=full)

    def picked(self, found: Iterable[Past]) -> Iterator[Past]:
        """Those of them that this run is about: of a sample, the rows that were drawn."""
        return (each for at, each in enumerate(found) if self.chosen is None or at in self.chosen)

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
                journal.mark(LOST, [])
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
        self.sink(source, journal).discard()
        if source.key is not None:
            for _ in self.rows(source):
                pass

    def sink(self, source: Source, journal: Journal | Reader, path: Path | None = None) -> Sink:
        """The output, begun; or another file."""
        is_ours = self.job.overwrite or (path is None and "output" in journal.marks)
        values = output_columns(self.wanted.natural_schema, is_open=isinstance(self.wanted.output_type, dict))
        columns = (*source.fields, *values, *run_columns(*self.job.columns))
        return open_sink(path or self.job.output, columns, overwrite=is_ours)

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

    def changes(self, journal: Journal | Reader) -> str:
        """What differs from the job that the journal is of, line by line."""
        return "\n".join(differences(journal.marks.get("fingerprint", journal.header), self.fingerprint()))

    def prepare(self, journal: Journal) -> Run:
        """What the rows of this run share."""
        price = self.job.price
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
            learnt=self.known.update_from_step,
            hooks=self.plan.hooks({}),
            hold=self.job.on_ambiguous == "hold",
            offline=bool(journal.marks.get(READING)),
        )

    def spent(self, journal: Journal | Reader) -> Decimal:
        """What earlier runs have spent; of a killed one what was reported, or its tokens; of a lost reply the most."""
        if self.job.price is None:
            return Decimal(0)
        before: Mapping[str, Any] = journal.marks.get("spend") or {}
        return Decimal(before.get("amount", 0)) + journal.spending().max_cost_since(before, self.job.price, LONG_REPLY)

    async def begin(self, record: Record) -> Conversation:
        """The conversation about a row."""
        prompt = self.job.prompt
        said = fill(prompt, record.values) if isinstance(prompt, str) else prompt(record.values)
        said = await said if inspect.isawaitable(said) else said
        return self.blank(self.known.route).with_messages(conversation(said, self.job.call.get("instructions")))

    def estimate(self, request: Request) -> Decimal:
        """What a request may cost at most."""
        if self.job.price is None:
            return Decimal(0)
        given = request.parameters
        longest = given.max_completion_tokens or given.max_tokens or LONG_REPLY
        text = "".join(str(message.content) for message in request.messages) + str(request.fields)
        return worst_case_cost(text, longest, self.job.price)

    def records(self, source: Source, journal: Journal) -> Iterator[Past]:
        """The rows that are not at their end, with what the journal has of each."""
        again: set[State | None] = {None, "held"}
        again |= {"failed"} if self.job.retry_failed else set()
        for record, past in self.picked(self.matched(source, journal)):
            if past is None or past.state in again:
                afresh = past is not None and past.state == "failed"
                if afresh:
                    journal.reopen([record.ordinal], afresh=True)
                yield record, None if afresh else past

    def write(self, source: Source, journal: Journal, run: Run, doubtful: Doubtful) -> Report:
        """The output, the manifest and the report."""
        if run.stopping.is_set():  # what the columns are is known when all rows have been read
            for _ in self.rows(source):
                pass
        elif run.offline:
            journal.mark(READING, value=False)
        found = self.matched(source, journal, full=False)
        with self.sink(source, journal) as sink:
            counts = write_rows(sink, self.picked(found), doubtful)
        journal.mark("output", str(self.job.output))
        if self.job.price:  # what runs without one have spent, is found in the journal when there is one
            known = journal.spending()
            journal.mark("spend", {**asdict(known), "cost": str(known.cost), "amount": str(run.budget.spent)})
        removed = found.removed if self.job.limit is None and self.chosen is None else None
        report = self.report(journal, counts, run, ambiguous=doubtful.names, removed=removed)
        write_manifest(Path(self.job.output), self.manifest(report, journal))
        return report

    def report(
        self, journal: Journal | Reader, counts: Mapping[str, int], run: Run | None = None, **more: Any
    ) -> Report:
        """What the run came to, or what there is without one."""
        usage, left = journal.usage(), counts.get("open", 0)
        known, spent = journal.spending(), run.budget.spent if run else self.spent(journal)
        return Report(
            reason=(run.reason if run else "left") if left else "",
            why=run.why if run and left else "",
            rows=sum(counts.values()),
            counts=dict(counts),
            tokens=usage.total_tokens,
            unreported=usage.unreported,
            spend=spent if self.job.price else known.reported_cost,
            unpriced=0 if self.job.price else known.without_cost,
            seconds=time.monotonic() - self.clock,
            **{"output": Path(self.job.output), **more},
        )

    def manifest(self, report: Report, journal: Journal | Reader) -> JSON:
        """What the output was made of."""
        return {
            "status": report.status,
            "rows": report.rows,
            "counts": dict(report.counts),
            "source": str(self.job.source)
            if isinstance(self.job.source, str | Path)
            else type(self.job.source).__name__,
            "source_sha256": input_hash(self.job.source, self.job.folder / STREAM),
            "limit": self.job.limit,
            "sample": self.job.sample,
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


def source_of(prompt: Callable[..., Any]) -> str:
    """The source of a function, which is part of what makes a job the one it is; its name where there is none."""
    try:
        return inspect.getsource(prompt)
    except (OSError, TypeError):
        return f"{prompt.__module__}.{getattr(prompt, '__qualname__', type(prompt).__name__)}"
