"""Whether a journal is of this job: opening it, what has changed since, and what earlier runs have spent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from structkit.batch.ambiguous import AMBIGUOUS
from structkit.batch.engines.batch_log import abandon_batches, read_records, withdraw_unsent
from structkit.batch.fingerprint import differences, is_readable_again
from structkit.batch.parts import Part, journal_totals, validate_totals
from structkit.batch.settings import MAX_REPLY_TOKENS, JobSettings
from structkit.costs.attempt_cost import MAX_TOTAL, parse_amount
from structkit.costs.price import Price
from structkit.errors import JobError
from structkit.journal.database import translate_damage
from structkit.journal.journal import Journal
from structkit.journal.reader import Reader, find_reader
from structkit.journal.shards import job_path
from structkit.values import JSON

REPARSING = "reading"
"""The mark of a job whose stored replies are being read as another type; older journals have it too."""

EVIDENCE = "evidence"
"""The mark of a job all of whose rows that are done have their evidence, or are open again to get it."""

PART_KEY = "part_key"
"""The mark of a part's journal with the column by which its rows were chosen; older journals lack it."""


def open_journal(settings: JobSettings, fingerprint: JSON, *, has_evidence: bool = False) -> Journal:
    """Open the job's journal; emptied if the job has changed and `on_change` is `new`.

    Args:
        settings: The job's settings.
        fingerprint: What makes it the same job.
        has_evidence: Whether each row that is done has its evidence: the stored replies of one without are read again.

    Raises:
        JobError: The journal is another job's, another run has it, or it cannot be used.
    """
    validate_new_journal(settings)
    journal = Journal.open(settings.folder, fingerprint, verify_raw=settings.transport is not None)
    try:
        if settings.on_change == "new" and (changes_since(journal, fingerprint) or _has_other_rows(settings, journal)):
            _empty(journal, fingerprint)
        _reject_batches(settings, journal)
        withdraw_unsent(journal)
        _accept_changes(settings, journal, fingerprint)
        _accept_key(settings, journal)
        _update_evidence(journal, has_evidence=has_evidence)
    except BaseException:
        journal.close()
        raise
    return journal


def validate_new_journal(settings: JobSettings) -> None:
    """Validate that a journal which would be started is not of a job that was run in another number of parts.

    Raises:
        JobError: It is, and the replies would be paid for again.
    """
    if not settings.folder.exists():
        validate_journals(settings, 1 if settings.part is None else Part.read(settings.part).total)


def validate_journals(settings: JobSettings, total: int) -> None:
    """Validate that the replies on disk will be used by a run in so many parts.

    Raises:
        JobError: They are in the journals of another number of parts, and would be paid for again.
    """
    totals = journal_totals(settings.journal_folder, settings.table_path.name)
    if replace(settings, part=None).folder.exists():
        totals.add(1)
    validate_totals(totals, total, settings.table_path)


def _empty(journal: Journal, fingerprint: JSON) -> None:
    journal.forget()
    journal.mark("spend", {})
    journal.mark(AMBIGUOUS, [])
    journal.mark(REPARSING, value=False)
    abandon_batches(journal)
    journal.mark("fingerprint", fingerprint)  # the last one: a run that is killed before it empties the journal again


def _reject_batches(settings: JobSettings, journal: Journal) -> None:
    """Reject a run that would send requests again which are in batches at the endpoint.

    Raises:
        JobError: There are such requests.
    """
    if settings.batch_api and settings.on_change != "reparse":
        return
    if batches := [record for record in read_records(journal) if record.state in {"submitting", "submitted"}]:
        requests = sum(record.requests for record in batches)
        raise JobError(
            f"{requests:,} requests of this job are in batches at the endpoint: collect them first, by the same job "
            "with batch_api=True (--batch-api), and without on_change='reparse' (--reparse)",
            file=str(settings.folder),
        )


def _accept_changes(settings: JobSettings, journal: Journal, fingerprint: JSON) -> None:
    """Adapt the journal to what has changed in the job.

    Raises:
        JobError: `on_change` does not allow it; with what differs, and the choices.
    """
    changes = changes_since(journal, fingerprint)
    if not changes:
        return
    if not _has_begun(journal):
        journal.mark("fingerprint", fingerprint)
        return
    can_reparse = is_readable_again(_last_fingerprint(journal), fingerprint)
    if settings.on_change not in {"mix", *(["reparse"] if can_reparse else [])}:
        reparse = 'on_change="reparse" (--reparse) reads the stored replies as the new type; ' if can_reparse else ""
        raise JobError(
            f"the job has changed since {settings.folder} was started:\n{changes}\n{reparse}"
            'on_change="mix" (--mix) continues with the new settings, "new" (--new) starts from scratch and pays again',
            file=str(settings.folder),
        )
    if settings.on_change == "reparse":
        journal.mark(REPARSING, value=True)  # also for the next run, should this one be killed
        journal.reopen([row.ordinal for row in journal.finished_rows(with_exchanges=False)])
    journal.mark("fingerprint", fingerprint)


