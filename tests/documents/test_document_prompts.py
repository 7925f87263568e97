"""Documents as prompts: alone, beside texts, as arguments and cells; as text, images of pages, or a file."""

from __future__ import annotations

import inspect
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sample_files as files
from pydantic import BaseModel

import structkit
from structkit import Document, File
from structkit.testing import Endpoint

Connect = Callable[..., Any]


def lease(**options: Any) -> Document:
    return Document.open(files.pdf([[(50, 700, "Rent: 900")], [(50, 700, "Signed")]]), name="lease.pdf", **options)


def content_of(endpoint: Endpoint) -> Any:
    return endpoint.requests[-1]["messages"][-1]["content"]


def test_a_document_alone_is_sent_as_its_text(connect: Connect) -> None:
    with Endpoint() as endpoint:
        connect(endpoint.base_url).extract(int, lease())
    assert content_of(endpoint) == lease().text == "Rent: 900\n\fSigned"


def test_a_document_beside_texts_is_a_part_of_their_message(connect: Connect) -> None:
    with Endpoint() as endpoint:
        connect(endpoint.base_url).extract(int, ["What is the rent?", lease()])
    assert content_of(endpoint) == [
        {"type": "text", "text": "What is the rent?"},
        {"type": "text", "text": "Rent: 900\n\fSigned"},
    ]


@pytest.mark.parametrize(
    ("document", "kinds"),
    [
        (lease(), ["text"]),
        (lease(send="text"), ["text"]),
        (lease(send="images"), ["image_url", "image_url"]),
        (lease(send="file"), ["file"]),
        (Document.open(files.scan(2)), ["image_url", "image_url"]),
        (
            Document.open(files.raw_pdf(["BT /F1 10 Tf 50 700 Td (Rent) Tj ET", "9 9 99 99 re f", ""])),
            ["text", "image_url"],
        ),
    ],
)
def test_the_text_is_sent_and_images_of_pages_without_text_unless_the_caller_chooses(
    document: Document, kinds: list[str], connect: Connect
) -> None:
    with Endpoint() as endpoint:
        connect(endpoint.base_url).extract(int, ["Read this.", document])
    assert [part["type"] for part in content_of(endpoint)] == ["text", *kinds]


def test_a_scan_alone_is_a_message_of_images(connect: Connect) -> None:
    with Endpoint() as endpoint:
        connect(endpoint.base_url).extract(int, Document.open(files.scan()))
    (part,) = content_of(endpoint)
    assert part["image_url"]["url"].startswith("data:image/jpeg;base64,")


def test_a_pdf_as_a_file_is_sent_as_file_sends_it() -> None:
    data = files.pdf([[(50, 700, "Rent")]])
    assert Document.open(data, name="a.pdf", send="file").parts == (File(data, name="a.pdf").part,)


@pytest.mark.parametrize(
    ("send", "message"),
    [("file", "is not a PDF"), ("images", "has no images"), ("pdf", "send must be one of auto, text")],
)
def test_what_a_document_cannot_be_sent_as_is_an_error_before_anything_is_sent(send: Any, message: str) -> None:
    with pytest.raises(structkit.PromptError, match=message):
        Document.open(b"text", name="a.txt", send=send)


def test_more_images_than_a_prompt_can_have_are_an_error_and_a_part_of_them_is_not() -> None:
    document = Document.open(files.scan(60))
    with pytest.raises(structkit.PromptError, match="would be 60 images of pages, and 50 fit in a prompt"):
        _ = document.parts
    assert len(document.images(range(1, 4), dpi=20)) == 3
    with pytest.raises(structkit.PromptError, match="has 60 pages, and none of the number 61"):
        document.images([61])


class Lease(BaseModel):
    rent: int


def test_a_document_is_an_argument_of_a_decorated_function(connect: Connect, tmp_path: Path) -> None:
    @structkit.prompt
    def read_lease(document: Document) -> Lease:
        """Read the lease:
        {document}"""

    path = tmp_path / "lease.pdf"
    path.write_bytes(files.pdf([[(50, 700, "Rent: 900")]]))
    for argument in (path, str(path), Document.open(path)):
        assert read_lease.format(argument) == "Read the lease:\nRent: 900"  # type: ignore[arg-type]
    assert inspect.signature(read_lease).parameters["document"].annotation in {"Document", Document}


def test_a_cell_with_a_path_is_a_document_of_the_prompt(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(files.docx(files.paragraph("Rent: 900")))

    @structkit.prompt(int)
    def read_rent(file: Document) -> Any:
        return ["What is the rent?", file]

    with Endpoint("900") as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url, api_key="x")
        report = read_rent.label([{"file": str(tmp_path / "a.docx")}], client=client)
    assert report.to_dicts()[0]["value"] == 900
    assert content_of(endpoint)[1] == {"type": "text", "text": "Rent: 900"}


@pytest.mark.parametrize(
    "document", [Document.open(files.scan(), name="a.pdf"), lease(send="images"), lease(send="file")]
)
def test_a_document_that_is_not_only_text_is_no_part_of_a_text(document: Document) -> None:
    with pytest.raises(structkit.PromptError, match="is not only text: pass it beside the text"):
        _ = f"Read {document}"


def test_a_url_is_downloaded_only_if_that_is_allowed() -> None:
    with pytest.raises(structkit.PromptError, match="a URL is downloaded only with allow_download=True"):
        Document.open("https://example.com/lease.pdf")


def test_a_missing_library_is_an_error_that_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def reject(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("structkit.optional.import_module", reject)
    with pytest.raises(
        structkit.ConfigError, match=r"pypdfium2 is not installed: pip install 'structkit-llm\[documents\]'"
    ):
        lease()
    with pytest.raises(structkit.ConfigError, match=r"charset_normalizer is not installed"):
        Document.open("Größe".encode("cp1252"))
    assert Document.open(files.docx(files.paragraph("x"))).text == "x"


def test_a_document_can_be_pickled_and_compared() -> None:
    document = lease()
    assert pickle.loads(pickle.dumps(document)) == document
    assert document != lease(send="images")
    assert len({document, lease()}) == 1


def test_documents_are_read_in_several_threads() -> None:
    data = files.pdf([[(50, 700 - 14 * n, f"Line {n} of the text") for n in range(20)]] * 5)
    barrier = threading.Barrier(8)

    def read(_: int) -> str:
        barrier.wait()
        document = Document.open(data)
        document.images([1], dpi=20)
        return document.text

    with ThreadPoolExecutor(8) as threads:
        assert len({*threads.map(read, range(8))}) == 1
