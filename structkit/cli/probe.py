"""The command `probe`: what a route supports, and what is stored about all routes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated, Any

import typer

from structkit.cli.app import BaseURL, app
from structkit.cli.default_client import default_client
from structkit.cli.output_file import validate_output
from structkit.cli.request_options import Header, Set, read_probe_options
from structkit.cli.terminal import notice, write, write_table, write_text
from structkit.client.endpoint_settings import EndpointSettings
from structkit.client.probing.probe_report import TABLE_HEAD, Finding
from structkit.dialects import Dialect, route_to_json
from structkit.transport import normalise_base_url, route_cache
from structkit.transport.route_cache import CachedRoute
from structkit.values import JSON, Parameters

HEADER = ("endpoint", "model", "mode", "rejected", "ignored", "keywords and formats", "sees schema", "stored at")


@app.command(epilog="Example: structkit probe my-model --base-url https://gateway.example/v1")
def probe(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL", help="The model's name, or `local`. By default STRUCTKIT_MODEL.", show_default=False
        ),
    ] = None,
    base_url: BaseURL = None,
    settings: Set = None,
    header: Header = None,
    show: Annotated[bool, typer.Option("--show", help="Print what is stored; send nothing.")] = False,  # noqa: FBT002
    forget: Annotated[bool, typer.Option("--forget", help="Delete what is stored; send nothing.")] = False,  # noqa: FBT002
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write JSON to this file instead of a table.", show_default=False),
    ] = None,
) -> None:
    """Detect what a route supports, with at most 30 small requests.

    The result is stored, and later calls use it. `--show` and `--forget` concern all routes, or only those of MODEL
    and `--base-url`.
    """
    validate_output(output)
    if show or forget:
        _stored_routes(model, base_url, output, show=show, forget=forget)
        return
    call = read_probe_options(settings, header)
    with default_client(model, base_url, notice, call=call) as client:
        report = client.probe()
        if client.endpoint is not None:
            report = replace(report, findings=(*report, _find_batch_api(client.endpoint, call)))
    if output:
        write(report.as_json(), output)
    else:
        write_table([TABLE_HEAD, *report.rows])
        write_text(f"\n{report.summary}", None)


def _find_batch_api(endpoint: EndpointSettings, call: Mapping[str, Any]) -> Finding:
    from structkit.client.probing.batch_finding import find_batch_api

    options = {name: value for name, value in call.items() if name in {"extra_headers", "extra_query"}}
    return asyncio.run(find_batch_api(endpoint, Parameters(**options)))  # noqa: TID251 (the command line may)


def _stored_routes(model: str | None, base_url: str | None, output: Path | None, *, show: bool, forget: bool) -> None:
    address = normalise_base_url(base_url) if base_url else None
    routes = _select_routes(model, address)
    if show and output:
        write([*map(_as_json, routes)], output)
    elif show and routes:
        write_table([HEADER, *map(_row, routes)])
    elif not routes:
        notice("no routes are stored")
    if forget:
        _delete(routes, is_all=not (model or address))


def _select_routes(model: str | None, address: str | None) -> list[CachedRoute]:
    """Return the stored routes of a model and an endpoint; None stands for all."""
    routes = route_cache.list_routes()
    return [each for each in routes if model in {None, each.model} and address in {None, each.base_url}]


def _delete(routes: list[CachedRoute], *, is_all: bool) -> None:
    if is_all:  # also those of other versions, which cannot be listed
        route_cache.clear_routes()
    for route in routes:
        route_cache.delete_route(route.base_url, route.model)
    if routes:
        notice(f"{len(routes)} deleted")


def _row(cached: CachedRoute) -> tuple[str, ...]:
    route, stored_at = cached.route, datetime.fromtimestamp(cached.stored_at, timezone.utc)
    modes = (", ".join(sorted(names)) for names in (route.rejected, route.ignored))
    keywords = _supported(route.dialect)
    sees_schema = "no" if route.hides_schema else "yes" if route.shows_schema else "unknown"
    time = f"{stored_at:%Y-%m-%d %H:%M} UTC"
    return (cached.base_url, cached.model, route.mode, *modes, keywords, sees_schema, time)


def _supported(dialect: Dialect) -> str:
    return ", ".join([*sorted(dialect.keywords - {"format"}), *sorted(dialect.formats)])


def _as_json(cached: CachedRoute) -> JSON:
    """Return what is stored about a route as a JSON value."""
    route: JSON = {"base_url": cached.base_url, "model": cached.model, "providers": [*cached.providers]}
    return {**route, "stored_at": cached.stored_at, "route": route_to_json(cached.route)}
