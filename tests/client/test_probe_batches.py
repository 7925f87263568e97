"""`structkit probe` says whether an endpoint has a Batch API."""

from __future__ import annotations

import asyncio

import pytest
from typer.testing import CliRunner

from structkit.cli.app import app
from structkit.cli.probe import probe  # noqa: F401 (registers the command)
from structkit.client.endpoint_settings import EndpointSettings
from structkit.client.probing.batch_finding import find_batch_api
from structkit.testing import BatchService, Endpoint
from structkit.values import Parameters


@pytest.mark.parametrize(
    ("service", "verdict"),
    [
        (BatchService(), "served"),
        (BatchService(is_available=False), "refused"),
        (BatchService(steps={"list": [503]}), "unknown"),
    ],
)
def test_a_list_of_batches_shows_whether_there_is_an_api(service: BatchService, verdict: str) -> None:
    with Endpoint(batches=service) as endpoint:
        finding = asyncio.run(find_batch_api(EndpointSettings("m", endpoint.base_url, "sk"), Parameters()))
    assert (finding.name, finding.verdict) == ("batches", verdict)


def test_the_command_prints_it() -> None:
    with Endpoint() as endpoint:
        result = CliRunner().invoke(app, ["probe", "fake", "--base-url", endpoint.base_url])
    assert "| batches | served | a Batch API, for jobs with --batch-api |" in result.stdout
