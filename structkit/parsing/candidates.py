"""The candidate values of a reply's text, most likely first."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeAlias

from structkit.parsing.documents import DocumentScan, scan_documents
from structkit.parsing.exact import NotJSON, read_json
from structkit.parsing.tolerant import ParsedDocument, TruncatedDocument
from structkit.parsing.wrapper import unwrap
from structkit.values import JSONValue, Repair

Unwrap: TypeAlias = "Callable[[JSONValue], Iterator[JSONValue]]"
"""Yields the values inside a wrapper."""

BYTE_ORDER_MARK = "\ufeff"
BOX = "value"
"""The key of the box around a type that is not an object, in which a model may write each value."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One possible value of a reply's text.

    Args:
        value: The JSON value.
        repairs: The repairs that were needed, each listed once, in the order applied; empty if the text is exact JSON.
        document: The position of its document among those of the text.
    """

    value: JSONValue
    repairs: tuple[Repair, ...] = ()
    document: int = field(default=0, repr=False, compare=False)


def read_candidates(
    text: str,
    *,
    name: str = "",
    properties: Collection[str] = (),
    wrapper_types: tuple[type, ...] = (dict, list),
    is_list: bool = False,
) -> Iterator[Candidate]:
    r"""Yield every value that *text* can have without guessing, most likely first, no value twice; never raise.

    Exact JSON is yielded unchanged, at the cost of `read_json`. Any other text is searched for documents, which are
    complete objects and arrays that are not part of another one. Documents with most of the expected *properties* come
    first; then those in code fences, because models put answers there; then the last one in the text, because a model
    that corrects itself writes the correction last. If a value is wrapped, the wrapped value follows it.

    A text that ends inside a document or inside thinking has no candidates, and a document with content that
    `read_json` rejects is skipped. Every scalar of a value occurs in the text.

    Args:
        text: What the model wrote.
        name: The type's name; an object with this name as its only key is a wrapper.
        properties: The keys of the expected object; empty if no object is expected.
        wrapper_types: The types of containers that may be wrappers.
        is_list: Whether a list is expected, so that several objects with nothing between them are its items.

    >>> list(read_candidates('{"a": 1}'))
    [Candidate(value={'a': 1}, repairs=())]
    >>> list(read_candidates("Sure!\n```json\n{'a': 1,}\n```"))
    [Candidate(value={'a': 1}, repairs=('code fence', 'prose', 'single quotes', 'trailing comma'))]
    >>> [candidate.value for candidate in read_candidates('First {"a": 1}, no: {"a": 2}. See [3].', properties=["a"])]
    [{'a': 2}, {'a': 1}, [3]]
    >>> list(read_candidates('{"Invoice": {"a": 1}}', name="Invoice"))[1]
    Candidate(value={'a': 1}, repairs=('wrapper',))
    >>> list(read_candidates('{"a": 1, "b": "cut he'))
    []
    """
    unwrap_value = partial(unwrap, name=name, properties=properties, wrapper_types=wrapper_types)
    try:
        exact = Candidate(read_json(text))
    except NotJSON:
        exact = None
    if exact is not None:
        yield from _with_unwrapped(exact, unwrap_value)
        return
    yielded: set[str] = set()
    for candidate in _repaired(text, frozenset(properties), unwrap_value, is_list=is_list):
        encoded = json.dumps(candidate.value)
        if encoded not in yielded:
            yielded.add(encoded)
            yield candidate


def _with_unwrapped(candidate: Candidate, unwrap_value: Unwrap) -> Iterator[Candidate]:
    yield candidate
    for value in unwrap_value(candidate.value):
        yield replace(candidate, value=value, repairs=(*candidate.repairs, "wrapper"))


def _repaired(text: str, expected: frozenset[str], unwrap_value: Unwrap, *, is_list: bool) -> Iterator[Candidate]:
    try:
        scan = scan_documents(text.lstrip(BYTE_ORDER_MARK))
    except TruncatedDocument:
        return
    has_mark = text.startswith(BYTE_ORDER_MARK)
    if is_list:
        yield from _joined_items(scan, has_mark=has_mark)
    ranked: list[tuple[int, bool, int, list[Candidate]]] = []
    for position, (document, is_fenced) in enumerate(scan.documents):
        if not document.is_rejected:
            repairs = _repairs(document, scan, has_mark=has_mark)
            candidates = list(_with_unwrapped(Candidate(document.value, repairs, position), unwrap_value))
            ranked.append((_coverage(candidates, expected), is_fenced, position, candidates))
    for *_, candidates in sorted(ranked, reverse=True):  # positions are unique: the lists are never compared
        yield from candidates


def _joined_items(scan: DocumentScan, *, has_mark: bool) -> Iterator[Candidate]:
    """Yield the list of all documents if they are objects, several of them, with nothing between them."""
    documents = [document for document, _ in scan.documents]
    are_items = all(isinstance(document.value, dict) and not document.is_rejected for document in documents)
    if len(documents) > 1 and are_items and not scan.is_divided:
        outer: list[Repair] = [
            repair for repair in _outer_repairs(scan, has_mark=has_mark) if repair != "other document"
        ]
        inner: list[Repair] = [repair for document in documents for repair in document.repairs]
        repairs: tuple[Repair, ...] = (*dict.fromkeys([*outer, "separate items", *inner]),)
        values: list[Any] = [document.value for document in documents]
        yield Candidate(values, repairs)


def _repairs(document: ParsedDocument, scan: DocumentScan, *, has_mark: bool) -> tuple[Repair, ...]:
    return (*_outer_repairs(scan, has_mark=has_mark), *document.repairs)


def _outer_repairs(scan: DocumentScan, *, has_mark: bool) -> list[Repair]:
    """Return the repairs of what is around the documents."""
    outer: tuple[tuple[Repair, bool], ...] = (
        ("byte order mark", has_mark),
        ("think block", scan.has_thinking),
        ("code fence", scan.has_fence),
        ("prose", scan.has_prose),
        ("other document", len(scan.documents) > 1),
    )
    return [repair for repair, is_applied in outer if is_applied]


def _coverage(candidates: list[Candidate], expected: frozenset[str]) -> int:
    """Return how many of the expected properties a document has, wrapped or not."""
    objects = (candidate.value for candidate in candidates if isinstance(candidate.value, dict))
    return max((len(value.keys() & expected) for value in objects), default=0)
