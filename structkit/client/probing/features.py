"""Which keywords and formats of a schema a route takes, and whether they bind what the model writes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from structkit.client.probing.probe_report import Finding, Kind, Verdict
from structkit.client.probing.request_template import (
    ProbeSchema,
    RequestTemplate,
    Steps,
    failed,
    is_cut,
    is_refusal,
    said,
    value_of,
    words,
)
from structkit.dialects import Dialect
from structkit.errors import TransportError
from structkit.extraction import Mode
from structkit.extraction.route_learning import narrow_dialect
from structkit.transport import TransportReply
from structkit.values import ABSENT, JSON, Completion, JSONValue, Request

COPY = "Copy this JSON object exactly, and change nothing in it: "

MOST = 15
"""Requests after which the keywords that are left stay unknown."""

ROOM = 40
"""Tokens for the value of one property."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A keyword or format under test.

    Args:
        kind: Which of both.
        name: The keyword, or the format.
        part: A schema that uses it.
        bad: What the prompt wants written there instead.
        holds: Whether a value keeps to it.
    """

    kind: Kind
    name: str
    part: JSON
    bad: JSONValue
    holds: Callable[[JSONValue], bool]


Group: TypeAlias = tuple[Feature, ...]

Left: TypeAlias = list[tuple[Group, str]]
"""Groups to ask for, the last one first; with a text where that refused the group together with the one below it."""

FAR = 54321
"""A bound that no model meets by chance."""

STEP = 997


def _number(keyword: str, bound: int, bad: int, holds: Callable[[int], bool]) -> Feature:
    return Feature("keyword", keyword, {"type": "integer", keyword: bound}, bad, lambda value: holds(int(value)))


def _text(keyword: str, bound: int | str, bad: str, holds: Callable[[str], bool]) -> Feature:
    return Feature("keyword", keyword, {"type": "string", keyword: bound}, bad, lambda value: holds(str(value)))


def _list(keyword: str, bound: int, bad: list[int], holds: Callable[[int], bool]) -> Feature:
    part = {"type": "array", "items": {"type": "integer"}, keyword: bound}
    return Feature("keyword", keyword, part, bad, lambda value: isinstance(value, list) and holds(len(value)))


def _format(name: str, shape: str) -> Feature:
    """A format; its shape alone is looked at, because grammars let the 31st of February through."""
    looks_right = re.compile(shape).fullmatch
    part = {"type": "string", "format": name}
    return Feature("format", name, part, "blue", lambda value: bool(looks_right(str(value))))


DATE, TIME = r"\d{4}-\d\d-\d\d", r"\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"

FEATURES: Group = (
    _number("minimum", FAR, 3, lambda value: value >= FAR),
    _number("maximum", -FAR, 3, lambda value: value <= -FAR),
    _number("exclusiveMinimum", FAR, FAR, lambda value: value > FAR),
    _number("exclusiveMaximum", -FAR, -FAR, lambda value: value < -FAR),
    _number("multipleOf", STEP, 10, lambda value: value % STEP == 0),
    _text("minLength", 12, "no", lambda value: len(value) >= 12),  # noqa: PLR2004 (as in the schema)
    _text("maxLength", 2, "elephant", lambda value: len(value) <= 2),  # noqa: PLR2004 (as in the schema)
    _list("minItems", 3, [], lambda length: length >= 3),  # noqa: PLR2004 (as in the schema)
    _list("maxItems", 1, [1, 2, 3], lambda length: length <= 1),
    _text("pattern", "^[A-Z]{3}$", "blue", lambda value: bool(re.fullmatch("[A-Z]{3}", value))),
    _text("const", "xq7", "blue", lambda value: value == "xq7"),
    _format("date-time", f"{DATE}T{TIME}"),
    _format("date", DATE),
    _format("time", TIME),
    _format("duration", r"P(?=[\dT])(\d+[YMWD])*(T(\d+[HMS])+)?"),
    _format("email", r"[^@\s]+@[^@\s]+"),
    _format("hostname", r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+"),
    _format("ipv4", r"\d{1,3}(\.\d{1,3}){3}"),
    _format("ipv6", r"(?=.*:.*:)[0-9A-Fa-f:.]+"),
    _format("uuid", r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"),
)
"""Those of OpenAI's dialect and the bounds of length, relatives side by side."""


