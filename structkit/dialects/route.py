"""`Route`: what a model at an endpoint accepts, from its dialect and from its own replies."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, cast

from structkit.dialects.dialect import MODES, Dialect, ModeName, Size
from structkit.dialects.parameter_rejections import (
    NEEDED_FIELDS,
    PREFERENCES,
    PREREQUISITES,
    TOKEN_CAPS,
    missing_setting,
    pair_setting,
    setting,
    setting_names,
)
from structkit.dialects.part_rejections import REJECTED_PART
from structkit.dialects.rows import CORE, DIALECTS
from structkit.values import JSON, Parameters

RESPONSE_FORMAT_MODES: frozenset[ModeName] = frozenset({"json_schema", "json_schema_lax", "json_object"})
"""An endpoint that ignores one of these ignores all: it does not read the field `response_format`."""


@dataclass(frozen=True, slots=True)
class Route:
    """What is known about a model at an endpoint.

    Args:
        dialect: What it accepts, without what it has rejected.
        rejected: Modes that were answered with an error.
        ignored: Modes whose replies showed that the schema was not enforced.
        rejected_parameters: Parameters that were answered with an error: a name, or `name=value` if only that value was
            rejected.
        is_assumed: Whether the dialect was chosen without a sign of the endpoint: by the model's name, or as the one
            for unknown routes. A reply may show another one.
        rejected_parts: Types of content parts that were answered with an error, such as `image_url`.
        stop_loops: Whether requests for whole replies are streamed, to stop those that only repeat themselves: True
            once the model has sent such a reply, False once a stream turned out not to help; None before.
        shows_schema: Whether a probe has found that the model sees the descriptions of a schema; None if none has.
    """

    dialect: Dialect = CORE
    rejected: frozenset[ModeName] = frozenset()
    ignored: frozenset[ModeName] = frozenset()
    rejected_parameters: frozenset[str] = frozenset()
    is_assumed: bool = False
    rejected_parts: frozenset[str] = frozenset()
    stop_loops: bool | None = None
    shows_schema: bool | None = None

    @property
    def mode(self) -> ModeName:
        """The strongest mode that works; `prompt` always does.

        >>> Route().mode, Route(rejected=frozenset({"json_schema"})).mode
        ('json_schema', 'json_schema_lax')
        """
        for mode in self.dialect.modes:
            if mode not in self.rejected and mode not in self.ignored:
                return mode
        return "prompt"

    @property
    def hides_schema(self) -> bool:
        """Whether the model is known not to see a schema in `response_format`: by a probe, or else by the dialect."""
        return not (self.dialect.shows_schema if self.shows_schema is None else self.shows_schema)

    @property
    def rejection_count(self) -> int:
        """How many parameters and types of content parts were rejected."""
        return len(self.rejected_parameters) + len(self.rejected_parts)

    def with_rejected(self, mode: ModeName) -> Route:
        """Return the route with one more rejected mode."""
        return replace(self, rejected=self.rejected | {mode})

    def with_ignored(self, mode: ModeName) -> Route:
        """Return the route with one more ignored mode, together with those that use the same field."""
        modes = RESPONSE_FORMAT_MODES if mode in RESPONSE_FORMAT_MODES else {mode}
        return replace(self, ignored=self.ignored | modes)

    def with_rejected_part(self, kind: str) -> Route:
        """Return the route with one more rejected type of content parts."""
        return replace(self, rejected_parts=self.rejected_parts | {kind})

    def accepts_cap(self, name: str) -> bool:
        """Return whether a token limit may be sent under one of its two names."""
        return name not in self.rejected_parameters or TOKEN_CAPS[name] in self.rejected_parameters

    def with_rejected_parameter(self, name: str) -> Route:
        """Return the route with one more rejected parameter, or value of one."""
        return replace(self, rejected_parameters=self.rejected_parameters | {name})

    def rejects(self, name: str, value: Any, names: Iterable[str] = ()) -> bool:
        """Return whether the endpoint has rejected a parameter, this value of it, or a parameter that it needs.

        Args:
            name: The parameter.
            value: Its value.
            names: The parameters and fields of the request, beside which or without which it may be rejected.

        >>> route = Route(rejected_parameters=frozenset({"temperature=0", "logprobs"}))
        >>> route.rejects("temperature", 0.0), route.rejects("temperature", 1), route.rejects("top_logprobs", 2)
        (True, False, True)
        """
        settings = {name, setting(name, value), PREREQUISITES.get(name, name)}
        settings |= {missing_setting(name, field) for field in NEEDED_FIELDS.difference(names)}
        return not self.rejected_parameters.isdisjoint({*settings, *(pair_setting(name, other) for other in names)})

    def adapt_parameters(
        self, parameters: Parameters, *, may_drop: bool = True, fields: Collection[str] = ()
    ) -> Parameters:
        """Return the parameters with the other name of a token limit, and without what the endpoint rejects if allowed.

        Args:
            parameters: The parameters of a call.
            may_drop: Whether what is rejected may be left out.
            fields: The fields of the request that come from its mode.

        >>> Route(rejected_parameters=frozenset({"max_tokens", "seed"})).adapt_parameters(
        ...     Parameters(max_tokens=9, seed=7, top_p=1)
        ... )
        Parameters(top_p=1, max_completion_tokens=9)
        """
        if not self.rejected_parameters:
            return parameters
        options: dict[str, Any] = {}
        for name, value in parameters.options.items():
            if name in TOKEN_CAPS:
                options.setdefault(name if self.accepts_cap(name) else TOKEN_CAPS[name], value)
            elif not (may_drop and self.rejects(name, value, (*parameters.options, *fields))):
                options[name] = value
        return Parameters(**options)

    def changeable_parameters(
        self, parameters: Parameters, *, may_drop: bool, fields: Collection[str] = ()
    ) -> dict[str, Any]:
        """Return the parameters of a request that may be renamed, or left out if *may_drop*.

        >>> Route().changeable_parameters(Parameters(max_tokens=9, seed=7, n=2), may_drop=True)
        {'max_tokens': 9, 'seed': 7}
        """
        options = self.adapt_parameters(parameters, may_drop=may_drop, fields=fields).options.items()
        return {
            name: value for name, value in options if self._is_renamable(name) or (may_drop and name in PREFERENCES)
        }

    def _is_renamable(self, name: str) -> bool:
        return name in TOKEN_CAPS and TOKEN_CAPS[name] not in self.rejected_parameters

    def dropped_parameters(self, parameters: Parameters, fields: Collection[str] = ()) -> list[str]:
        """Return the parameters that are not sent because the endpoint has rejected them, or only their values.

        >>> route = Route(rejected_parameters=frozenset({"temperature=0", "seed"}))
        >>> route.dropped_parameters(Parameters(temperature=0, seed=7, top_p=1))
        ['seed', 'temperature=0']
        """
        names = (*parameters.options, *fields)
        options = [item for item in parameters.options.items() if item[0] not in TOKEN_CAPS]
        return sorted(self._rejected_text(*item, names) for item in options if self.rejects(*item, names))

    def _rejected_text(self, name: str, value: Any, names: Iterable[str]) -> str:
        """Return what of a rejected parameter was rejected: its value, beside or without another one, or all of it."""
        missing = (missing_setting(name, field) for field in sorted(NEEDED_FIELDS.difference(names)))
        texts = (setting(name, value), *(pair_setting(name, other) for other in names), *missing)
        return next((text for text in texts if text in self.rejected_parameters), name)

    def with_dialect(self, dialect: Dialect) -> Route:
        """Return the route with the dialect that it was shown to have, without what the route has rejected.

        Values keep the form that they have in the assumed dialect, so that earlier replies of a job can still be read.
        """
        assumed_dialect = DIALECTS.get(self.dialect.name, self.dialect)
        known_dialect = replace(
            dialect,
            recursion=dialect.recursion or assumed_dialect.recursion,
            optional=assumed_dialect.optional,
            name_pattern=assumed_dialect.name_pattern,
        )
        return replace(self, dialect=_narrow(known_dialect, assumed_dialect, self.dialect), is_assumed=False)

    def with_step(self, before: Route, after: Route) -> Route:
        """Return the route with what a step of a conversation showed, whatever other steps have shown meanwhile.

        Args:
            before: The route at the start of the step.
            after: The route after it.
        """
        return replace(
            self,
            dialect=_narrow(self.dialect, before.dialect, after.dialect),
            rejected=self.rejected | (after.rejected - before.rejected),
            ignored=self.ignored | (after.ignored - before.ignored),
            rejected_parameters=self.rejected_parameters | (after.rejected_parameters - before.rejected_parameters),
            rejected_parts=self.rejected_parts | (after.rejected_parts - before.rejected_parts),
        )

    def with_stop_loops(self, stop_loops: bool) -> Route:
        """Return the route with what a reply showed about loops; a stream that does not help is not tried again."""
        return replace(self, stop_loops=stop_loops and self.stop_loops is not False)


def _narrow(dialect: Dialect, before: Dialect, after: Dialect) -> Dialect:
    """Return a dialect without what another one has lost from *before* to *after*."""
    names = [item.name for item in fields(Size)]
    lower = [name for name in names if getattr(after.max_size, name) < getattr(before.max_size, name)]
    limits = {name: min(getattr(dialect.max_size, name), getattr(after.max_size, name)) for name in lower}
    has_fewer_levels = after.max_levels < before.max_levels
    has_shorter_enums = after.max_enum_characters < before.max_enum_characters
    enum_characters = min(dialect.max_enum_characters, after.max_enum_characters)
    return replace(
        dialect,
        keywords=dialect.keywords - (before.keywords - after.keywords),
        formats=dialect.formats - (before.formats - after.formats),
        recursion=dialect.recursion and (after.recursion or not before.recursion),
        root_reference=dialect.root_reference and (after.root_reference or not before.root_reference),
        max_levels=min(dialect.max_levels, after.max_levels) if has_fewer_levels else dialect.max_levels,
        max_size=replace(dialect.max_size, **limits),
        max_enum_characters=enum_characters if has_shorter_enums else dialect.max_enum_characters,
    )


def route_to_json(route: Route) -> JSON:
    """Return a route as a JSON value."""
    dialect = {item.name: _to_json(getattr(route.dialect, item.name)) for item in fields(Dialect)}
    return {
        "dialect": dialect,
        "rejected": sorted(route.rejected),
        "ignored": sorted(route.ignored),
        "rejected_parameters": sorted(route.rejected_parameters),
        "is_assumed": route.is_assumed,
        "rejected_parts": sorted(route.rejected_parts),
        "stop_loops": route.stop_loops,
        "shows_schema": route.shows_schema,
    }


def route_from_json(value: JSON) -> Route:
    """Return the route that `route_to_json` has turned into *value*.

    Raises:
        ValueError, KeyError, TypeError: It is not such a value.

    >>> route_from_json(route_to_json(Route())) == Route()
    True
    """
    arguments: dict[str, Any] = dict(value["dialect"])
    for name in ("keywords", "formats", "harmful"):
        arguments[name] = frozenset(arguments[name])
    for name in ("hosts", "models"):
        arguments[name] = tuple(arguments[name])
    arguments["modes"] = _modes(arguments["modes"])
    arguments["max_levels"] = int(arguments["max_levels"])
    size_fields = [item.name for item in fields(Size)]
    arguments["max_size"] = Size(**dict(zip(size_fields, map(_limit, arguments["max_size"]), strict=True)))
    arguments["max_enum_characters"] = _limit(arguments["max_enum_characters"])
    _validate_dialect(dialect := Dialect(**arguments))
    parameters = frozenset(value.get("rejected_parameters", ()))
    names = {name for each in parameters for name in setting_names(str(each))}
    if not names <= PREFERENCES | TOKEN_CAPS.keys() | {"tool_choice"}:
        raise ValueError(f"not names of parameters: {parameters}")
    rejected, ignored = (frozenset(_modes(value[name])) for name in ("rejected", "ignored"))
    parts = REJECTED_PART.keys() & {*value.get("rejected_parts", ())}
    flags = {name: value.get(name) for name in ("stop_loops", "shows_schema")}
    if not all(isinstance(flag, bool | None) for flag in flags.values()):
        raise TypeError(f"not true, false or null: {flags}")
    return Route(dialect, rejected, ignored, parameters, value["is_assumed"] is True, frozenset(parts), **flags)


def _validate_dialect(dialect: Dialect) -> None:
    """Validate the types of a dialect that was read from a file: a wrong one would break every call to the route.

    Raises:
        ValueError: A field has a value of another type.
    """
    patterns = [pattern for pattern in (dialect.name_pattern, dialect.rejected_pattern) if pattern is not None]
    names = (*dialect.keywords, *dialect.formats, *dialect.harmful)
    texts = (dialect.name, *names, *dialect.hosts, *dialect.models, *patterns)
    limits = (dialect.max_enum_characters, *(getattr(dialect.max_size, item.name) for item in fields(dialect.max_size)))
    flags = (dialect.recursion, dialect.root_reference, dialect.optional, dialect.free_streams, dialect.shows_schema)
    are_texts = all(isinstance(text, str) for text in texts)
    are_flags = all(isinstance(flag, bool) for flag in flags)
    if not are_texts or not are_flags or not all(isinstance(limit, int | float) and limit >= 0 for limit in limits):
        raise ValueError(f"not the fields of a dialect: {dialect}")
    try:
        for pattern in patterns:
            re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a pattern: {error}") from error


def _modes(names: list[str]) -> tuple[ModeName, ...]:
    return tuple(MODES[MODES.index(cast("ModeName", name))] for name in names)


def _limit(value: float | None) -> float:
    """JSON has no infinity, so null is written for it."""
    return math.inf if value is None else value


def _to_json(value: object) -> object:
    if isinstance(value, Size):
        return [_to_json(getattr(value, item.name)) for item in fields(value)]
    if isinstance(value, frozenset | tuple):
        return sorted(cast("frozenset[str]", value)) if isinstance(value, frozenset) else [*cast("tuple[str]", value)]
    return None if value == math.inf else value
