"""A page of a value and its sources: nothing in it runs, offsets are those of browsers, and it is one file."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

import structkit
from structkit import find_evidence
from structkit.html_pages import HTMLPage, PageField, PageSource, make_evidence_page
from structkit.testing import Endpoint, completion

HOSTILE = [
    "</script><script>window.pwned=1</script>",
    "<!--<script>window.pwned=1</script>",
    '<img src=x onerror="window.pwned=1">',
    '</textarea><svg onload="window.pwned=1">',
    "</title><script>window.pwned=1</script>",
    "</style><style>*{display:none}</style>",
    '<iframe srcdoc="<script>parent.pwned=1</script>"></iframe>',
    '<a href="javascript:window.pwned=1" autofocus onfocus="window.pwned=1">x</a>',
    "'];window.pwned=1;//",
    "${window.pwned=1} {{constructor.constructor('window.pwned=1')()}}",
    "&lt;script&gt;window.pwned=1&lt;/script&gt; \\u003cscript>",
    "\u202ewindow.pwned=1\u202c \x00\x1b[31m \u2028 \u2066x",
    "__proto__",
]


class Reader(HTMLParser):
    """Collects the elements of a page, the text of its data, its scripts and its style."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.texts: dict[str, str] = {}
        self.policy, self._name = "", ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.elements.append(tag)
        self._name = str(values.get("type") or tag)
        if values.get("http-equiv") == "Content-Security-Policy":
            self.policy = str(values["content"])

    def handle_endtag(self, tag: str) -> None:
        self._name = ""

    def handle_data(self, data: str) -> None:
        self.texts[self._name] = self.texts.get(self._name, "") + data

    @property
    def data(self) -> Any:
        return json.loads(self.texts["application/json"])


def hostile_page() -> HTMLPage:
    text = "\ud800 " + "\n".join(HOSTILE)
    value = {each: [each, {each: each}] for each in HOSTILE}
    return find_evidence(value, text).show(title=" ".join(HOSTILE))


def test_a_page_has_the_same_elements_whatever_its_texts_are() -> None:
    plain = Reader(find_evidence({"a": "b"}, "b").show(title="t").html)
    assert Reader(hostile_page().html).elements == plain.elements
    assert plain.elements.count("script") == 2


@given(st.text(), st.text(), st.dictionaries(st.text(), st.text(st.characters(exclude_categories=["Cs"]))))
def test_any_text_value_and_title_come_back_from_the_data_of_a_page(
    text: str, title: str, value: dict[str, str]
) -> None:
    fields = [PageField((key,), each, "exact") for key, each in value.items()]
    page = Reader(make_evidence_page([PageSource(text)], fields, title).html)
    assert page.elements.count("script") == 2
    assert page.data["title"] == title.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    assert [(each["path"], each["value"]) for each in page.data["fields"]] == [
        ([key], each) for key, each in value.items()
    ]


@given(st.text(st.characters(codec="utf-8")), st.data())
def test_places_are_in_utf_16_units(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    page = Reader(make_evidence_page([PageSource(text)], [PageField((), "x", "exact", ((start, end, 0),))]).html)
    [(first, last, _)] = page.data["fields"][0]["places"]
    units = text.encode("utf-16-le")
    assert units[2 * first : 2 * last].decode("utf-16-le") == text[start:end]


def test_the_policy_of_a_page_allows_its_own_style_and_script_alone() -> None:
    page = Reader(hostile_page().html)
    digests = {
        name: f"'sha256-{b64encode(sha256(page.texts[name].encode()).digest()).decode()}'"
        for name in ("style", "script")
    }
    policy = dict(part.split(" ", 1) for part in page.policy.split("; "))
    assert policy == {
        "default-src": "'none'",
        "style-src": digests["style"],
        "script-src": digests["script"],
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert not re.search(r"""(?:src|href)=|https?://|@import|url\(""", page.texts["style"] + page.texts["script"])
    assert "innerHTML" not in page.texts["script"]


def test_a_page_has_each_scalar_with_its_places_and_how_it_was_found() -> None:
    evidence = find_evidence({"a": {"city": "Kiel", "n": 250}, "gone": "Bonn", "no": None}, "😀 Kiel 250, Kiel")
    page = Reader(evidence.show(title="T").html)
    assert page.data == {
        "title": "T",
        "sources": [{"kind": "text", "name": "", "text": "😀 Kiel 250, Kiel"}],
        "fields": [
            {
                "path": ["a", "city"],
                "value": "Kiel",
                "type": "text",
                "how": "exact",
                "places": [[3, 7, 0], [13, 17, 0]],
            },
            {"path": ["a", "n"], "value": "250", "type": "other", "how": "number", "places": [[8, 11, 0]]},
            {"path": ["gone"], "value": "Bonn", "type": "text", "how": "", "places": []},
            {"path": ["no"], "value": "null", "type": "other", "how": "empty", "places": []},
        ],
    }


def test_a_page_is_written_to_a_file_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "out.html"
    page = find_evidence({"a": "b\r\nc"}, "b\r\nc \ud800").show(str(path))
    assert path.read_bytes().decode() == page.html
    assert Reader(page.html).data["sources"][0]["text"] == "b\r\nc \ud800"


def test_a_notebook_shows_a_page_in_a_frame_without_access() -> None:
    page = hostile_page()
    frame = re.fullmatch(r'<iframe sandbox="allow-scripts" srcdoc="([^"]*)" [^<>]*></iframe>', page._repr_html_())
    assert frame
    assert unescape(frame[1]) == page.html
    assert repr(page).startswith("HTMLPage(")
    assert find_evidence("a", "a")._repr_html_().startswith("<iframe sandbox=")


class City(BaseModel):
    city: str


def test_a_result_is_shown_with_the_texts_of_its_call() -> None:
    with Endpoint(completion('{"city": "Kiel"}')) as endpoint:
        client = structkit.Client("m", base_url=endpoint.base_url, api_key="k")
        prompt = [
            structkit.Message("system", "Be brief."),
            structkit.Message("user", "in Kiel"),
            structkit.Message("user", "on 3 May"),
        ]
        page = Reader(client.run(City, prompt, evidence=True).show(title="A city").html)
        assert [source["text"] for source in page.data["sources"]] == ["in Kiel", "on 3 May"]
        assert [source["name"] for source in page.data["sources"]] == ["[1]", "[2]"]
        assert page.data["fields"][0]["places"] == [[3, 7, 0]]
        with pytest.raises(ValueError, match="pass evidence=True to the call"):
            client.run(City, "in Kiel").show()