def features(line: RequestTemplate, mode: Mode, *, binds: bool) -> Steps[list[Finding]]:
    """Ask with all at once; leave out what a refusal names, or halve where it names nothing.

    Args:
        line: How to ask.
        mode: A way of asking that is served.
        binds: Whether it constrains the decoding.
    """
    found: list[Finding] = []
    left: Left = [(FEATURES, "")]
    for _ in range(MOST):
        if not left:
            break
        group, refusal = left.pop()
        reply = yield _question(line, mode, group)
        settled, again = settle(group, mode, reply, binds=binds)
        if refusal and isinstance(reply, Completion) and not again:  # then it was the other half
            settled, again = _blame(settled, left.pop()[0], refusal)
        found += settled
        left += again
    missed = (each for group, _ in left for each in _all(group, "unknown", "too many requests were refused"))
    order = [feature.name for feature in FEATURES]
    return sorted([*found, *missed], key=lambda finding: order.index(finding.name))


def _question(line: RequestTemplate, mode: Mode, group: Group) -> Request:
    wish = json.dumps({name: feature.bad for name, feature in _named(group).items()})
    return line.put(mode, _schema(group), f"{COPY}{wish}", ROOM * (1 + len(group)))


def _named(group: Group) -> dict[str, Feature]:
    """Under names that no refusal quotes as a keyword."""
    return {f"value_{number}": feature for number, feature in enumerate(group, 1)}


def _schema(group: Group) -> ProbeSchema:
    return ProbeSchema("values", {name: feature.part for name, feature in _named(group).items()})


def settle(group: Group, mode: Mode, reply: TransportReply, *, binds: bool) -> tuple[list[Finding], Left]:
    """What a reply says of a group of keywords, and which smaller groups are to be asked for again."""
    if isinstance(reply, Completion):
        wire = value_of(reply, mode)
        if wire is ABSENT and is_cut(reply) and len(group) > 1:
            return [], _halves(group, "")
        return [*_read(group, wire, binds=binds)], []
    if not is_refusal(reply):
        return [failed(each.kind, each.name, reply) for each in group], []
    blamed = _blamed(group, reply)
    if not blamed:
        return _blame([], group, words(reply))
    rest = tuple(each for each in group if each not in blamed)
    return _all(blamed, "refused", words(reply)), [(rest, "")] if rest else []


def _blame(found: list[Finding], group: Group, refusal: str) -> tuple[list[Finding], Left]:
    """What is known of a group in which something is refused that no text names."""
    if len(group) == 1:
        return [*found, *_all(group, "refused", refusal)], []
    return found, _halves(group, refusal)


def _read(group: Group, wire: JSONValue, *, binds: bool) -> Iterator[Finding]:
    for name, feature in _named(group).items():
        value = wire.get(name, ABSENT) if isinstance(wire, dict) else ABSENT
        if value is ABSENT:
            yield Finding(feature.kind, feature.name, "served", "taken; the reply does not show whether it binds")
        elif not _keeps(feature, value):
            yield Finding(feature.kind, feature.name, "ignored", f"the reply breaks it: {json.dumps(value)[:60]}")
        else:
            yield Finding(feature.kind, feature.name, "constrained" if binds else "served", "kept against the prompt")


def _keeps(feature: Feature, value: JSONValue) -> bool:
    try:
        return feature.holds(value)
    except (TypeError, ValueError):  # of another type, where nothing binds
        return False


def _blamed(group: Group, fault: TransportError) -> Group:
    """What a refusal names."""
    keywords = frozenset(each.name for each in group if each.kind == "keyword")
    formats = frozenset(each.name for each in group if each.kind == "format")
    sent = Dialect("sent", keywords | ({"format"} if formats else set()), formats)
    left = narrow_dialect(said(fault), sent, _schema(group).schema) or sent
    formats_left = left.formats if "format" in left.keywords else frozenset[str]()
    return tuple(each for each in group if each.name not in left.keywords | formats_left)


def _halves(group: Group, refusal: str) -> Left:
    """Both halves, the first one to be asked for next."""
    middle = len(group) // 2
    return [(group[middle:], ""), (group[:middle], refusal)]


def _all(group: Group, verdict: Verdict, note: str) -> list[Finding]:
    return [Finding(each.kind, each.name, verdict, note) for each in group]
