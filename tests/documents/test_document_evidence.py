"""Documents as sources: values are found in their text, on their pages, in their boxes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sample_files as files
from pydantic import BaseModel

import structkit
from structkit import Document
from structkit.testing import Endpoint

Connect = Callable[..., Any]


class Lease(BaseModel):
    rent: int
    tenant: str
    city: str | None = None


LEASE = files.pdf([[(50, 700, "Lease for Ann Lee")], [(50, 700, "The rent is 900 EUR")]])
ANSWER = '{"rent": 900, "tenant": "Ann Lee", "city": "Atlantis"}'


def test_evidence_in_a_document_has_its_page_and_its_box(connect: Connect) -> None:
    document = Document.open(LEASE, name="lease.pdf")
    with Endpoint(ANSWER) as endpoint:
        result = connect(endpoint.base_url).run(Lease, document, evidence=True)
    evidence = result.evidence
    assert evidence.missing == (("city",),)
    (place,) = evidence.locate(("rent",))
    (span,) = evidence["rent",].spans
    assert (place,) == document.locate(span.start, span.end)
    assert (place.page, document.text[place.start : place.end]) == (2, "900")
    assert place.box is not None
    assert evidence.locate(("city",)) == ()
    assert evidence.to_list()[0]["places"] == [{"page": 2, "box": [*place.box]}]
    assert "places" not in evidence.to_list()[2]


def test_a_document_beside_texts_is_a_source_of_its_own(connect: Connect) -> None:
    with Endpoint(ANSWER) as endpoint:
        result = connect(endpoint.base_url).run(Lease, ["Who pays what?", Document.open(LEASE)], evidence=True)
    assert [source.path for source in result.evidence.sources] == [(0,), (1,)]
    assert [place.page for place in result.evidence.locate(("tenant",))] == [1]
    assert structkit.find_evidence({"rent": 900}, "900 EUR").locate(("rent",)) == ()


@pytest.mark.parametrize("is_path", [False, True])
def test_the_argument_of_a_template_is_the_document(is_path: bool, connect: Connect, tmp_path: Path) -> None:
    @structkit.prompt
    def read_lease(document: Document) -> Lease:
        """Atlantis is a city. Read the lease: {document}"""

    path = tmp_path / "lease.pdf"
    path.write_bytes(LEASE)
    argument: Any = path if is_path else Document.open(path)
    with Endpoint(ANSWER) as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url, api_key="x")
        result = read_lease.with_options(client=client, evidence=True).run(argument)
    assert result.evidence is not None
    assert [source.path for source in result.evidence.sources] == [("document",)]
    assert result.evidence.missing == (("city",),)
    assert [place.page for place in result.evidence.locate(("rent",))] == [2]


def test_the_argument_of_a_function_is_the_document(connect: Connect) -> None:
    @structkit.prompt(Lease)
    def read_lease(document: Document) -> Any:
        return ["Atlantis?", document]

    with Endpoint(ANSWER) as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url, api_key="x")
        result = read_lease.with_options(client=client, evidence=True).run(Document.open(LEASE))
    assert result.evidence is not None
    assert result.evidence.missing == (("city",),)
    assert [place.page for place in result.evidence.locate(("rent",))] == [2]


def test_the_document_of_a_cell_is_a_source_of_its_row(tmp_path: Path) -> None:
    (tmp_path / "lease.pdf").write_bytes(LEASE)

    @structkit.prompt(Lease)
    def read_lease(file: Document) -> Any:
        return file

    with Endpoint(ANSWER) as endpoint:
        client = structkit.Client("fake", base_url=endpoint.base_url, api_key="x")
        row = read_lease.label([{"file": str(tmp_path / "lease.pdf")}], client=client, evidence=True).to_dicts()[0]
    assert row["missing"] == ["city"]
    assert row["evidence"][0]["places"][0]["page"] == 2


def test_nothing_is_removed_that_may_be_on_a_page_without_text(connect: Connect) -> None:
    mixed = Document.open(files.raw_pdf(["BT /F1 10 Tf 50 700 Td (Lease for Ann Lee) Tj ET", "9 9 99 99 re f"]))
    with (
        Endpoint(ANSWER) as endpoint,
        pytest.raises(structkit.PromptError, match="would remove what is only in an image"),
    ):
        connect(endpoint.base_url).run(Lease, mixed, evidence="null")
    with pytest.raises(structkit.PromptError, match="the prompt has none"):
        connect("http://127.0.0.1:9").run(Lease, Document.open(files.scan()), evidence=True)


def test_a_scan_is_not_a_part_of_a_template() -> None:
    @structkit.prompt
    def read_lease(document: Document) -> Lease:
        """Read the lease: {document}"""

    with pytest.raises(structkit.PromptError, match="is not only text: pass it beside the text"):
        read_lease.format(Document.open(files.scan()))
