"""The candidate values of a reply's text, most likely first."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeAlias

from structkit.parsing.documents import DocumentScan, scan_documents
from structkit.parsing.exact import NotJSON, read_json
from structkit.parsing.limits import MAX_REPAIRED_CHARS
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
        is_reference: Whether its document may be a reference: a list of scalars in a sentence, as in "see [1]".
    """

    value: JSONValue
    repairs: tuple[Repair, ...] = ()
    document: int = field(default=0, repr=False, compare=False)
    is_reference: bool = field(default=False, repr=False, compare=False)


def read_candidates(
    text: str,
    *,
    name: str = "",
    properties: Collection[str] = (),
    wrapper_types: tuple[type, ...] = (dict, list),
    is_list: bool = False,
    has_rows: bool = False,
) -> Iterator[Candidate]:
    r"""Yield every value that *text* can have without guessing, most likely first, no value twice; never raise.

    Exact JSON is yielded unchanged, at the cost of `read_json`. Any other text is searched for documents, which are
    complete objects and arrays that are not part of another one. Documents with most of the expected *properties* come
    first; then those in code fences, because models put answers there; then the last one in the text, because a model
    that corrects itself writes the correction last. If a value is wrapped, the wrapped value follows it. A list of
    scalars in a sentence, as in "see [1]", is no candidate beside a document that is not in a sentence.

    A text that ends inside a document or inside thinking, or is longer than any model's, has no candidates; nor has one
    whose last document cannot be read: it may correct the others. A document with content that `read_json` rejects is
    skipped. Every scalar of a value occurs in the text.

    Args:
        text: What the model wrote.
        name: The type's name; an object with this name as its only key is a wrapper.
        properties: The keys of the expected object; empty if no object is expected.
        wrapper_types: The types of containers that may be wrappers.
        is_list: Whether a list is expected, so that several objects with nothing between them are its items.
        has_rows: Whether a list of lists is expected, so that several lists with nothing between them are its items.

    >>> list(read_candidates('{"a": 1}'))
    [Candidate(value={'a': 1}, repairs=())]
    >>> list(read_candidates("Sure!\n```json\n{'a': 1,}\n```"))
    [Candidate(value={'a': 1}, repairs=('code fence', 'prose', 'single quotes', 'trailing comma'))]
    >>> [candidate.value for candidate in read_candidates('First {"a": 1}, no: {"a": 2}. See [3].', properties=["a"])]
    [{'a': 2}, {'a': 1}]
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
    if exact is not None or len(text) > MAX_REPAIRED_CHARS:
        return
    item_types = (*((dict,) if is_list else ()), *((list,) if has_rows else ()))
    yielded: set[str] = set()
    for candidate in _repaired(text, frozenset(properties), unwrap_value, item_types):
        encoded = json.dumps(candidate.value)
        if encoded not in yielded:
            yielded.add(encoded)
            yield candidate


def _with_unwrapped(candidate: Candidate, unwrap_value: Unwrap) -> Iterator[Candidate]:
    yield candidate
    for value in unwrap_value(candidate.value):
        yield replace(candidate, value=value, repairs=(*candidate.repairs, "wrapper"))


def _repaired(
    text: str, expected: frozenset[str], unwrap_value: Unwrap, item_types: tuple[type, ...]
) -> Iterator[Candidate]:
    try:
        scan = scan_documents(text.lstrip(BYTE_ORDER_MARK))
    except TruncatedDocument:
        return
    if scan.is_broken_last:
        return
    has_mark = text.startswith(BYTE_ORDER_MARK)
    for item_type in item_types:
        yield from _joined_items(scan, item_type, has_mark=has_mark)
    ranked: list[tuple[int, bool, int, list[Candidate]]] = []
    for position, (document, is_fenced) in enumerate(scan.documents):
        is_reference = scan.in_sentences[position] and _is_list_of_scalars(document.value)
        if not document.is_rejected and not (is_reference and not all(scan.in_sentences)):
            candidate = Candidate(document.value, _repairs(document, scan, has_mark=has_mark), position, is_reference)
            candidates = list(_with_unwrapped(candidate, unwrap_value))
            ranked.append((_coverage(candidates, expected), is_fenced, position, candidates))
    for *_, candidates in sorted(ranked, reverse=True):  # positions are unique: the lists are never compared
        yield from candidates


def _has_list(value: JSONValue) -> bool:
    return isinstance(value, list) and any(isinstance(item, list) for item in value)


def _is_list_of_scalars(value: JSONValue) -> bool:
    return isinstance(value, list) and not any(isinstance(item, dict | list) for item in value)


def _joined_items(scan: DocumentScan, item_type: type, *, has_mark: bool) -> Iterator[Candidate]:
    """Yield the list of all documents if they are items of one type, several of them, with nothing between them.

    Lists of lists are not items: each may be the whole list.
    """
    documents = [document for document, _ in scan.documents]
    are_items = all(
        isinstance(document.value, item_type) and not document.is_rejected and not _has_list(document.value)
        for document in documents
    )
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
        ("prose", scan.has_prose or scan.has_turn_sign),
        ("other document", len(scan.documents) > 1),
    )
    return [repair for repair, is_applied in outer if is_applied]


def _coverage(candidates: list[Candidate], expected: frozenset[str]) -> int:
    """Return how many of the expected properties a document has, wrapped or not."""
    objects = (candidate.value for candidate in candidates if isinstance(candidate.value, dict))
    return max((len(value.keys() & expected) for value in objects), default=0)
