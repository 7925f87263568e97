"""`Route`: what is known of the way to one model, from its dialect and from its own replies."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any, cast

from structkit.dialects.dialect import MODES, Dialect, ModeName, Size
from structkit.dialects.rows import CORE
from structkit.values import JSON

SAME_FIELD: frozenset[ModeName] = frozenset({"json_schema", "json_schema_lax", "json_object"})
"""Where one of these is ignored, so are the others: an endpoint that does not look at the field takes any of them."""


@dataclass(frozen=True, slots=True)
class Route:
    """The way to a model: what it takes, and which ways of asking it refused or ignored.

    Args:
        dialect: What it takes; narrowed by what it refused.
        refused: Ways of asking that were answered with an error.
        ignored: Ways of asking whose replies showed that the schema was not looked at.
    """

    dialect: Dialect = CORE
    refused: frozenset[ModeName] = frozenset()
    ignored: frozenset[ModeName] = frozenset()

    @property
    def mode(self) -> ModeName:
        """The best way of asking that is left; `prompt` is always one.

        >>> Route().mode, Route(refused=frozenset({"json_schema"})).mode
        ('json_schema', 'json_schema_lax')
        """
        left: list[ModeName] = [mode for mode in self.dialect.modes if mode not in self.refused | self.ignored]
        return left[0] if left else "prompt"

    def refusing(self, mode: ModeName) -> Route:
        """The route, known to refuse a way of asking."""
        return replace(self, refused=self.refused | {mode})

    def ignoring(self, mode: ModeName) -> Route:
        """The route, known to ignore the schema when asked in this way."""
        return replace(self, ignored=self.ignored | (SAME_FIELD if mode in SAME_FIELD else {mode}))


def route_to_json(route: Route) -> JSON:
    """What is known of a route, to be kept."""
    dialect = {item.name: _plain(getattr(route.dialect, item.name)) for item in fields(Dialect)}
    return {"dialect": dialect, "refused": sorted(route.refused), "ignored": sorted(route.ignored)}


def route_from_json(kept: JSON) -> Route:
    """What was kept.

    Raises:
        ValueError, KeyError, TypeError: It is not what `route_to_json` writes.

    >>> route_from_json(route_to_json(Route())) == Route()
    True
    """
    given: dict[str, Any] = dict(kept["dialect"])
    for name in ("keywords", "formats"):
        given[name] = frozenset(given[name])
    for name in ("hosts", "models"):
        given[name] = tuple(given[name])
    given["modes"] = _modes(given["modes"])
    given["levels"] = int(given["levels"])
    given["most"] = Size(*(math.inf if count is None else count for count in given["most"]))
    given["enum_characters"] = math.inf if given["enum_characters"] is None else given["enum_characters"]
    return Route(Dialect(**given), frozenset(_modes(kept["refused"])), frozenset(_modes(kept["ignored"])))


def _modes(names: list[str]) -> tuple[ModeName, ...]:
    return tuple(MODES[MODES.index(cast("ModeName", name))] for name in names)


def _plain(value: object) -> object:
    if isinstance(value, Size):
        return [_plain(getattr(value, item.name)) for item in fields(value)]
    if isinstance(value, frozenset | tuple):
        return sorted(cast("frozenset[str]", value)) if isinstance(value, frozenset) else [*cast("tuple[str]", value)]
    return None if value == math.inf else value
