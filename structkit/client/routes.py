"""What a client knows of its route, and how it learns more from what its calls found out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from structkit.dialects import Dialect, Route
from structkit.extraction import Conversation, Extraction, SplitExtraction
from structkit.transport import TransportReply
from structkit.transport.route_cache import load_route, store_route
from structkit.values import Completion

if TYPE_CHECKING:
    from structkit.client.probing import ProbeReport


@dataclass
class ClientRoute:
    """The route of one client.

    Args:
        base_url: Where it leads; empty for a transport of the caller's, of which nothing is kept on disk.
        model: The model there.
        dialect: What its address and the model's name tell.
    """

    base_url: str
    model: str
    dialect: Dialect
    _known: Route | None = field(default=None, repr=False)

    @property
    def route(self) -> Route:
        """What is known, from an earlier process too."""
        if self._known is None:
            kept = load_route(self.base_url, self.model)
            self._known = kept.route if kept else Route(self.dialect)
        return self._known

    def update_from_step(self, last: Conversation, step: Any, replies: list[TransportReply]) -> None:
        """Keep what a step of a call found out."""
        if isinstance(step, Extraction | SplitExtraction) and step.route is not last.route:
            provider = next((reply.provider for reply in replies if isinstance(reply, Completion)), None)
            self.update(last.route, step.route, provider)

    def update(self, before: Route, after: Route, provider: str | None = None) -> None:
        """Keep what a call found out: what is known after it and was not before.

        A dialect that the caller had asked for is the call's alone.
        """
        if after == before:
            return
        known = self.route
        self._known = replace(
            known,
            dialect=after.dialect if before.dialect == known.dialect else known.dialect,
            refused=known.refused | (after.refused - before.refused),
            ignored=known.ignored | (after.ignored - before.ignored),
        )
        store_route(self.base_url, self.model, self._known, provider)

    def store_probe(self, report: ProbeReport) -> ProbeReport:
        """Keep what a probe found out, whatever was known before."""
        self._known = report.route
        for provider in report.providers or (None,):
            store_route(self.base_url, self.model, report.route, provider)
        return report
