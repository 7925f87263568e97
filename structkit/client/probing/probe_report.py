"""What a probe found, and what it says of the route."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Literal, TypeAlias

from structkit.dialects import MODES, Dialect, ModeName, Route, route_to_json
from structkit.values import JSON, Usage

Kind: TypeAlias = Literal["mode", "keyword", "format", "parameter"]
Verdict: TypeAlias = Literal["constrained", "served", "ignored", "refused", "unknown"]

Row: TypeAlias = tuple[str, str, str]
"""What, what was found, and how that showed."""

SCHEMA_MODES: tuple[ModeName, ...] = ("json_schema", "json_schema_lax", "tool")
"""The ways of asking in which the endpoint gets the schema itself."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one question to a route came to.

    Args:
        kind: Whether it was about a mode, a keyword, a format, or a parameter of the request.
        name: Which one.
        verdict: `constrained` where the reply kept to it against the prompt; `served` where it is taken, and the
            prompt or the model may overrule it; `ignored` where it is taken and nothing of it shows; `refused` with
            an error; `unknown` where the question got no answer.
        note: How that showed: the text of a refusal, for instance.
    """

    kind: Kind
    name: str
    verdict: Verdict
    note: str = ""


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """What a route honours, as far as a few small calls show; `str` gives it as a table.

    Args:
        model: The model asked.
        route: What is remembered of it.
        findings: What each question came to.
        calls: How many requests were answered.
        usage: What they cost.
        providers: Who served them, where the replies say so.

    >>> print(ProbeReport("m", Route(), (Finding("parameter", "n", "ignored", "one choice"),), 1))
    | what | found | how it showed |
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
        """The finding of that name.

        Raises:
            KeyError: It was not asked for.
        """
        found = next((finding for finding in self.findings if finding.name == name), None)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[Finding]:
        """The findings, in the order of the questions."""
        return iter(self.findings)

    def __len__(self) -> int:
        """How many findings there are."""
        return len(self.findings)

    def __contains__(self, wanted: object) -> bool:
        """Whether there is a finding of that name, or that finding."""
        return any(wanted in (finding.name, finding) for finding in self.findings)

    def __str__(self) -> str:
        """The table, in Markdown."""
        return markdown((("what", "found", "how it showed"), *self.rows))

    @property
    def summary(self) -> str:
        """What it took, and how the schema is put to the endpoint from now on.

        >>> ProbeReport("m", Route(), (), 12, Usage(900, 100, 1000)).summary
        '12 requests, 1,000 tokens; schemas are sent by json_schema'
        """
        more = f" ({self.usage.unreported} of the replies did not say)" if self.usage.unreported else ""
        return f"{self.calls} requests, {self.usage.total_tokens:,} tokens{more}; schemas are sent by {self.route.mode}"

    @property
    def rows(self) -> tuple[Row, ...]:
        """The lines of the table; keywords and formats stand together that came to the same."""
        modes = (_row(finding) for finding in self.findings if finding.kind == "mode")
        others = (_row(finding) for finding in self.findings if finding.kind == "parameter")
        return (*modes, *self._together("keyword"), *self._together("format"), *others)

    def _together(self, kind: Kind) -> Iterator[Row]:
        of_kind = [finding for finding in self.findings if finding.kind == kind]
        for verdict in dict.fromkeys(finding.verdict for finding in of_kind):
            yield f"{kind}s", verdict, ", ".join(each.name for each in of_kind if each.verdict == verdict)

    def as_json(self) -> JSON:
        """The report as a JSON value."""
        findings = [asdict(finding) for finding in self.findings]
        about = {"model": self.model, "providers": [*self.providers], "calls": self.calls, "usage": asdict(self.usage)}
        return {**about, "findings": findings, "route": route_to_json(self.route)}


def _row(finding: Finding) -> Row:
    return f"mode {finding.name}" if finding.kind == "mode" else finding.name, finding.verdict, finding.note


def markdown(rows: Iterable[Iterable[str]]) -> str:
    """Rows, the head first, as a Markdown table."""
    head, *body = ([" ".join(cell.replace("|", "\\|").split()) for cell in row] for row in rows)
    lines = [f"| {' | '.join(row)} |" for row in (head, *body)]
    return "\n".join((lines[0], f"|{'---|' * len(head)}", *lines[1:]))


def learnt(route: Route, findings: Iterable[Finding]) -> Route:
    """What is known of a route after its probe: the ways of asking that are left, and what may be sent in them.

    >>> learnt(Route(), [Finding("mode", "json_schema", "ignored"), Finding("mode", "tool", "constrained")]).mode
    'tool'
    """
    found = [*findings]
    modes: dict[str, Verdict] = {each.name: each.verdict for each in found if each.kind == "mode"}
    dialect = _with_modes(_with_features(route.dialect, found), modes)

    def that_are(verdict: Verdict) -> frozenset[ModeName]:
        lost: list[ModeName] = [mode for mode in MODES if mode != "prompt" and modes.get(mode) == verdict]
        return frozenset(lost)

    return Route(dialect, that_are("refused"), that_are("ignored"))


def _with_features(dialect: Dialect, findings: list[Finding]) -> Dialect:
    """What was seen to bind may be sent; what binds nothing is better said in words."""

    def settled(kind: Kind, before: frozenset[str]) -> frozenset[str]:
        verdicts = {each.name: each.verdict for each in findings if each.kind == kind}
        binding = {name for name, verdict in verdicts.items() if verdict == "constrained"}
        return before - {name for name, verdict in verdicts.items() if verdict in {"refused", "ignored"}} | binding

    formats, keywords = settled("format", dialect.formats), settled("keyword", dialect.keywords) - {"format"}
    return replace(dialect, formats=formats, keywords=keywords | {"format"} if formats else keywords)


def _with_modes(dialect: Dialect, verdicts: dict[str, Verdict]) -> Dialect:
    """Ways of asking that bind the decoding come first; one that the vendor was not known to serve is added."""
    works = {"constrained", "served"}
    known: list[ModeName] = [mode for mode in MODES if mode in dialect.modes or verdicts.get(mode) in works]
    binding: list[ModeName] = [mode for mode in known if mode in SCHEMA_MODES and verdicts.get(mode) == "constrained"]
    others: list[ModeName] = [mode for mode in known if mode not in binding]
    return replace(dialect, modes=(*binding, *others))
