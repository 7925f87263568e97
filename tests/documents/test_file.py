"""Files as parts of a prompt: their kinds, their bounds, and what reaches the endpoint."""

from __future__ import annotations

import base64
import io
import wave
import zlib
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import structkit
from structkit import File
from structkit.documents.media_types import media_type
from structkit.testing import Endpoint
from structkit.values.data_url import find_url_fault

Connect = Callable[..., Any]


def png() -> bytes:
    """A PNG of one pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    header = chunk(b"IHDR", (1).to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0]))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


def wav() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as recording:
        recording.setparams((1, 2, 8000, 0, "NONE", ""))
        recording.writeframes(b"\0\0")
    return file.getvalue()


PDF = b"%PDF-1.4\n1 0 obj <<>> endobj\n%%EOF"


def test_an_image_is_sent_as_a_data_url(connect: Connect, tmp_path: Path) -> None:
    path = tmp_path / "photo.txt"  # the suffix is wrong
    path.write_bytes(png())
    with Endpoint() as endpoint:
        connect(endpoint.base_url).extract(int, ["how many?", File.image(path, detail="low")])
    url = f"data:image/png;base64,{base64.b64encode(png()).decode()}"
    assert endpoint.requests[0]["messages"][-1] == {
        "role": "user",
        "content": [
            {"type": "text", "text": "how many?"},
            {"type": "image_url", "image_url": {"url": url, "detail": "low"}},
        ],
    }


def test_audio_and_pdfs_have_parts_of_their_own() -> None:
    assert File(wav()).part == {
        "type": "input_audio",
        "input_audio": {"data": base64.b64encode(wav()).decode(), "format": "wav"},
    }
    data = f"data:application/pdf;base64,{base64.b64encode(PDF).decode()}"
    assert File(PDF).part == {"type": "file", "file": {"filename": "document.pdf", "file_data": data}}


@pytest.mark.parametrize("source", ["path", "text path", "bytes", "open file"])
def test_a_file_is_the_same_from_every_source(tmp_path: Path, source: str) -> None:
    path = tmp_path / "bill.pdf"
    path.write_bytes(PDF)
    if source == "open file":
        with path.open("rb") as stream:
            file = File(stream)
    else:
        file = File({"path": path, "text path": str(path), "bytes": PDF}[source], name="bill.pdf")
    assert file == File(PDF, name="bill.pdf")
    assert repr(file) == f"File('bill.pdf', application/pdf, {len(PDF)} bytes)"


@pytest.mark.parametrize("url", ["https://images.example/7.JPG?x=1", "data:image/png;base64,AA=="])
def test_the_url_of_an_image_is_passed_on_and_not_fetched(url: str) -> None:
    assert File(url).part == {"type": "image_url", "image_url": {"url": url}}


def test_an_image_url_may_have_no_suffix() -> None:
    assert File.image("https://images.example/7").part["image_url"]["url"] == "https://images.example/7"


def test_a_prompt_of_one_file_is_one_message(connect: Connect) -> None:
    with Endpoint() as endpoint:
        connect(endpoint.base_url).extract(int, File(PDF))
        connect(endpoint.base_url).extract(int, [File(PDF)])
    first, second = (request["messages"] for request in endpoint.requests)
    assert first == second
    assert first[-1]["content"][0]["type"] == "file"


def test_an_example_may_have_a_file(connect: Connect) -> None:
    with Endpoint() as endpoint:
        connect(endpoint.base_url).extract(int, "how many?", examples=[(["two of them", File(png())], 2)])
    kinds = [part["type"] for part in endpoint.requests[0]["messages"][0]["content"]]
    assert kinds == ["text", "image_url"]


def test_the_form_of_the_reply_is_sent_beside_a_file(connect: Connect) -> None:
    with Endpoint('{"value": 3}') as endpoint:
        connect(endpoint.base_url, mode="prompt").extract(int, [File(png()), "how many?"])
    parts = endpoint.requests[0]["messages"][-1]["content"]
    assert [part["type"] for part in parts] == ["image_url", "text", "text"]


def page(path: Path) -> Path:
    """A page that says that a download failed, under the name of the file."""
    path.write_text("<!doctype html><title>404 Not Found</title>", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: File(folder / "absent.png"), "cannot read the file 'absent.png': there is no such file"),
        (File, "not a regular file"),
        (lambda _: File(b""), "is empty"),
        (lambda _: File(b"Dear Sir"), "not an image, audio or a PDF"),
        (lambda folder: File(page(folder / "photo.jpg")), "'photo.jpg' is not an image, audio or a PDF by its content"),
        (lambda folder: File.image(page(folder / "photo.jpg")), "'photo.jpg' is not an image"),
        (lambda folder: File(page(folder / "scan.pdf")), "'scan.pdf' is not an image, audio or a PDF by its content"),
        (lambda _: File(PDF, max_bytes=8), "more than 8 bytes"),
        (lambda _: File.image(PDF), "not an image but application/pdf"),
        (lambda _: File("https://files.example/bill.pdf"), "File.fetch"),
        (lambda _: File(io.StringIO("x")), "mode 'rb'"),
        (lambda _: File(3), "needs a path, bytes"),
        (lambda _: File.fetch("file:///etc/passwd"), "http://"),
        (lambda _: File.fetch("http://127.0.0.1:9/a.png"), "cannot fetch the file from 127.0.0.1"),
    ],
)
def test_a_file_that_cannot_be_sent_is_rejected_with_the_reason(
    tmp_path: Path, make: Callable[[Path], Any], message: str
) -> None:
    with pytest.raises(structkit.PromptError, match=message):
        make(tmp_path)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/cut.png":
            self.send_response(200)
            self.send_header("content-length", "1000")
            self.end_headers()
            self.wfile.write(png()[:60])
            return
        if self.path == "/endless.png":
            self.send_bytes_without_end()
            return
        is_redirect = self.path == "/moved.png"
        self.send_response(302 if is_redirect else 200)
        if is_redirect:
            self.send_header("location", "file:///etc/passwd")
        self.end_headers()
        if not is_redirect:
            self.wfile.write(png())

    def send_bytes_without_end(self) -> None:
        self.send_response(200)
        self.end_headers()
        with suppress(OSError):  # the client has closed the connection
            while True:
                self.wfile.write(b"x")
                sleep(0.005)

    def log_message(self, *_: Any) -> None:
        pass


def test_a_file_is_downloaded_only_on_request() -> None:
    server = HTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.server_address[1]}"
        assert File.fetch(f"{address}/a.png") == File(png(), name="a.png")
        with pytest.raises(structkit.PromptError, match="more than 9 bytes"):
            File.fetch(f"{address}/a.png", max_bytes=9)
        with pytest.raises(structkit.PromptError, match="cannot fetch"):
            File.fetch(f"{address}/moved.png")
        with pytest.raises(structkit.PromptError, match="the connection ended after 60 of 1,000 bytes"):
            File.fetch(f"{address}/cut.png")
        with pytest.raises(structkit.PromptError, match="timed out"):
            File.fetch(f"{address}/endless.png", timeout=0.05)
    finally:
        server.shutdown()
        server.server_close()


def test_a_function_reads_a_column_of_paths_as_files(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png())
    with Endpoint() as endpoint:
        client = structkit.Client("m", base_url=endpoint.base_url, api_key="k")

        @structkit.prompt(int, client=client)
        def count(photo: File, question: str) -> list[Any]:
            return [question, photo]

        rows = [{"photo": str(tmp_path / name), "question": "how many?"} for name in ("a.png", "absent.png")]
        report = count.label(rows, tmp_path / "out.csv")
    assert (report.counts["done"], report.counts["failed"]) == (1, 1)
    assert [part["type"] for part in endpoint.requests[0]["messages"][-1]["content"]] == ["text", "image_url"]


@given(st.binary(max_size=64))
def test_any_bytes_have_a_kind_or_none(data: bytes) -> None:
    kind = media_type(data)
    assert kind is None or "/" in kind


@pytest.mark.parametrize("create", [File, File.image])
def test_a_resolution_that_there_is_not_is_rejected(create: Any) -> None:
    for source in (png(), "https://images.example/7.png"):
        with pytest.raises(structkit.PromptError, match="detail must be one of low, high, auto, not 'lo'"):
            create(source, detail="lo")


def test_a_long_url_is_shortened_in_the_repr() -> None:
    assert len(repr(File("data:image/png;base64," + "A" * 100_000))) < 120


def test_the_scheme_of_a_url_may_have_capitals() -> None:
    assert File("HTTPS://images.example/7.png").url == "HTTPS://images.example/7.png"


@pytest.mark.parametrize("create", [File, File.image])
@pytest.mark.parametrize("url", ["https://images.example/7.png\n", "https://images.example/a b.png"])
def test_a_url_with_white_space_is_rejected(create: Any, url: str) -> None:
    with pytest.raises(structkit.PromptError, match="has white space or a control character"):
        create(url)


BROKEN_URLS = {
    "data:image/png;base64,@@@@": "its data is not base64",
    "data:image/png;base64,iVBORw0KGgo": "its data is not base64",
    "data:image/png;base64,iVBORw0KGg_-": "its data is not base64",
    "data:image/png;base64,data:image/png;base64,AA==": "its data is not base64",
    "data:image/png;base64,": "its data is empty",
    "data:image/png": "no comma before its data",
    "DATA:,AA==": "it has no media type",
}


@pytest.mark.parametrize("url", BROKEN_URLS)
@pytest.mark.parametrize("kind", ["image_url", "video_url", "text of image_url", "file", "message"])
def test_a_broken_data_url_is_an_error_and_nothing_is_sent(connect: Connect, url: str, kind: str) -> None:
    part: dict[str, Any] = {
        "image_url": {"type": "image_url", "image_url": {"url": url}},
        "video_url": {"type": "video_url", "video_url": {"url": url}},
        "text of image_url": {"type": "image_url", "image_url": url},
        "file": {"type": "file", "file": {"filename": "a.pdf", "file_data": url}},
        "message": {"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]},
    }[kind]
    prompt = [part] if kind == "message" else ["What is it?", part]
    with Endpoint() as endpoint:
        with pytest.raises(structkit.PromptError, match=BROKEN_URLS[url]):
            connect(endpoint.base_url).extract(int, prompt)
        assert endpoint.requests == []


@pytest.mark.parametrize("url", BROKEN_URLS)
def test_a_file_of_a_broken_data_url_is_an_error(url: str) -> None:
    with pytest.raises(structkit.PromptError, match=BROKEN_URLS[url]):
        File.image(url)


@pytest.mark.parametrize(
    "content",
    [
        {"image_url": {"url": "data:image/png;base64,AA==\n"}},
        {"image_url": {"url": "data:image/svg+xml,%3Csvg/%3E"}},
        {"image_url": {"url": "data:image/svg+xml;charset=utf-8,%3Csvg/%3E"}},
        {"input_audio": {"data": "data:;base64,AA==", "format": "wav"}},
        {"input_audio": {"data": "AA==", "format": "wav"}},
        {"image_url": {"url": "https://images.example/7.png"}},
        {"image_url": None},
        {"other": {"url": 7}},
    ],
    ids=str,
)
def test_what_an_endpoint_may_be_able_to_read_is_sent(connect: Connect, content: dict[str, Any]) -> None:
    part = {"type": next(iter(content)), **content}
    with Endpoint() as endpoint:
        connect(endpoint.base_url).extract(int, ["What is it?", part])
    assert endpoint.requests[0]["messages"][-1]["content"][1] == part


@pytest.mark.parametrize("size", range(1, 8))
def test_base64_of_every_length_is_accepted_and_none_that_lacks_a_character(size: int) -> None:
    text = base64.b64encode(bytes(range(size))).decode()
    assert find_url_fault(f"data:image/png;base64,{text[:2]}\n {text[2:]}") is None
    assert find_url_fault(f"data:image/png;base64,{text[1:]}") == "its data is not base64"
