"""Replies as models deform them: each is read as the value that it means, or not at all.

Some counterexamples are right: a deformed map may be another map, and a list in a list another list.
"""

import datetime as dt
import enum
import json
import re
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from random import Random
from typing import Annotated, Any, Literal

from fuzz_types import Counterexample, is_equal
from pydantic import Field, HttpUrl, Json, create_model

from structkit import ResponseFormat
from structkit.errors import StructkitError
from structkit.extraction import Extraction
from structkit.parsing import read_completion
from structkit.values import Message, Result

MAX_DEPTH = 3
NAMES = ["total", "unit_price", "customer", "dueDate", "is_paid", "kind", "tags", "id", "address", "status", "count"]
NAMES += ["name", "type", "data", "result", "notes", "date", "key", "items", "first_name", "lastName"]
TITLES = ["Invoice", "Person", "Line", "Address", "Result", "Circle"]


class Color(enum.Enum):
    RED = "red"
    DARK_BLUE = "dark blue"
    N_A = "n/a"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Values:
    """Makes a random value of a type, in which no two scalars are equal."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.number = rng.randrange(10, 90)

    def next(self) -> int:
        self.number += self.rng.randrange(1, 40)
        return self.number


Make = Callable[[Values], Any]
Typed = tuple[Any, Make]
"""A type, and a function that factories the natural JSON of a value of it."""

TEXTS = ["tea", "Main St. ", "x, y ", "[1] ", 'the "best" ', "it's ", "50% ", "No", "null ", "a: b ", "12 kg ", "# "]


def _free_text(values: Values) -> str:
    return f"{values.rng.choice(TEXTS)}{values.next()}"


FREE_TEXTS: tuple[Typed, ...] = (
    (str, _free_text),
    (Annotated[str, Field(max_length=20)], _free_text),
    (bytes, lambda v: f"bytes {v.next()}"),
)
SCALARS: tuple[Typed, ...] = (
    (int, lambda v: v.next() * v.rng.choice((1, -1, 1000))),
    (float, lambda v: v.next() + 0.5),
    (Decimal, lambda v: f"{v.next()}.50"),
    (dt.date, lambda v: f"2024-01-{v.next() % 28 + 1:02}"),
    (dt.datetime, lambda v: f"2024-01-{v.next() % 28 + 1:02}T10:{v.next() % 60:02}:00"),
    (bool, lambda v: v.rng.random() < 0.5),
    (Color, lambda v: v.rng.choice([*Color]).value),
    (Level, lambda v: v.rng.choice([*Level]).value),
    (Literal["low", "high", "very high"], lambda v: v.rng.choice(("low", "high", "very high"))),
    (Literal[1, 2, 3], lambda v: v.rng.choice((1, 2, 3))),
    (HttpUrl, lambda v: f"https://a.b/{v.next()}"),
    (Annotated[str, Field(pattern=r"^[A-Z]{2}-\d+$")], lambda v: f"AB-{v.next()}"),
    (Annotated[int, Field(ge=0)], lambda v: v.next()),
)


def _scalar(rng: Random) -> Typed:
    return rng.choice(FREE_TEXTS) if rng.random() < 0.3 else _scalar_without_words(rng)


def _scalar_without_words(rng: Random) -> Typed:
    type_, make = rng.choice(SCALARS)
    if rng.random() < 0.25:
        return type_ | None, lambda v: None if v.rng.random() < 0.4 else make(v)
    return type_, make


def _list(rng: Random, depth: int) -> Typed:
    type_, make = _typed(rng, depth - 1)
    return list[type_], lambda v: [make(v) for _ in range(v.rng.choice((0, 1, 1, 2, 3)))]  # type: ignore[valid-type]


def _map(rng: Random, depth: int) -> Typed:
    type_, make = _typed(rng, depth - 1)
    return dict[str, type_], lambda v: {  # type: ignore[valid-type]
        v.rng.choice(("a", "b c", "key", "1", "Total")): make(v) for _ in range(v.rng.choice((0, 1, 2)))
    }


def _tuple(rng: Random, depth: int) -> Typed:
    parts = [_typed(rng, depth - 1) for _ in range(rng.choice((1, 2, 3)))]
    return tuple[tuple(type_ for type_, _ in parts)], lambda v: [make(v) for _, make in parts]  # type: ignore[misc]


def _union(rng: Random, depth: int) -> Typed:
    kinds = (_model, lambda rng, _: _scalar_without_words(rng))
    branches = [rng.choice(kinds)(rng, depth - 1) for _ in range(rng.choice((2, 2, 3)))]
    if len({str(type_) for type_, _ in branches}) < len(branches):
        return branches[0]
    union: Any = branches[0][0]
    for type_, _ in branches[1:]:
        union |= type_
    factories = [make for _, make in branches]
    return union, lambda v: v.rng.choice(factories)(v)


def _model(rng: Random, depth: int) -> Typed:
    names = rng.sample(NAMES, rng.choice((1, 2, 3, 4)))
    fields = {name: _typed(rng, depth - 1) for name in names}
    definitions: dict[str, Any] = {}
    optional = {name for name in names if rng.random() < 0.25}
    for position, (name, (type_, _)) in enumerate(fields.items()):
        definitions[f"f{position}"] = (type_ | None if name in optional else type_, _field(name, name in optional))
    model = create_model(f"{rng.choice(TITLES)}{rng.randrange(100)}", **definitions)

    def make(v: Values) -> Any:
        return {n: each(v) for n, (_, each) in fields.items() if n not in optional or v.rng.random() < 0.6}

    return model, make


def _field(name: str, is_optional: bool) -> Any:
    return Field(None, alias=name) if is_optional else Field(alias=name)


def _typed(rng: Random, depth: int) -> Typed:
    if depth <= 0:
        return _scalar(rng)
    kinds: tuple[Callable[[Random, int], Typed], ...] = (_list, _map, _tuple, _union, _model, _model, _union)
    if rng.random() < 0.05:
        return Json[list[int]], lambda v: json.dumps([v.next()])
    return rng.choice((*((lambda rng, _: _scalar(rng),) * 5), *kinds))(rng, depth)


# Deformations of values: each means the same, or cannot be read


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _places(item, (*path, key))


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def _changed(value: Any, path: tuple[Any, ...], change: Callable[[Any], Any]) -> Any:
    if not path:
        return change(value)
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _changed(value[path[0]], path[1:], change)
    return copy


def _camel(key: str) -> str:
    first, *words = re.split(r"[_ ]", key)
    return first + "".join(word.title() for word in words)


SPELLINGS: tuple[Callable[[str], str], ...] = (
    _camel,
    str.upper,
    str.title,
    lambda key: key.replace("_", "-"),
    lambda key: key.replace("_", " "),
    lambda key: re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key).lower(),
    lambda key: f" {key}",
    lambda key: f"{key}_",
)


def _respelled(rng: Random, value: Any) -> Any:
    spell, share = rng.choice(SPELLINGS), rng.choice((0.3, 1))

    def change(part: Any) -> Any:
        if isinstance(part, dict):
            return {(spell(key) if rng.random() < share else key): change(item) for key, item in part.items()}
        return [*map(change, part)] if isinstance(part, list) else part

    return change(value)


def _as_text(rng: Random, value: Any) -> Any:
    if isinstance(value, bool):
        return rng.choice((str(value), str(value).lower(), "yes" if value else "no", "Yes." if value else "No."))
    if isinstance(value, int | float):
        return rng.choice((f"{value}", f"{value:,}", f"{value} kg", f"${value}", f"{value} EUR", f" {value} "))
    if value is None:
        return rng.choice(("null", "None", "N/A", "", "unknown", "-"))
    return json.dumps(value) if not isinstance(value, str) else rng.choice((value.upper(), f" {value}", f'"{value}"'))


VALUE_CHANGES: dict[str, Callable[[Random, Any], Any]] = {
    "text": _as_text,
    "encoded": lambda _, value: json.dumps(value),
    "list": lambda _, value: [value],
    "item": lambda _, value: value[0] if isinstance(value, list) and len(value) == 1 else value,
    "wrapped": lambda rng, value: {rng.choice(("value", "data", "result", "answer", "items", "text")): value},
    "typed": lambda _, value: {"type": "string" if isinstance(value, str) else "object", "value": value},
    "unboxed": lambda _, value: next(iter(value.values())) if isinstance(value, dict) and len(value) == 1 else value,
    "map": lambda _, value: {pair["key"]: pair["value"] for pair in value} if _are_pairs(value) else value,
    "extra": lambda rng, value: (
        {**value, rng.choice(("confidence", "note", "explanation")): 0.9} if isinstance(value, dict) else value
    ),
    "number": lambda _, value: int(value) if isinstance(value, str) and value.isdigit() else value,
    "float": lambda _, value: float(value) if isinstance(value, int) and not isinstance(value, bool) else value,
}


def _are_pairs(value: Any) -> bool:
    is_list = isinstance(value, list) and bool(value)
    return is_list and all(
        isinstance(each, dict) and each.keys() == {"key", "value"} and isinstance(each["key"], str) for each in value
    )


def _is_free(value: Any) -> bool:
    """Return whether a value may mean something else once it is deformed: any text, and what is empty."""
    return value in ([], {}, None) or (isinstance(value, str) and value.startswith((*TEXTS, "bytes ")))


def deformed_value(rng: Random, wire: Any, names: list[str]) -> Any:
    """Return a wire value with a few deformations, whose names are added to a list."""
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        if rng.random() < 0.2:
            names.append("spelling")
            wire = _respelled(rng, wire)
            continue
        name = rng.choice([*VALUE_CHANGES])
        names.append(name)
        path = rng.choice([path for path in _places(wire) if not _is_free(_at(wire, path))] or [()])
        wire = _changed(wire, path, lambda value, name=name: VALUE_CHANGES[name](rng, value))  # type: ignore[misc]
    return wire


# Deformations of texts

LITERALS = {"true": "True", "false": "False", "null": "None"}
TEXT_CHANGES: dict[str, Callable[[Random, str], str]] = {
    "fence": lambda rng, text: f"```{rng.choice(('', 'json', 'JSON5'))}\n{text}\n```",
    "open fence": lambda _, text: f"```json\n{text}",
    "prose": lambda rng, text: f"{rng.choice(('Sure! ', 'Here it is:', 'See [1]. ', '**Answer:**'))}\n{text}\n\nDone.",
    "thinking": lambda _, text: f'<think>Maybe {{"value": 1}}?</think>\n{text}',
    "tag": lambda rng, text: "<{0}>\n{1}\n</{0}>".format(rng.choice(("answer", "json", "output")), text),
    "turn": lambda rng, text: text + rng.choice(("<|im_end|>", "</s>", '<|eot_id|>\n{"value": 1}')),
    "assignment": lambda _, text: f"result = {text};",
    "call": lambda _, text: f"extract({text})",
    "comma": lambda _, text: re.sub(r"(?<=[\]}\"\d])([\]}])", r",\1", text, count=1),
    "python": lambda _, text: re.sub(r"(?<=: )(true|false|null)\b", lambda literal: LITERALS[literal[1]], text),
    "comment": lambda _, text: text.replace("{", "{ // the value\n", 1),
    "twice": lambda _, text: f"{text}\n\n{text}",
    "encoded": lambda _, text: json.dumps(text),
    "label": lambda _, text: f"json\n{text}",
    "mark": lambda _, text: f"\ufeff{text}",
    "dots": lambda _, text: f"{text}...",
    "escaped": lambda _, text: text.replace('"', '\\"'),
}


def deformed_text(rng: Random, text: str, names: list[str]) -> str:
    """Return a text with a few deformations, whose names are added to a list."""
    for name in rng.sample([*TEXT_CHANGES], rng.choice((0, 0, 1, 1, 2))):
        names.append(name)
        text = TEXT_CHANGES[name](rng, text)
    return text


# Cases


def _body(text: str, *, is_call: bool) -> Any:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": text}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]} if is_call else {"content": text}
    return {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}


def _fault(response_format: ResponseFormat[Any], text: str, value: Any) -> str | None:
    answer = response_format.read(text, repairs=True)
    for is_call in (False, True):
        reply: Any = read_completion(_body(text, is_call=is_call))
        step = Extraction(response_format, "m", (Message("user", "?"),)).receive(reply)
        if isinstance(step, Result) != answer.valid or (answer.valid and not is_equal(step.value, answer.value)):  # type: ignore[union-attr]
            return f"read gives {answer.value!r}, a reply with is_call={is_call} {step!r:.300}"
    if answer.valid:
        read, meant = _content(response_format.natural(answer.value)), _content(response_format.natural(value))
        if read != meant:
            return f"{answer.value!r} by {answer.repairs}"
    return None


NO_CONTENT = {"", "none", "null", "na", "unknown"}
WORDS = {"yes": "true", "no": "false"}


def _content(natural: Any) -> Any:
    """Return what a value says, apart from how: free texts and keys of maps may be deformed as well."""
    if isinstance(natural, dict):
        members = {str(_content(key)): _content(item) for key, item in natural.items()}
        return {key: item for key, item in members.items() if item is not None}
    if isinstance(natural, list):
        return [*map(_content, natural)]
    if isinstance(natural, str):
        try:
            return _content(json.loads(natural)) if natural.lstrip()[:1] in {"{", "[", '"'} else _word(natural)
        except ValueError:
            return _word(natural)
    return None if natural is None else _word(str(natural))


def _word(text: str) -> str | None:
    word = re.sub(r"[^0-9a-z]", "", re.sub(r"(?<=\d)\.0$| kg$| EUR$", "", text).casefold())
    return None if word in NO_CONTENT else WORDS.get(word, word)


def try_seed(seed: str, counts: Counter[str]) -> list[Counterexample]:
    """Deform the replies of one random type; print and return the counterexamples."""
    rng = Random(seed)
    type_, make = rng.choice((_model, _model, _list, _union))(rng, MAX_DEPTH)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            response_format: ResponseFormat[Any] = ResponseFormat(type_)
    except StructkitError:
        counts["types without a format"] += 1
        return []
    examples: list[Counterexample] = []
    for _ in range(20):
        answer = response_format.read_natural(make(Values(rng)))
        counts["replies" if answer.valid else "invalid values"] += 1
        if answer.valid and (example := _try_value(rng, seed, response_format, answer.value)):
            examples.append(example)
            print(example)
    return examples


def _try_value(rng: Random, seed: str, response_format: ResponseFormat[Any], value: Any) -> Counterexample | None:
    names: list[str] = []
    wire = response_format.dump(value) if rng.random() < 0.7 else response_format.natural(value)
    text = deformed_text(rng, json.dumps(deformed_value(rng, wire, names), ensure_ascii=False), names)
    try:
        fault = _fault(response_format, text, value)
    except Exception:  # noqa: BLE001 (any exception is a counterexample)
        fault = traceback.format_exc(limit=-3)
    return Counterexample("wrong", seed, "+".join(names), value, f"reply: {text}\n  {fault}") if fault else None
