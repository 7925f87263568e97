"""The ways a reply's text can be read as a value, likeliest first."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from structkit.parsing.documents import Survey, survey
from structkit.parsing.exact import NotJSON, read_json
from structkit.parsing.tolerant import Cut, Document, Repair
from structkit.parsing.wrapper import unwrap
from structkit.values import JSONValue

BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a reply's text.

    Args:
        value: What the text says, read so.
        repairs: What had to be mended, each once, in the order applied; empty where the text is exact.
    """

    value: JSONValue
    repairs: tuple[Repair, ...] = ()


def read_candidates(text: str, *, name: str = "", properties: Collection[str] = ()) -> Iterator[Reading]:
    r"""Read *text* in every way that needs no guessing, likeliest first, each once; nothing is raised.

    Exact JSON comes first, as it is, for no more than `read_json` costs. Other text is searched for documents:
    whole objects and arrays that stand in no other. First come those that have most of the wanted *properties*;
    then those in code fences, which is where models put answers; then the last, for a model that changes its mind
    goes on writing. After each value comes what is inside it, where it is wrapped.

    Nothing comes of text that ends within a document or within thinking, nor of a document that says what
    `read_json` refuses. Every scalar of a value stands in the text.

    Args:
        text: What the model wrote.
        name: The type's name; an object under this name as its only key is taken out.
        properties: The keys of the object that is wanted; empty where no object is.

    >>> list(read_candidates('{"a": 1}'))
    [Reading(value={'a': 1}, repairs=())]
    >>> list(read_candidates("Sure!\n```json\n{'a': 1,}\n```"))
    [Reading(value={'a': 1}, repairs=('code fence', 'prose', 'single quotes', 'trailing comma'))]
    >>> [reading.value for reading in read_candidates('First {"a": 1}, no: {"a": 2}. See [3].', properties=["a"])]
    [{'a': 2}, {'a': 1}, [3]]
    >>> list(read_candidates('{"Invoice": {"a": 1}}', name="Invoice"))[1]
    Reading(value={'a': 1}, repairs=('wrapper',))
    >>> list(read_candidates('{"a": 1, "b": "cut he'))
    []
    """
    try:
        whole = Reading(read_json(text))
    except NotJSON:
        whole = None
    if whole is not None:
        yield from _with_inside(whole, name, properties)
        return
    told: set[str] = set()
    for reading in _mended(text, name, properties):
        said = json.dumps(reading.value)
        if said not in told:
            told.add(said)
            yield reading


def _with_inside(reading: Reading, name: str, properties: Collection[str]) -> Iterator[Reading]:
    yield reading
    for inside in unwrap(reading.value, name=name, properties=properties):
        yield Reading(inside, (*reading.repairs, "wrapper"))


def _mended(text: str, name: str, properties: Collection[str]) -> Iterator[Reading]:
    try:
        found = survey(text.lstrip(BYTE_ORDER_MARK))
    except Cut:
        return
    marked = text.startswith(BYTE_ORDER_MARK)
    wanted = frozenset(properties)
    ranked: list[tuple[int, bool, int, list[Reading]]] = []
    for position, (document, fenced) in enumerate(found.documents):
        if not document.refused:
            reading = Reading(document.value, _repairs(document, found, marked=marked, fenced=fenced))
            readings = list(_with_inside(reading, name, properties))
            ranked.append((_coverage(readings, wanted), fenced, position, readings))
    for *_, readings in sorted(ranked, reverse=True):  # positions differ, so that readings are never compared
        yield from readings


def _repairs(document: Document, found: Survey, *, marked: bool, fenced: bool) -> tuple[Repair, ...]:
    around: tuple[tuple[Repair, bool], ...] = (
        ("byte order mark", marked),
        ("think block", found.thinking),
        ("code fence", fenced),
        ("prose", found.prose or len(found.documents) > 1),
    )
    outer: list[Repair] = [repair for repair, applied in around if applied]
    return (*outer, *document.repairs)


def _coverage(readings: list[Reading], wanted: frozenset[str]) -> int:
    """How many of the wanted properties a document has, wrapped or not."""
    objects = (reading.value for reading in readings if isinstance(reading.value, dict))
    return max((len(value.keys() & wanted) for value in objects), default=0)
