"""Which keywords and formats of a schema a route accepts, and whether they constrain what the model writes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from structkit.client.probing.probe_reply import (
    WITHHELD_NOTE,
    ProbeSteps,
    error_note,
    error_text,
    failed_finding,
    is_rejection,
    is_truncated,
    is_withheld,
    value_of,
)
from structkit.client.probing.probe_report import Finding, Kind, Verdict
from structkit.client.probing.request_template import ProbeSchema, RequestTemplate
from structkit.dialects import Dialect
from structkit.errors import TransportError
from structkit.extraction import Mode
from structkit.extraction.route_learning import narrow_dialect
from structkit.transport import TransportReply
from structkit.values import ABSENT, JSON, Completion, JSONValue, Request
from structkit.values.text import shorten

COPY = "Copy this JSON object exactly, and change nothing in it: "

MAX_REQUESTS = 14
"""After this many requests the remaining keywords are reported as unknown."""

TOKENS_PER_VALUE = 40
"""Tokens for the value of one property."""

HARMFUL_NOTE = "not tested: the server would use a slower engine, or fail"

MAX_VALUE_CHARS = 60
"""The length at which a finding shortens a value that breaks the schema."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A keyword or format to be tested.

    Args:
        kind: Whether it is a keyword or a format.
        name: The keyword, or the format.
        schema: A schema that uses it.
        invalid_value: A value that the schema forbids; the prompt requests it.
        is_valid: Returns whether a value satisfies the schema.
    """

    kind: Kind
    name: str
    schema: JSON
    invalid_value: JSONValue
    is_valid: Callable[[JSONValue], bool]


Group: TypeAlias = tuple[Feature, ...]

Queue: TypeAlias = list[tuple[Group, str]]
"""Groups still to be tested, the last one first. The text is the error that rejected the group when it was tested
together with the one below it in the queue."""

BOUND = 54321
"""A bound that no model satisfies by chance."""

STEP = 997


def _number(keyword: str, bound: int, invalid: int, is_valid: Callable[[int], bool]) -> Feature:
    return Feature("keyword", keyword, {"type": "integer", keyword: bound}, invalid, lambda value: is_valid(int(value)))


def _text(keyword: str, bound: int | str, invalid: str, is_valid: Callable[[str], bool]) -> Feature:
    return Feature("keyword", keyword, {"type": "string", keyword: bound}, invalid, lambda value: is_valid(str(value)))


def _list(keyword: str, bound: int, invalid: list[int], is_valid: Callable[[int], bool]) -> Feature:
    def is_valid_list(value: JSONValue) -> bool:
        return isinstance(value, list) and is_valid(len(value))

    schema = {"type": "array", "items": {"type": "integer"}, keyword: bound}
    return Feature("keyword", keyword, schema, invalid, is_valid_list)


def _format(name: str, pattern: str) -> Feature:
    """Return a format; only its pattern is validated, because grammars allow the 31st of February."""
    match = re.compile(pattern).fullmatch
    schema = {"type": "string", "format": name}
    return Feature("format", name, schema, "blue", lambda value: bool(match(str(value))))


DATE, TIME = r"\d{4}-\d\d-\d\d", r"\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"

FEATURES: Group = (
    _number("minimum", BOUND, 3, lambda value: value >= BOUND),
    _number("maximum", -BOUND, 3, lambda value: value <= -BOUND),
    _number("exclusiveMinimum", BOUND, BOUND, lambda value: value > BOUND),
    _number("exclusiveMaximum", -BOUND, -BOUND, lambda value: value < -BOUND),
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
"""The keywords and formats of OpenAI's dialect, and the bounds of lengths; related ones are next to each other, so that
halving a group separates them late."""


def probe_features(
    template: RequestTemplate, mode: Mode, *, constrains: bool, harmful: frozenset[str] = frozenset()
) -> ProbeSteps[list[Finding]]:
    """Test all keywords in one request; after a rejection, omit what its text names, or halve the group.

    Args:
        template: The model and parameters of the requests.
        mode: A mode that the endpoint supports.
        constrains: Whether the mode constrains the decoding.
        harmful: Keywords and formats that are not sent to the server.
    """
    findings = _all(tuple(each for each in FEATURES if each.name in harmful), "unknown", HARMFUL_NOTE)
    queue: Queue = [(tuple(each for each in FEATURES if each.name not in harmful), "")]
    for _ in range(MAX_REQUESTS):
        if not queue:
            break
        group, rejection = queue.pop()
        reply = yield _request(template, mode, group)
        group_findings, remaining = read_reply(group, mode, reply, constrains=constrains)
        if rejection and isinstance(reply, Completion) and not remaining:
            # This half is accepted, so the other half caused the rejection of both.
            group_findings, remaining = _narrow_down(group_findings, queue.pop()[0], rejection)
        findings += group_findings
        queue += remaining
    untested_findings = (
        each for group, _ in queue for each in _all(group, "unknown", "too many requests were rejected")
    )
    order = [feature.name for feature in FEATURES]
    return sorted([*findings, *untested_findings], key=lambda finding: order.index(finding.name))


def _request(template: RequestTemplate, mode: Mode, group: Group) -> Request:
    values = json.dumps({name: feature.invalid_value for name, feature in _by_property(group).items()})
    return template.with_schema(mode, _schema(group), f"{COPY}{values}", TOKENS_PER_VALUE * (1 + len(group)))


def _by_property(group: Group) -> dict[str, Feature]:
    """Return the features by the names of their properties, which no error quotes as a keyword."""
    return {f"value_{number}": feature for number, feature in enumerate(group, 1)}


def _schema(group: Group) -> ProbeSchema:
    return ProbeSchema("values", {name: feature.schema for name, feature in _by_property(group).items()})


def read_reply(group: Group, mode: Mode, reply: TransportReply, *, constrains: bool) -> tuple[list[Finding], Queue]:
    """Return the findings of a reply about a group of keywords, and the smaller groups to be tested next."""
    if isinstance(reply, Completion):
        wire = value_of(reply, mode)
        if wire is ABSENT and is_truncated(reply) and len(group) > 1:
            return [], _halves(group, "")
        if is_withheld(reply):
            return _all(group, "unknown", WITHHELD_NOTE), []
        return [*_findings(group, wire, constrains=constrains)], []
    if not is_rejection(reply):
        return [failed_finding(each.kind, each.name, reply) for each in group], []
    rejected_features = _features_in_error(group, reply)
    if not rejected_features:
        return _narrow_down([], group, error_note(reply))
    remaining = tuple(each for each in group if each not in rejected_features)
    return _all(rejected_features, "refused", error_note(reply)), [(remaining, "")] if remaining else []


def _narrow_down(findings: list[Finding], group: Group, rejection: str) -> tuple[list[Finding], Queue]:
    """Return the findings and next groups for a group with a rejected member that the error does not name."""
    if len(group) == 1:
        return [*findings, *_all(group, "refused", rejection)], []
    return findings, _halves(group, rejection)


def _findings(group: Group, wire: JSONValue, *, constrains: bool) -> Iterator[Finding]:
    for name, feature in _by_property(group).items():
        value = wire.get(name, ABSENT) if isinstance(wire, dict) else ABSENT
        if value is ABSENT:
            yield Finding(feature.kind, feature.name, "served", "accepted; the reply does not show whether it binds")
        elif not _is_valid(feature, value):
            note = f"the reply breaks it: {shorten(json.dumps(value), MAX_VALUE_CHARS)}"
            yield Finding(feature.kind, feature.name, "ignored", note)
        else:
            verdict: Verdict = "constrained" if constrains else "served"
            yield Finding(feature.kind, feature.name, verdict, "satisfied against the prompt")


def _is_valid(feature: Feature, value: JSONValue) -> bool:
    try:
        return feature.is_valid(value)
    except (TypeError, ValueError):  # a value of another type, which an unconstrained model may write
        return False


def _features_in_error(group: Group, error: TransportError) -> Group:
    """Return the features that an error names."""
    keywords = frozenset(each.name for each in group if each.kind == "keyword")
    formats = frozenset(each.name for each in group if each.kind == "format")
    probe_dialect = Dialect("probe", keywords | ({"format"} if formats else set()), formats)
    accepted_dialect = narrow_dialect(error_text(error), probe_dialect, _schema(group).schema) or probe_dialect
    accepted_formats = accepted_dialect.formats if "format" in accepted_dialect.keywords else frozenset[str]()
    return tuple(each for each in group if each.name not in accepted_dialect.keywords | accepted_formats)


def _halves(group: Group, rejection: str) -> Queue:
    """Return both halves of a group, the first one to be tested next."""
    middle = len(group) // 2
    return [(group[middle:], ""), (group[:middle], rejection)]


def _all(group: Group, verdict: Verdict, note: str) -> list[Finding]:
    return [Finding(each.kind, each.name, verdict, note) for each in group]
