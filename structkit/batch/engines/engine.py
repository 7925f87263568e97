"""`Engine`: rows with their conversations go in, and every row comes out finished.

The journal is what engines agree on: before a request is sent its intent is in the journal, and a reply counts once it
is there. So any engine can resume what another one has started, and the runner needs to know only this protocol.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from structkit.batch.engines.limiter import Limiter
from structkit.batch.engines.row_chunks import RowChunks
from structkit.batch.engines.stop import StopCause
from structkit.batch.job_prices import JobPrices
from structkit.batch.matching import MatchedRow
from structkit.batch.outcome import Outcome
from structkit.client.hooks import Hooks
from structkit.client.reply_cache import ReplyCache
from structkit.costs.budget import Budget
from structkit.extraction import Conversation
from structkit.journal.journal import Journal
from structkit.schema import ResponseFormat
from structkit.tables.records import Record
from structkit.transport import AsyncTransport, TransportReply
from structkit.values import Policy


@dataclass(frozen=True)
class RunContext:
    """What the rows of one run share.

    Args:
        start: Returns the conversation about a row, or those about its chunks; awaits the caller's prompt function.
        response_format: The type of the values.
        journal: Where requests, replies and outcomes are stored before they count.
        transport: Sends the requests.
        limiter: When the next request may go out.
        budget: What may still be spent.
        prices: What the tokens of each model cost.
        cache: The replies of earlier calls, if the client has a cache.
        policy: The limits on the attempts, retries and waits of each row.
        learn: Called with each step of a conversation, the next step and the replies, to learn about the route.
        blank_outcome: Returns the outcome of a row that is not sent because it is blank; None for any other.
        hold_ambiguous: Whether a row whose last request may have been answered is held instead of retried.
        is_offline: Whether nothing is sent: stored replies are read as another type.
        on_row: Called with the outcome of each row that finishes.
        hooks: Called for each request that is sent and for its reply; not for stored replies.
        max_rows: The maximum number of rows in progress at once.
    """

    start: Callable[[Record], Awaitable[Conversation | RowChunks]]
    response_format: ResponseFormat[Any]
    journal: Journal
    transport: AsyncTransport
    limiter: Limiter
    budget: Budget
    prices: JobPrices
    cache: ReplyCache | None
    policy: Policy
    learn: Callable[[Any, Any, list[TransportReply]], None]
    blank_outcome: Callable[[Record], Outcome | None]
    hold_ambiguous: bool
    is_offline: bool
    on_row: Callable[[Outcome], None]
    hooks: Hooks
    max_rows: int

    def finish_row(self, record: Record, outcome: Outcome) -> None:
        """Store the outcome of a row."""
        self.journal.conclude(record.ordinal, outcome.state, outcome.fields, key=record.key, digest=record.digest)
        self.on_row(outcome)


class Engine(Protocol):
    """Finishes rows; engines differ in how they send the requests.

    Attributes:
        context: What the rows share.
    """

    context: RunContext

    async def run(self, rows: Iterable[MatchedRow]) -> None:
        """Finish every row, or as many as possible before `stop` is called.

        A row's stored replies are used first, and only what they do not answer is sent. When it returns, everything
        that was sent has its reply in the journal, is ambiguous there, or is in a batch that the journal names.

        Args:
            rows: The rows that have not finished; each iteration reads them, and what the journal has of them, again.

        Raises:
            JobError: The source or the journal failed; the requests in flight were finished first.
        """
        ...

    def stop(self, cause: StopCause) -> None:
        """Send nothing more, and let `run` return once what is in flight has its reply. The first call counts."""
        ...

    @property
    def stop_cause(self) -> StopCause | None:
        """Why it sends nothing more; None while it does."""
        ...

    @property
    def in_flight(self) -> int:
        """Requests without a reply at the moment."""
        ...

    @property
    def pause(self) -> float:
        """Seconds for which nothing is sent, because the endpoint asked for it or does not answer."""
        ...

    @property
    def last_fault(self) -> str:
        """The message of the endpoint's last fault, on one line; empty once it answers again."""
        ...
