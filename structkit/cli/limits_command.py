"""The command `limits`: one limit and one budget for the parts of a job, wherever they run."""

from __future__ import annotations

import secrets
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any

import typer

from structkit.cli.app import app, wait_forever
from structkit.cli.label_options import parse_amount, parse_concurrency
from structkit.cli.terminal import notice
from structkit.errors import ConfigError


@app.command(epilog="Example: structkit limits --port 9000 --rpm 5000 --budget 50 --state limits.json")
def limits(
    port: Annotated[int, typer.Option(help="The port; 0 chooses a free one.", min=0, max=65535)] = 9000,
    host: Annotated[
        str, typer.Option(help="The address to listen on; others than loopback need a token.")
    ] = "127.0.0.1",
    budget: Annotated[
        Any,
        typer.Option(
            parser=parse_amount, metavar="AMOUNT", help="The most that all parts may spend.", show_default=False
        ),
    ] = None,
    rpm: Annotated[
        float | None, typer.Option(help="Requests a minute of all parts together.", min=0.01, show_default=False)
    ] = None,
    tpm: Annotated[
        float | None, typer.Option(help="Tokens a minute of all parts together.", min=1, show_default=False)
    ] = None,
    concurrency: Annotated[
        Any, typer.Option(parser=parse_concurrency, metavar="auto|N", help="Requests in flight of all parts together.")
    ] = "auto",
    parts: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Lease no money before all N parts have said what they have spent: for journals of earlier runs that "
            "--state does not know.",
            min=1,
            show_default=False,
        ),
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Where a budget is stored, so that it holds after a restart.", show_default=False
        ),
    ] = None,
) -> None:
    """Lease one limit and one budget to the parts of a job, until Ctrl-C.

    Each part is run with `structkit label --part N/M --limits http://HOST:PORT`. A token, which a server on a network
    needs, is in the environment of the server and of each part: STRUCTKIT_LIMITS_TOKEN.
    """
    from structkit.batch.limits.lease_keeper import TOKEN_VARIABLE, read_token
    from structkit.batch.limits.limit_shares import Limits
    from structkit.batch.limits.limits_server import LimitsServer, open_shares

    token = read_token()
    if not token and not is_loopback(host):
        raise ConfigError(
            f"a limits server on a network needs a token: set {TOKEN_VARIABLE} here and for each part, for instance "
            f"to {secrets.token_urlsafe(16)}"
        )
    shares = open_shares(Limits(budget, rpm, tpm, parts or 0), concurrency, state)
    with LimitsServer(shares, token, host, port) as server:
        notice(f"limits at {server.url} (Ctrl-C stops); run each part with --limits {server.url}")
        if budget is not None and parts:
            notice(f"money is leased once all {parts} parts have said what they have spent")
        wait_forever()


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach an address.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0"), is_loopback("example")
    (True, True, False, False)
    """
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
