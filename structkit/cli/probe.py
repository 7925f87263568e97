"""The command `probe`: what a route honours, and what is remembered of all routes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from structkit.cli.app import BaseURL, app, notice, refuse_unwritable, write, write_text
from structkit.cli.client import default_client
from structkit.client.probing.probe_report import TABLE_HEAD, markdown
from structkit.dialects import Dialect, route_to_json
from structkit.transport import normalise_base_url, route_cache
from structkit.transport.route_cache import CachedRoute
from structkit.values import JSON

HEAD = ("endpoint", "model", "sent by", "refused", "ignored", "keywords and formats", "learnt")


@app.command(epilog="Example: structkit probe my-model --base-url https://gateway.example/v1")
def probe(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL", help="The model's name, or `local`. By default STRUCTKIT_MODEL.", show_default=False
        ),
    ] = None,
    base_url: BaseURL = None,
    show: Annotated[bool, typer.Option("--show", help="Print what is remembered; nothing is sent.")] = False,  # noqa: FBT002
    forget: Annotated[bool, typer.Option("--forget", help="Drop what is remembered; nothing is sent.")] = False,  # noqa: FBT002
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write JSON to this file instead of a table.", show_default=False),
    ] = None,
) -> None:
    """Find out what a route honours, with at most 30 small requests.

    What is found is remembered, and used by later calls. `--show` and `--forget` are about all routes, or those of
    MODEL and `--base-url` alone.
    """
    refuse_unwritable(output)
    if show or forget:
        _remembered(model, base_url, output, is_shown=show, is_dropped=forget)
        return
    with default_client(model, base_url, notice) as client:
        report = client.probe()
    if output:
        write(report.as_json(), output)
    else:
        _print([TABLE_HEAD, *report.rows])
        write_text(f"\n{report.summary}", None)


def _remembered(
    model: str | None, base_url: str | None, output: Path | None, *, is_shown: bool, is_dropped: bool
) -> None:
    address = normalise_base_url(base_url) if base_url else None
    known = [
        each for each in route_cache.list_routes() if model in {None, each.model} and address in {None, each.base_url}
    ]
    if is_shown and output:
        write([*map(_as_json, known)], output)
    elif is_shown and known:
        _print([HEAD, *map(_row, known)])
    elif not known:
        notice("nothing is remembered")
    if is_dropped and not (model or address):
        route_cache.clear_routes()
    for each in known if is_dropped else ():
        route_cache.delete_route(each.base_url, each.model)
    if is_dropped and known:
        notice(f"{len(known)} forgotten")


def _row(known: CachedRoute) -> tuple[str, ...]:
    route, learnt = known.route, datetime.fromtimestamp(known.stored_at, timezone.utc)
    lost = (", ".join(sorted(modes)) for modes in (route.rejected, route.ignored))
    when = f"{learnt:%Y-%m-%d %H:%M} UTC"
    return (known.base_url, known.model, route.mode, *lost, _taken(route.dialect), when)


def _taken(dialect: Dialect) -> str:
    return ", ".join([*sorted(dialect.keywords - {"format"}), *sorted(dialect.formats)])


def _as_json(known: CachedRoute) -> JSON:
    """What is remembered of a route, as a JSON value."""
    about = {"base_url": known.base_url, "model": known.model, "providers": [*known.providers]}
    return {**about, "learnt": known.stored_at, "route": route_to_json(known.route)}


def _print(rows: Iterable[tuple[str, ...]]) -> None:
    """A table for eyes; in a file or pipe, one in Markdown."""
    head, *body = rows
    console = Console()
    if not console.is_terminal:
        write_text(markdown([head, *body]), None)
        return
    table = Table(*head)
    for row in body:
        table.add_row(*map(escape, row))
    console.print(table)
