"""What a route takes of a document is found like a mode: a rejected form costs no token, and is not sent again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sample_files as files
from pydantic import BaseModel

import structkit
from structkit import Document
from structkit.dialects.part_rejections import find_rejected_part
from structkit.documents.pages import PageText, join_pages
from structkit.documents.read_limits import ReadLimits
from structkit.testing import Endpoint, Reply

Connect = Callable[..., Any]

NO_IMAGES = "Invalid content type. image_url is only supported by certain models."
NO_FILES = "Invalid value: 'file'. Supported values are: 'text', 'image_url' and 'input_audio'."
TEXT = "Rent: 900 EUR"


class Lease(BaseModel):
    rent: int


def scan(**options: Any) -> Document:
    return Document.open(files.scan(), name="scan.pdf", **options)


def recognized() -> Document:
    """A scan whose text was recognized."""
    layout = join_pages([PageText(TEXT, size=files.A4, has_only_image=True)], ReadLimits())
    document = scan()
    return Document(layout.text, layout.pages, "scan.pdf", document.media_type, "auto", document._data)


def rejecting(*names: str) -> Callable[[dict[str, Any]], Any]:
    """An endpoint that rejects content parts of these types, as OpenAI does."""

    def reply(request: dict[str, Any]) -> Any:
        content = request["messages"][-1]["content"]
        kinds = {part["type"] for part in content} if isinstance(content, list) else {"text"}
        message = NO_IMAGES if "image_url" in kinds & {*names} else NO_FILES if "file" in kinds & {*names} else ""
        error = {"message": message, "type": "invalid_request_error", "param": "messages.[0].content.[0].type"}
        return Reply({"error": error}, status=400) if message else '{"rent": 900}'

    return reply


def kinds_of(endpoint: Endpoint) -> list[Any]:
    contents = [request["messages"][-1]["content"] for request in endpoint.requests]
    return [[part["type"] for part in content] if isinstance(content, list) else content for content in contents]


@pytest.mark.parametrize(
    ("document", "rejected", "kinds"),
    [
        (scan(), (), [["image_url"]]),
        (scan(), ("image_url",), [["image_url"], ["file"]]),
        (recognized(), ("image_url",), [["image_url"], ["file"]]),
        (recognized(), ("image_url", "file"), [["image_url"], ["file"], TEXT]),
    ],
)
def test_a_rejected_form_is_followed_by_the_next_one(
    document: Document, rejected: tuple[str, ...], kinds: list[Any], connect: Connect
) -> None:
    with Endpoint(rejecting(*rejected)) as endpoint:
        result = connect(endpoint.base_url).run(Lease, document)
    assert result.value == Lease(rent=900)
    assert kinds_of(endpoint) == kinds
    assert len(result.attempts) == len(kinds)
    assert sum(attempt.usage.total_tokens for attempt in result.attempts[:-1] if attempt.usage) == 0


STAMP = "Envelope ID: 7F3A"


@pytest.mark.parametrize(
    ("data", "kinds"),
    [
        (files.stamped_scan(STAMP), ["text", "image_url"]),
        (files.stamped_scan(STAMP, y=830), ["text", "image_url"]),
        (files.stamped_scan(STAMP, y=400), ["text"]),
        (files.stamped_scan(STAMP, width=200), ["text"]),
        (files.pdf([[(50, 10, STAMP)]]), ["text"]),
    ],
    ids=["at the bottom", "at the top", "text across the picture", "small picture", "no picture"],
)
def test_a_scan_with_a_stamp_is_sent_as_an_image_too(data: bytes, kinds: list[str]) -> None:
    document = Document.open(data, name="scan.pdf")
    assert [part["type"] for part in document.parts] == kinds
    assert document.parts[0]["text"] == STAMP
    assert document.is_only_text == (kinds == ["text"])
    assert [part["type"] for part in document.parts_without({"image_url"}) or ()] == (
        ["file"] if len(kinds) > 1 else kinds
    )


def test_the_form_changes_beside_texts_and_in_every_mode(connect: Connect) -> None:
    for mode in ("json_schema", "tool", "json_object", "prompt"):
        with Endpoint(rejecting("image_url", "file")) as endpoint:
            prompt = ["Which rent?", recognized(), "Answer."]
            connect(endpoint.base_url).extract(Lease, prompt, mode=mode)
        assert [part["text"] for part in endpoint.requests[-1]["messages"][-1]["content"]][:3] == [
            "Which rent?",
            TEXT,
            "Answer.",
        ]


def test_what_a_route_rejects_is_remembered_by_later_clients(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("STRUCTKIT_ROUTES", str(tmp_path))
    with Endpoint(rejecting("image_url", "file")) as endpoint, caplog.at_level(logging.WARNING):
        for _ in range(2):
            connect(endpoint.base_url).extract(Lease, recognized())
        connect(endpoint.base_url).extract(Lease, "Rent: 900")
    assert kinds_of(endpoint) == [["image_url"], ["file"], TEXT, TEXT, "Rent: 900"]
    assert caplog.messages == [
        "fake: the endpoint rejects image_url; the document is sent in another form",
        "fake: the endpoint rejects file; the document is sent in another form",
    ]


def test_a_document_without_another_form_is_sent_all_the_same_and_the_endpoint_says_why(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STRUCTKIT_ROUTES", str(tmp_path))
    with Endpoint(rejecting("image_url", "file")) as endpoint:
        for _ in range(2):
            with pytest.raises(structkit.StatusError, match=r'Supported.*no files: .*send="text".*ocr=True'):
                connect(endpoint.base_url).extract(Lease, scan())
    assert kinds_of(endpoint) == [["image_url"], ["file"], ["file"]]


@pytest.mark.parametrize("send", ["images", "file"])
def test_a_form_that_the_caller_chose_is_not_changed(send: Any, connect: Connect) -> None:
    with Endpoint(rejecting("image_url", "file")) as endpoint, pytest.raises(structkit.StatusError) as caught:
        connect(endpoint.base_url).extract(Lease, scan(send=send))
    assert len(endpoint.requests) == 1
    assert str(caught.value).count('send="text"') == 1


def test_an_error_about_one_image_gives_no_advice_on_forms(connect: Connect) -> None:
    too_large = Reply({"error": {"message": "the image is too large: 20 MB are supported"}}, status=400)
    with Endpoint(too_large) as endpoint, pytest.raises(structkit.StatusError) as caught:
        connect(endpoint.base_url).extract(Lease, scan(send="images"))
    assert "send=" not in str(caught.value)


def test_an_error_that_repeats_the_text_beside_an_image_gives_no_advice_on_forms(connect: Connect) -> None:
    text = "images are not supported by this rent"
    rejection = Reply({"error": {"message": f"bad prompt: {text}"}}, status=400)
    with Endpoint(rejection) as endpoint, pytest.raises(structkit.StatusError) as caught:
        connect(endpoint.base_url).extract(Lease, [text, structkit.File(b"\x89PNG\r\n\x1a\n...")])
    assert "send=" not in str(caught.value)


def test_an_image_of_the_callers_own_is_not_left_out(connect: Connect) -> None:
    image = structkit.File(b"\x89PNG\r\n\x1a\n...")
    with Endpoint(rejecting("image_url")) as endpoint, pytest.raises(structkit.StatusError):
        connect(endpoint.base_url).extract(Lease, [recognized(), image])
    assert len(endpoint.requests) == 2


def test_a_job_sends_a_rejected_form_once(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"{number}.pdf").write_bytes(files.scan())
    rows = [{"id": number, "file": str(tmp_path / f"{number}.pdf")} for number in range(20)]

    @structkit.prompt(Lease)
    def read(file: structkit.Document) -> list[Any]:
        return [file]

    with Endpoint(rejecting("image_url")) as endpoint:
        labels = read.label(rows, base_url=endpoint.base_url, model="fake", concurrency=1)
    assert {row["rent"] for row in labels.to_dicts()} == {900}
    assert kinds_of(endpoint).count(["image_url"]) == 1


REJECTED = {
    "image_url": [
        "Failed to deserialize the JSON body into the target type: messages[7]: unknown variant `image_url`, expected `text`",
        "this model does not support image input",
        "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj",
        "No endpoints found that support image input",
        "'messages.0.content' : value must be a string",
        "messages.0.content.str Input should be a valid string",
        "this model is missing data required for image input",
        "At most 0 image(s) may be provided in one prompt.",
        "gemma-1 is not a multimodal model",
        "The model `x` does not support vision",
        "Unsupported content part type: image_url",
        "unsupported content[].type",
        "This model doesn't support the image content block that you provided",
        "\u8be5\u6a21\u578b\u4e0d\u652f\u6301\u56fe\u7247\u8f93\u5165",
        "\u6a21\u578b\u4e0d\u652f\u6301\u591a\u6a21\u6001",
        "Image input modality is not enabled for models/gemma-3-1b-it",
        "json: cannot unmarshal array into Go struct field ChatMessage.messages.content of type string",
        "Invalid type for 'messages[0].content': expected a string, but got an array instead.",
        "messages.1.content.1.type: Input tag 'image_url' found using 'type' does not match any of the expected tags",
        "Unrecognized content part type 'image_url'",
        "invalid content type 'image_url'",
        "Image inputs are disabled for this model",
        "The model `x` is text-only and cannot process images.",
        "This model only supports text input",
        "Multimodal data provided, but model does not support multimodal requests.",
        "This model does not have vision capability",
        "This model doesn't accept image inputs",
    ],
    "file": [
        "Unsupported chat content part type: 'file'. Supported types: text, image_url",
        "Unknown part type: file",
        "unknown variant `file`, expected `text` or `image_url`",
        "Input should be 'text' [type=literal_error, input_value='file', input_type=str]",
        "PDF files are not supported",
        "invalid part type: file",
        "file input not enabled",
        "The file content part is not recognised",
    ],
}  # of OpenAI, DeepSeek, Ollama, llama.cpp, OpenRouter, Groq, vLLM, LiteLLM, Bedrock and pydantic

NOT_REJECTED = {
    "image_url": [
        "The image is too large: at most 20 MB",
        "You uploaded an unsupported image. Please make sure your image is valid.",
        "At most 5 image(s) may be provided in one prompt.",
        "Failed to download image",
        "Unsupported image media type image/tiff",
        "'response_format' is not supported with images",
        "temperature is not supported",
        "unknown model",
        "Unable to process input image. Please retry.",
        "the image is not available any more",
        "Invalid type for 'messages[0].content': expected an array, but got a number instead.",
    ],
    "file": [
        "Invalid file data: 'file_data'. Expected a base64-encoded data URL with an application/pdf MIME type",
        "The PDF has too many pages: maximum 100",
        "The document could not be parsed",
    ],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in REJECTED.items() for text in texts])
def test_a_rejection_of_content_parts_is_recognized(name: str, text: str) -> None:
    assert find_rejected_part(text, [name]) == name


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in NOT_REJECTED.items() for text in texts])
def test_an_error_about_one_image_or_something_else_is_not_a_rejection_of_all(name: str, text: str) -> None:
    assert find_rejected_part(text, [name]) is None


def test_evidence_without_a_text_to_look_in_is_an_error_before_anything_is_sent(connect: Connect) -> None:
    with Endpoint() as endpoint:
        with pytest.raises(structkit.ConfigError, match="ocr=True"):
            connect(endpoint.base_url).run(Lease, scan(), evidence=True)
        assert endpoint.requests == []


@pytest.mark.parametrize("choice", [True, "null", "require"])
def test_evidence_of_a_recognized_page_is_in_its_text_whatever_is_sent(choice: Any, connect: Connect) -> None:
    with Endpoint(rejecting()) as endpoint:
        result = connect(endpoint.base_url).run(Lease, recognized(), evidence=choice)
    assert kinds_of(endpoint) == [["image_url"]]
    assert result.evidence[("rent",)].text == "900"
