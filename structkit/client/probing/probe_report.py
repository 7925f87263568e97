"""The findings of a probe, and the route that follows from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Literal, TypeAlias

from structkit.dialects import MODES, Dialect, ModeName, Route, route_to_json
from structkit.values import JSON, Usage

Kind: TypeAlias = Literal["mode", "keyword", "format", "parameter"]
Verdict: TypeAlias = Literal["constrained", "served", "ignored", "refused", "unknown"]

TableRow: TypeAlias = tuple[str, str, str]
"""A row of the report's table; see `TABLE_HEAD`."""

TABLE_HEAD: TableRow = ("feature", "verdict", "note")

SHOWS_SCHEMA: dict[Verdict, bool] = {"served": True, "ignored": False}
"""What the verdict on the descriptions of a schema says of a route."""

SCHEMA_MODES: tuple[ModeName, ...] = ("json_schema", "json_schema_lax", "tool")
"""The modes in which the endpoint receives the schema itself."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one test of a probe.

    Args:
        kind: Whether the feature is a mode, a keyword, a format, or a parameter of the request.
        name: Its name.
        verdict: `constrained` if the reply satisfied it although the prompt asked for the opposite; `served` if it is
            accepted, but the prompt or the model may override it; `ignored` if it is accepted without an effect;
            `refused` if the endpoint rejects it with an error; `unknown` if the test had no result.
        note: The reason for the verdict, for instance the text of an error.
    """

    kind: Kind
    name: str
    verdict: Verdict
    note: str = ""


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """What a route supports, as far as a few small requests show; `str` returns it as a Markdown table.

    Args:
        model: The model's name.
        route: The route that is stored for later calls.
        findings: The findings, in the order of the tests.
        calls: The number of requests with a reply.
        usage: The tokens of the replies.
        providers: The providers that the replies name.

    >>> print(ProbeReport("m", Route(), (Finding("parameter", "n", "ignored", "one choice"),), 1))
    | feature | verdict | note |
    |---|---|---|
    | n | ignored | one choice |
    """

    model: str
    route: Route
    findings: tuple[Finding, ...]
    calls: int = 0
    usage: Usage = Usage()
    providers: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Finding:
        """Return the finding of that name.

        Raises:
            KeyError: No feature of that name was tested.
        """
        for finding in self.findings:
            if finding.name == name:
                return finding
        raise KeyError(name)

    def __iter__(self) -> Iterator[Finding]:
        """Iterate over the findings, in the order of the tests."""
        return iter(self.findings)

    def __len__(self) -> int:
        """Return the number of findings."""
        return len(self.findings)

    def __contains__(self, item: object) -> bool:
        """Return whether the report has this finding, or a finding of this name."""
        return any(item in (finding.name, finding) for finding in self.findings)

    def __str__(self) -> str:
        """Return the table, in Markdown."""
        return markdown((TABLE_HEAD, *self.rows))

    @property
    def summary(self) -> str:
        """The number of requests and tokens, and the mode in which schemas are sent from now on.

        >>> ProbeReport("m", Route(), (), 12, Usage(900, 100, 1000)).summary
        '12 requests, 1,000 tokens; schemas are sent by json_schema'
        """
        unreported = f" (replies without token counts: {self.usage.unreported})" if self.usage.unreported else ""
        tokens = f"{self.usage.total_tokens:,} tokens{unreported}"
        return f"{self.calls} requests, {tokens}; schemas are sent by {self.route.mode}"

    @property
    def rows(self) -> tuple[TableRow, ...]:
        """The rows of the table; keywords and formats with the same verdict share a row."""
        modes = (_row(finding) for finding in self.findings if finding.kind == "mode")
        parameters = (_row(finding) for finding in self.findings if finding.kind == "parameter")
        return (*modes, *self._rows_by_verdict("keyword"), *self._rows_by_verdict("format"), *parameters)

    def _rows_by_verdict(self, kind: Kind) -> Iterator[TableRow]:
        findings = [finding for finding in self.findings if finding.kind == kind]
        for verdict in dict.fromkeys(finding.verdict for finding in findings):
            yield f"{kind}s", verdict, ", ".join(each.name for each in findings if each.verdict == verdict)

    def as_json(self) -> JSON:
        """Return the report as JSON."""
        findings = [asdict(finding) for finding in self.findings]
        head = {"model": self.model, "providers": [*self.providers], "calls": self.calls, "usage": asdict(self.usage)}
        return {**head, "findings": findings, "route": route_to_json(self.route)}


def _row(finding: Finding) -> TableRow:
    return f"mode {finding.name}" if finding.kind == "mode" else finding.name, finding.verdict, finding.note


def markdown(rows: Iterable[Iterable[str]]) -> str:
    """Return rows, the head first, as a Markdown table."""
    head, *body = ([" ".join(cell.replace("|", "\\|").split()) for cell in row] for row in rows)
    lines = [f"| {' | '.join(row)} |" for row in (head, *body)]
    return "\n".join((lines[0], f"|{'---|' * len(head)}", *lines[1:]))


def route_after_probe(route: Route, findings: Iterable[Finding]) -> Route:
    """Return a route with the findings of its probe: the modes that it supports, and the keywords to send in them.

    >>> findings = [Finding("mode", "json_schema", "ignored"), Finding("mode", "tool", "constrained")]
    >>> route_after_probe(Route(), findings).mode
    'tool'
    """
    all_findings = [*findings]
    modes: dict[str, Verdict] = {each.name: each.verdict for each in all_findings if each.kind == "mode"}
    dialect = _with_modes(_with_features(route.dialect, all_findings), modes)

    def modes_with(verdict: Verdict) -> frozenset[ModeName]:
        names: list[ModeName] = [mode for mode in MODES if mode != "prompt" and modes.get(mode) == verdict]
        return frozenset(names)

    shows_schema = next((SHOWS_SCHEMA.get(each.verdict) for each in all_findings if each.name == "descriptions"), None)
    return Route(dialect, modes_with("refused"), modes_with("ignored"), shows_schema=shows_schema)


def _with_features(dialect: Dialect, findings: list[Finding]) -> Dialect:
    """Add the keywords and formats that constrain; remove those without effect, which work better in a description."""

    def names_after(kind: Kind, before: frozenset[str]) -> frozenset[str]:
        verdicts = {each.name: each.verdict for each in findings if each.kind == kind}
        constraining_names = {name for name, verdict in verdicts.items() if verdict == "constrained"}
        return (
            before - {name for name, verdict in verdicts.items() if verdict in {"refused", "ignored"}}
            | constraining_names
        )

    formats, keywords = names_after("format", dialect.formats), names_after("keyword", dialect.keywords) - {"format"}
    return replace(dialect, formats=formats, keywords=keywords | {"format"} if formats else keywords)


def _with_modes(dialect: Dialect, verdicts: dict[str, Verdict]) -> Dialect:
    """Put the modes that constrain the decoding first, and add supported ones that the dialect does not have."""
    supporting_verdicts = {"constrained", "served"}
    modes: list[ModeName] = [
        mode for mode in MODES if mode in dialect.modes or verdicts.get(mode) in supporting_verdicts
    ]

    def is_constraining(mode: ModeName) -> bool:
        return mode in SCHEMA_MODES and verdicts.get(mode) == "constrained"

    return replace(dialect, modes=tuple(sorted(modes, key=lambda mode: not is_constraining(mode))))
