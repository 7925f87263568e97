"""What a client knows about its route, and how it learns from the steps of its calls."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from structkit.dialects import Dialect, Route, find_dialect, get_dialect
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
        base_url: The address of the endpoint; empty for a transport of the caller's, whose route is not cached on disk.
        model: The model's name at the endpoint.
        dialect: The dialect by the address and the model's name.
    """

    base_url: str
    model: str
    dialect: Dialect
    _route: Route | None = field(default=None, repr=False)

    @property
    def route(self) -> Route:
        """The route, by default as an earlier process cached it."""
        if self._route is None:
            cached_route = load_route(self.base_url, self.model)
            self._route = cached_route.route if cached_route else Route(self.dialect)
        return self._route

    def update_from_step(self, last: Conversation, step: Any, replies: list[TransportReply]) -> None:
        """Store what a step of a conversation showed about the route."""
        if isinstance(step, Extraction | SplitExtraction) and step.route is not last.route:
            provider = next((reply.provider for reply in replies if isinstance(reply, Completion)), None)
            self.update(last.route, step.route, provider)

    def update(self, before: Route, after: Route, provider: str | None = None) -> None:
        """Store the difference between a route before and after a step.

        A dialect that the caller has chosen for a call is not stored, because the endpoint has not chosen it.
        """
        if after == before:
            return
        route = self.route
        self._route = replace(
            route,
            dialect=after.dialect if before.dialect == route.dialect else route.dialect,
            rejected=route.rejected | (after.rejected - before.rejected),
            ignored=route.ignored | (after.ignored - before.ignored),
            rejected_parameters=route.rejected_parameters | (after.rejected_parameters - before.rejected_parameters),
        )
        store_route(self.base_url, self.model, self._route, provider)

    def store_probe(self, report: ProbeReport) -> ProbeReport:
        """Store the route that a probe determined, in place of what was known before, and return the report."""
        self._route = report.route
        for provider in report.providers or (None,):
            store_route(self.base_url, self.model, report.route, provider)
        return report


@dataclass
class ClientRoutes:
    """The routes of one client: one for each model that its calls name.

    Args:
        base_url: The address of the endpoint; empty for a transport of the caller's.
        dialect_name: The name of the endpoint's dialect; None if it depends on the address and the model.
    """

    base_url: str
    dialect_name: str | None = None
    _routes: dict[str, ClientRoute] = field(default_factory=dict, repr=False)

    def of(self, model: str) -> ClientRoute:
        """Return the route of a model.

        Raises:
            ConfigError: There is no dialect of that name.
        """
        if (route := self._routes.get(model)) is None:
            name = self.dialect_name
            dialect = get_dialect(name) if name else find_dialect(model, self.base_url)
            route = self._routes.setdefault(model, ClientRoute(self.base_url, model, dialect))
        return route

    def update_from_step(self, last: Conversation, step: Any, replies: list[TransportReply]) -> None:
        """Store what a step of a conversation showed about the route of its model."""
        self.of(last.model).update_from_step(last, step, replies)
