"""What a client knows about its route, and how it learns from the steps of its calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

from structkit.dialects import (
    DIALECTS,
    Route,
    find_dialect,
    find_host_dialect,
    get_dialect,
    identify_owner,
    identify_route,
)
from structkit.extraction import Conversation, Extraction, SplitExtraction, storable_route
from structkit.extraction.loop_stop import learn_stop_loops
from structkit.transport import TransportReply
from structkit.transport.route_cache import load_route, locked_cache, store_route
from structkit.values import Completion, ModelName

if TYPE_CHECKING:
    from structkit.client.probing import ProbeReport

CONVERSATIONS = (Extraction, SplitExtraction)

MAX_REPLIES_WITHOUT_SIGN = 3
"""After this many replies that do not show what the endpoint is, no further ones are looked at: it takes time."""


@dataclass
class ClientRoute:
    """The route of one client.

    Args:
        base_url: The address of the endpoint; empty for a transport of the caller's, whose route is not cached on disk.
        model: The model's name at the endpoint.
        initial_route: The route before anything is known from its replies.
    """

    base_url: str
    model: str
    initial_route: Route
    _route: Route | None = field(default=None, repr=False)
    _replies_without_sign: int = field(default=0, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    @property
    def route(self) -> Route:
        """The route, by default as an earlier process cached it."""
        if self._route is None:
            cached_route = load_route(self.base_url, self.model)
            self._route = cached_route.route if cached_route else self.initial_route
        return self._route

    @property
    def route_to_probe(self) -> Route:
        """The route without what its replies have rejected, which a probe tests again."""
        known_dialect = None if self.route.is_assumed else DIALECTS.get(self.route.dialect.name)
        return self.initial_route if known_dialect is None else self.initial_route.with_dialect(known_dialect)

    def update_from_step(self, last: Conversation, step: Any, replies: list[TransportReply]) -> None:
        """Store what a step of a conversation showed about the route."""
        if self._replies_without_sign < MAX_REPLIES_WITHOUT_SIGN and self.route.is_assumed:
            self._identify(replies)
        if isinstance(step, CONVERSATIONS) and step.route is not last.route:
            provider = next((reply.provider for reply in replies if isinstance(reply, Completion)), None)
            self.update(last.route, storable_route(last, step), provider)
        stop_loops = learn_stop_loops(last, replies)
        if stop_loops is not None and self.route.with_stop_loops(stop_loops) != self.route:
            self._change(lambda route: route.with_stop_loops(stop_loops))

    def _identify(self, replies: list[TransportReply]) -> None:
        """Store the dialect that replies show the route to have."""
        for reply in replies:
            if isinstance(reply, Completion):
                if identify_route(self.route, reply) is not self.route:
                    self._change(partial(identify_route, reply=reply), reply.provider)
                self._replies_without_sign += 1

    def identify_owner(self, owner: str | None) -> None:
        """Store the dialect of the server that lists the model with that `owned_by`."""
        if identify_owner(self.route, owner) is not self.route:
            self._change(partial(identify_owner, owner=owner))

    def update(self, before: Route, after: Route, provider: str | None = None) -> None:
        """Store what a step has changed about the route, on top of what other threads and processes have stored.

        A dialect that the caller has chosen for a call is not stored, because the endpoint has not chosen it.
        """
        if after == before:
            return
        if before.dialect.name not in {self.route.dialect.name, self.initial_route.dialect.name}:
            after = replace(after, dialect=before.dialect)
        self._change(lambda route: route.with_step(before, after), provider)

    def _change(self, change: Callable[[Route], Route], provider: str | None = None) -> None:
        """Change the route as it is stored now, since other threads and processes learn at the same time."""
        with self._lock, locked_cache(self.base_url):
            cached_route = load_route(self.base_url, self.model)
            route = cached_route.route if cached_route else self.route
            self._route = change(route)
            if self._route != route:
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
            known_dialect = get_dialect(name) if name else find_host_dialect(self.base_url)
            initial_route = Route(known_dialect or find_dialect(model), is_assumed=known_dialect is None)
            route = self._routes.setdefault(model, ClientRoute(self.base_url, model, initial_route))
        return route

    def update_from_step(self, last: Conversation, step: Any, replies: list[TransportReply]) -> None:
        """Store what a step of a conversation showed about the route of its model."""
        if isinstance(step, CONVERSATIONS) and step.model != last.model:
            return  # the next step is with another model, and has that model's route
        self.of(last.model).update_from_step(last, step, replies)

    def identify_owners(self, names: tuple[str, ...]) -> None:
        """Store the dialect of the server that lists the models, as far as calls have named them."""
        for name in names:
            if isinstance(name, ModelName) and name in self._routes:
                self._routes[name].identify_owner(name.owner)


def pin_routes(routes: Mapping[str, Route]) -> ClientRoutes:
    """Return the routes of a client whose models have these, whatever the cache on disk has.

    >>> pin_routes({"m": Route(rejected=frozenset({"json_schema"}))}).of("m").route.mode
    'json_schema_lax'
    """
    return ClientRoutes("", _routes={model: ClientRoute("", model, route) for model, route in routes.items()})