def _has_other_rows(settings: JobSettings, journal: Journal) -> bool:
    """Return whether a part has had other rows than it has now, because they were chosen by another key column."""
    marks = journal.marks
    is_other_key = settings.part is not None and PART_KEY in marks and marks[PART_KEY] != settings.key
    return is_other_key and _has_begun(journal)


def _accept_key(settings: JobSettings, journal: Journal) -> None:
    """Store by which column the rows of a part are chosen.

    Raises:
        JobError: Rows have moved to other parts since, which would pay for them again.
    """
    if settings.on_change not in {"mix", "new"} and _has_other_rows(settings, journal):
        key = journal.marks[PART_KEY]
        remedy = "without key (--key)" if key is None else f"with key={key!r} (--key {key})"
        raise JobError(
            f"the rows of {settings.folder} belong to other parts by this key, which would pay for them again: run it "
            f'{remedy}; or on_change="mix" (--mix) continues with this key, "new" (--new) starts from scratch',
            file=str(settings.folder),
        )
    if settings.part is not None and (PART_KEY, settings.key) not in journal.marks.items():
        journal.mark(PART_KEY, settings.key)


def _has_begun(journal: Journal) -> bool:
    """Return whether a journal has anything that other settings could differ from; one that was emptied has."""
    return journal.next_ordinal > 0 or "output" in journal.marks or any(read_records(journal))


def _update_evidence(journal: Journal, *, has_evidence: bool) -> None:
    if bool(journal.marks.get(EVIDENCE)) == has_evidence:
        return None
    if not has_evidence:
        return journal.mark(EVIDENCE, value=False)
    rows = journal.finished_rows(with_exchanges=False)
    journal.reopen([row.ordinal for row in rows if row.state == "done" and "evidence" not in (row.outcome or {})])
    return journal.mark(EVIDENCE, value=True)


def changes_since(journal: Journal | Reader, fingerprint: JSON) -> str:
    """Return what differs from the job that the journal is of, line by line; empty if nothing does."""
    return "\n".join(differences(_last_fingerprint(journal), fingerprint))


def _last_fingerprint(journal: Journal | Reader) -> JSON:
    last: Any = journal.marks.get("fingerprint")  # only jobs that have changed have the mark
    with translate_damage(job_path(journal.folder)):
        return journal.header if last is None else dict(last)


def has_answers(journal: Journal | Reader) -> bool:
    """Return whether earlier runs with these settings have had answers; False if the settings have changed."""
    return bool(journal.counts()["done"]) and "fingerprint" not in journal.marks


def is_job_proven(settings: JobSettings, journal: Journal, fingerprint: JSON) -> bool:
    """Return whether earlier runs have had answers with these settings, in this part of the job or in another one."""
    if has_answers(journal):
        return True
    for folder in _other_folders(settings) if journal.next_ordinal else ():  # rows were sent, and none was answered
        with suppress(JobError):  # a journal that is damaged stops the run of its own part
            reader = find_reader(folder)
            if reader and has_answers(reader) and not changes_since(reader, fingerprint):
                return True
    return False


def _other_folders(settings: JobSettings) -> Iterator[Path]:
    """Yield where the journals of the other parts are, on this machine."""
    if settings.part is not None:
        number, total = Part.read(settings.part)
        yield from (replace(settings, part=(each, total)).folder for each in range(1, total + 1) if each != number)


def spent_before(journal: Journal | Reader, price: Price | None) -> Decimal | None:
    """Return what earlier runs have spent; None without a price.

    Of a killed run, that is what the endpoint reported, or the price of the tokens; a lost reply counts as what was
    reserved for it. The journal does not say which model took the tokens, so *price* is the highest of all.
    """
    if price is None:
        return None
    before: Mapping[str, Any] = journal.marks.get("spend") or {}
    spending = journal.spending()
    with translate_damage(job_path(journal.folder)):
        spent = Decimal(before.get("amount", 0)) + spending.max_cost_since(before, price, MAX_REPLY_TOKENS)
        if parse_amount(spent, MAX_TOTAL) is None:
            raise ValueError(f"{spent} is not an amount")
        return spent


def mark_spent(journal: Journal, spent: Decimal) -> None:
    """Store what was spent, and up to which replies; a run without a price leaves that to the next one with a price."""
    # Requests that this run has dropped are part of what it spent: the next run must not count them again.
    spending = journal.spending(include_current_run=True)
    journal.mark("spend", {**asdict(spending), "cost": str(spending.cost), "amount": str(spent)})
