"""Base URLs as users paste them: with and without a version, whole, with a query; and what a 404 says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

import structkit
from structkit.client.endpoint_settings import EndpointSettings
from structkit.testing import Endpoint, Reply
from structkit.values import JSON

Connect = Callable[..., Any]
NO_ROUTE = Reply("404 page not found", status=404, headers={"content-type": "text/plain"})
NO_MODEL = Reply({"error": {"message": "The model `m` does not exist", "code": "model_not_found"}}, status=404)
NO_RETRIES = structkit.Policy(retries=0)


class EndpointAt:
    """An endpoint that serves one path, and answers all others with a 404."""

    def __init__(self, path: str, reply: Reply | str = '{"value": 3}', other: Reply = NO_ROUTE) -> None:
        self.path, self.reply, self.other = path, reply, other
        self.endpoint = Endpoint(self.answer)
        self.origin = self.endpoint.base_url.removesuffix("/v1")

    def answer(self, _: JSON) -> Any:
        return self.reply if self.paths[-1].partition("?")[0] == self.path else self.other

    @property
    def paths(self) -> list[str]:
        return self.endpoint.paths

    def __enter__(self) -> EndpointAt:  # noqa: PYI034 (it is not subclassed)
        self.endpoint.__enter__()
        return self

    def __exit__(self, *arguments: object) -> None:
        self.endpoint.__exit__(None, None, None)


@pytest.mark.parametrize(
    ("path", "pasted", "tried"),
    [
        ("/v1/chat/completions", "", ["/v1/chat/completions"]),
        ("/chat/completions", "", ["/v1/chat/completions", "/chat/completions"]),
        ("/openai/chat/completions", "/openai/", ["/openai/chat/completions"]),
        ("/openai/v1/chat/completions", "/openai", ["/openai/chat/completions", "/openai/v1/chat/completions"]),
        ("/v1/chat/completions", "/V1", ["/v1/chat/completions"]),
        ("/V1/chat/completions", "/V1", ["/v1/chat/completions", "/V1/chat/completions"]),
        ("/v1beta/openai/chat/completions", "/v1beta/openai", ["/v1beta/openai/chat/completions"]),
        ("/api/chat/completions", "/api/chat/completions", ["/api/chat/completions"]),
        ("/api/chat/completions/", "/api/chat/completions/", ["/api/chat/completions/"]),
        ("/api/chat/completions", "/api/chat/completions/", ["/api/chat/completions/", "/api/chat/completions"]),
        ("/v1/chat/completions", "/v1/responses", ["/v1/chat/completions"]),
        ("/v1/chat/completions", "/v1/chat", ["/v1/chat/completions"]),
        ("/x/v1/chat/completions", "/x/v1/models", ["/x/v1/chat/completions"]),
        ("/v1/models/chat/completions", "/v1/models", ["/v1/chat/completions", "/v1/models/chat/completions"]),
        ("/d/N/chat/completions", "/d/N?api-version=1", ["/d/N/chat/completions?api-version=1"]),
        ("/x/chat/completions", "/x/chat/completions?key=a%20b", ["/x/chat/completions?key=a%20b"]),
        ("/x/v1/chat/completions", "/x?k=1", ["/x/chat/completions?k=1", "/x/v1/chat/completions?k=1"]),
    ],
)
def test_a_base_url_leads_to_the_address_that_answers(
    connect: Connect, path: str, pasted: str, tried: list[str]
) -> None:
    with EndpointAt(path) as served:
        assert connect(served.origin + pasted, policy=NO_RETRIES).extract(int, "x") == 3
        assert served.paths == tried
        assert connect(served.origin + pasted, policy=NO_RETRIES).extract(int, "x") == 3
    assert served.paths == [*tried, tried[-1]]


AZURE = "http://my-resource.openai.azure.com"
DEPLOYMENT = "/openai/deployments/my-model/chat/completions?api-version=2024-10-21"
TOKEN = "eyJ0eXAi.eyJhdWQi.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("pasted", "path"),
    [
        ("/openai/deployments/my-model?api-version=2024-10-21", DEPLOYMENT),
        (DEPLOYMENT, DEPLOYMENT),
        ("/openai/v1/", "/openai/v1/chat/completions"),
        ("", "/openai/v1/chat/completions"),
        ("/", "/openai/v1/chat/completions"),
    ],
)
@pytest.mark.parametrize(
    ("key", "header"), [("4711", ("api-key", "4711")), (TOKEN, ("authorization", f"Bearer {TOKEN}"))]
)
def test_an_azure_resource_needs_no_sdk(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, pasted: str, path: str, key: str, header: tuple[str, str]
) -> None:
    with Endpoint('{"value": 3}') as endpoint:
        monkeypatch.setenv("HTTP_PROXY", endpoint.base_url.removesuffix("/v1"))  # it stands for the resource
        assert connect(AZURE + pasted, api_key=key, model="my-model").extract(int, "x") == 3
    assert endpoint.paths == [AZURE + path]
    sent = {name: value for name, value in endpoint.headers[0].items() if name in {"api-key", "authorization"}}
    assert sent == dict([header])


def test_a_405_is_as_a_404(connect: Connect) -> None:
    with EndpointAt("/openai/v1/chat/completions", other=Reply("", status=405)) as served:
        assert connect(f"{served.origin}/openai", policy=NO_RETRIES).extract(int, "x") == 3


def test_a_403_of_amazons_gateway_for_a_path_that_it_does_not_have_is_as_a_404(connect: Connect) -> None:
    headers = {"x-amzn-errortype": "MissingAuthenticationTokenException"}
    no_path = Reply({"message": "Missing Authentication Token"}, status=403, headers=headers)
    with EndpointAt("/prod/v1/chat/completions", other=no_path) as served:
        assert connect(f"{served.origin}/prod", policy=NO_RETRIES).extract(int, "x") == 3


WRONG_ENDPOINT = Reply({"error": "Unexpected endpoint or method. (POST /chat/completions)"})


def test_an_address_that_lm_studio_does_not_have_is_as_a_404_although_it_answers_200(connect: Connect) -> None:
    with EndpointAt("/lm/v1/chat/completions", other=WRONG_ENDPOINT) as served:
        client = connect(f"{served.origin}/lm", policy=NO_RETRIES)
        assert (client.extract(int, "x"), client.extract(int, "y")) == (3, 3)
    assert served.paths == ["/lm/chat/completions", *["/lm/v1/chat/completions"] * 2]


def test_an_endpoint_that_has_no_address_of_the_api_is_asked_once_at_each(connect: Connect) -> None:
    with (
        EndpointAt("/none", other=WRONG_ENDPOINT) as served,
        pytest.raises(structkit.MalformedReply, match="Unexpected endpoint or method"),
    ):
        connect(f"{served.origin}/lm").extract(int, "x")
    assert served.paths == ["/lm/chat/completions", "/lm/v1/chat/completions"]


@pytest.mark.parametrize("other", [NO_ROUTE, WRONG_ENDPOINT], ids=["404", "200"])
@pytest.mark.parametrize("driver", ["sync", "async"])
def test_a_stream_is_opened_at_the_address_that_answers(driver: str, other: Reply) -> None:
    with EndpointAt("/openai/v1/chat/completions", other=other) as served:
        settings: dict[str, Any] = {"base_url": f"{served.origin}/openai", "policy": NO_RETRIES}
        if driver == "sync":
            result = structkit.Client("m", **settings).stream(int, "x").result()
        else:
            result = asyncio.run(structkit.AsyncClient("m", **settings).stream(int, "x").result())
    assert result.value == 3
    assert served.paths == ["/openai/chat/completions", "/openai/v1/chat/completions"]


def test_a_404_names_the_urls_without_the_values_of_a_query(connect: Connect) -> None:
    with (
        EndpointAt("/none") as served,
        pytest.raises(structkit.StatusError) as caught,
    ):
        connect(f"{served.origin}/openai?api-version=1&key=hunter2", policy=NO_RETRIES).extract(int, "x")
    query = "?api-version=1&key=..."
    urls = [f"{served.origin}{path}/chat/completions{query}" for path in ("/openai", "/openai/v1")]
    assert f"answered 404 to {urls[0]} and to {urls[1]}: '404 page not found'" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_404_about_the_model_is_reported_as_such(connect: Connect) -> None:
    with (
        EndpointAt("/openai/chat/completions", reply=NO_MODEL) as served,
        pytest.raises(structkit.StatusError, match="The model `m` does not exist"),
    ):
        connect(f"{served.origin}/openai", policy=NO_RETRIES).extract(int, "x")
    assert len(served.paths) == 2


def test_a_404_of_a_whole_address_is_not_tried_elsewhere(connect: Connect) -> None:
    with EndpointAt("/none") as served, pytest.raises(structkit.StatusError, match="404"):
        connect(f"{served.origin}/openai/chat/completions", policy=NO_RETRIES).extract(int, "x")
    assert served.paths == ["/openai/chat/completions"]


def test_a_web_page_names_the_url(connect: Connect) -> None:
    page = Reply("<!doctype html><html></html>")
    with Endpoint(page) as endpoint, pytest.raises(structkit.MalformedReply, match="went to http") as caught:
        connect(endpoint.base_url, policy=NO_RETRIES).extract(int, "x")
    assert f"{endpoint.base_url}/chat/completions" in str(caught.value)


def test_the_settings_of_an_endpoint_hide_the_key_and_the_values_of_a_query() -> None:
    settings = EndpointSettings("m", "https://x.example/openai?key=hunter2", "sk-hunter3")
    assert "hunter" not in repr(settings)
    assert "https://x.example/openai?key=..." in repr(settings)


@pytest.mark.parametrize("path", ["", "/", "/openai", "/openai/", "/openai/v1"])
@pytest.mark.parametrize("version", ["2024-10-21", "2025-04-01-preview"])
def test_a_dated_version_without_a_deployment_is_rejected(path: str, version: str) -> None:
    with pytest.raises(structkit.ConfigError) as caught:
        structkit.Client("gpt-4o", base_url=f"{AZURE}{path}?api-version={version}", api_key="4711")
    expected = f"write {AZURE}/openai/deployments/NAME?api-version={version}, or {AZURE} without a version"
    assert str(caught.value).endswith(expected)


@pytest.mark.parametrize(
    "base_url",
    [
        f"{AZURE}/openai/deployments/gpt?api-version=2024-10-21",
        f"{AZURE}/openai/deployments/gpt/chat/completions?api-version=2024-10-21",
        f"{AZURE}/openai/v1?api-version=preview",
        "https://gateway.example/openai?api-version=2024-10-21",
        "https://my.services.ai.azure.com/models/chat/completions?api-version=2024-05-01-preview",
    ],
)
def test_other_versions_are_sent_as_they_are(base_url: str) -> None:
    structkit.Client("gpt-4o", base_url=base_url, api_key="4711").close()
