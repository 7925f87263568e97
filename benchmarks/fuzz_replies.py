"""Random replies: no wrong value is accepted, no truncated text is closed, nothing but structkit's errors is raised."""

import json
import math
import re
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from fuzz_types import Counterexample, is_equal, is_value_of
from pydantic import BaseModel, Field, TypeAdapter
from random_types import RandomType, random_type

from structkit import ResponseFormat
from structkit.errors import StructkitError
from structkit.extraction import Extraction
from structkit.parsing import read_completion
from structkit.parsing.chunks import ReplyAssembler
from structkit.parsing.events import EventParser
from structkit.partial import SnapshotBuilder
from structkit.testing import completion
from structkit.values import Completion, Message

MAX_S = 2.0
"""CPU seconds for one reply."""

MAX_QUOTED_CHARS = 3_000
PLAIN_TEXT = re.compile(r'[^"\\\x00-\x1f]*')
TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[^\s"{}\[\],:]+|[{}\[\],:])\s*')
PROSE = (
    "Here is the JSON you asked for:",
    "I hope this helps!",
    "Note: values in [brackets] are {placeholders}.",
    "It lies in [1, 2).",
    'As "requested", it\'s done.',
    "",
)
ENDS = ("", "", "\n```", "...", "\n\nI hope this helps!", " \n", "<|im_end|>", "</answer>")
UNITS = (
    "{",
    "[",
    "}",
    "]",
    '"',
    "'",
    "`",
    "```\n",
    "```json\n",
    "{}",
    "[]",
    '{"a":',
    "[1,",
    "<think>",
    "</think>",
    "\\",
)
UNITS += ("//", "/*", "#", ",", ":", "a", " ", "\n", "1", "-", "1,", '"a",', "\u00a0", '"""', "\\u00", "None", "{'a': ")


class Line(BaseModel):
    """One line of a bill."""

    item: str
    quantity: int
    price: float | None = None


class Bill(BaseModel):
    """A bill."""

    number: str
    lines: list[Line]
    notes: dict[str, str] = {}
    is_paid: bool = False
    tags: list[str] = Field(default_factory=list)


def _random_line(rng: Random) -> Line:
    words = (rng.choice(("tea", "x, y", 'the "best"', "a\\b", "é", "{1}", "None")) for _ in range(rng.randint(1, 3)))
    return Line(item=" ".join(words), quantity=rng.randint(-5, 10**6), price=rng.choice((None, 2.5, -1e6)))


def _random_bill(rng: Random) -> Bill:
    notes = {rng.choice(("a", "b c", "é", "1")): rng.choice(("", "yes", "[1]", "'")) for _ in range(rng.randint(0, 2))}
    lines = [_random_line(rng) for _ in range(rng.randint(0, 3))]
    return Bill(number=f"R-{rng.randint(1, 999)}", lines=lines, notes=notes, is_paid=rng.random() < 0.5)


BILLS = RandomType(Bill, _random_bill, "Bill")


# Changes that leave the meaning of a text as it is


def _fence(rng: Random, text: str) -> str:
    return f"```{rng.choice(('', 'json', 'JSON', 'python'))}\n{text}\n{rng.choice(('```', '```', '````', ''))}"


def _prose(rng: Random, text: str) -> str:
    return rng.choice(("\n", "\n\n", " ")).join((rng.choice(PROSE), text, rng.choice(PROSE)))


def _thinking(rng: Random, text: str) -> str:
    thought = rng.choice(("The user wants JSON.", '{"a": 1} might do.', "Let me think: [1, 2].", ""))
    return f"<think>{thought}</think>\n{text}"


def _change_tokens(rng: Random, text: str, change: Callable[[Random, str], str]) -> str:
    """Return a JSON text with some of its tokens changed."""
    share = rng.choice((0.05, 0.3, 1))
    return "".join(change(rng, token) if rng.random() < share else token for token in TOKEN.findall(text))


def _trailing_comma(rng: Random, token: str) -> str:  # noqa: ARG001 (all changes have the same arguments)
    return f",{token}" if token in {"}", "]"} else token


def _comment(rng: Random, token: str) -> str:
    comment = rng.choice(("// so\n", "/* so */", "# so\n", "// a, {b}\n"))
    return f"{token}{comment}" if token in set("{}[],:") else token


def _python_literal(rng: Random, token: str) -> str:  # noqa: ARG001
    return {"true": "True", "false": "False", "null": "None"}.get(token, token)


def _single_quotes(rng: Random, token: str) -> str:  # noqa: ARG001
    return f"'{token[1:-1]}'" if token.startswith('"') and not {"'", "\\"} & {*token} else token


def _space(rng: Random, token: str) -> str:
    space = rng.choice((" ", "\n", "\t", "\u00a0", "\u200b", "\r\n"))
    return f"{token}{space}" if token in set("{}[],:") else token


CHANGES_WITHOUT_BRACKETS = (_trailing_comma, _python_literal, _single_quotes, _space)
CHANGES_OF_TOKENS = (*CHANGES_WITHOUT_BRACKETS, _comment)
CHANGES_OF_TEXTS: tuple[Callable[[Random, str], str], ...] = (
    _fence,
    _prose,
    _thinking,
    lambda _, text: f"\ufeff{text}",
)


def harmless(rng: Random, text: str) -> str:
    """Return the text with a few changes that do not alter what it says."""
    if rng.random() < 0.7:  # one of them, because the result has other tokens
        text = _change_tokens(rng, text, rng.choice(CHANGES_OF_TOKENS))
    for each in rng.sample(CHANGES_OF_TEXTS, rng.choice((0, 1, 2))):
        text = each(rng, text)
    return text


def scrambled(rng: Random, text: str) -> str:
    """Return the text with a few random characters inserted, deleted, repeated or swapped."""
    characters = list(text)
    for _ in range(rng.choice((1, 1, 2, 5))):
        place = rng.randrange(len(characters)) if characters else 0
        end = place + rng.choice((1, 1, 3, 20))
        replacement = rng.choice(([], [rng.choice(UNITS)], characters[place:end] * 2, characters[place:end][::-1]))
        characters[place:end] = replacement
    return "".join(characters)


def repeated(rng: Random) -> str:
    """Return a long text of few units."""
    length = int(10 ** rng.uniform(2, math.log10(200_000)))
    units = [rng.choice(UNITS) for _ in range(rng.choice((1, 1, 2, 3)))]
    return ("".join(units) * length)[:length] + rng.choice(("", "}", "]", '"', "\n```", '{"value": 1}'))


# Checks of what is read


def _read_fault(response_format: ResponseFormat[Any], text: str, value: Any) -> tuple[str, str] | None:
    """Return what is wrong with the answer to a text that means a value, or means none (`...`)."""
    answer, exact = response_format.read(text, repairs=True), response_format.read(text)
    if exact.valid and exact.repairs:
        return "unnamed repair", f"repairs {exact.repairs} without permission"
    if not answer.valid:
        return None
    if value is not ... and not is_equal(answer.value, value):
        return "wrong", f"{answer.value!r} by {answer.repairs}"
    if not answer.repairs and not exact.valid:
        return "unnamed repair", "no repair is named"
    return None


def _invention_fault(response_format: ResponseFormat[Any], text: str) -> tuple[str, str] | None:
    """Return what is wrong with the answer to a scrambled text: every text of a bill must be in the reply."""
    answer = response_format.read(text, repairs=True)
    if fault := _read_fault(response_format, text, ...):
        return fault
    if not answer.valid or not isinstance(answer.value, Bill):
        return None
    plain_texts = (part for part in _texts(response_format.dump(answer.value)) if PLAIN_TEXT.fullmatch(part))
    source = text.replace("\\/", "/")
    inventions = [part for part in plain_texts if part not in source and json.dumps(part)[1:-1] not in source]
    return ("invented", f"{inventions} in {answer.value!r} by {answer.repairs}") if inventions else None


def _texts(wire: Any) -> Iterator[str]:
    if isinstance(wire, str):
        yield wire
    for part in wire.values() if isinstance(wire, dict) else wire if isinstance(wire, list) else ():
        yield from _texts(part)


def _truncation_fault(response_format: ResponseFormat[Any], text: str) -> tuple[str, str] | None:
    answer = response_format.read(text, repairs=True)
    return ("truncated text accepted", f"{answer.value!r} by {answer.repairs}") if answer.valid else None


def _stream_fault(response_format: ResponseFormat[Any], text: str, rng: Random) -> None:
    builder, place = SnapshotBuilder(response_format), 0
    while place < len(text):
        size = rng.choice((1, 5, 100, 10_000)) if len(text) < 2_000 else 10_000
        if builder.feed(text[place : place + size]):
            builder.snapshot()
        place += size


def _random_json(rng: Random) -> Any:
    return rng.choice((None, True, 0, -1, 1.5, 1e400, 10**30, "", "text", "\ud800", [], {}, [[]], [None], {"a": None}))


def _damaged_body(rng: Random, body: Any) -> Any:
    """Return the body of a completion with one place replaced, deleted or repeated."""
    if not isinstance(body, dict | list) or not body or rng.random() < 0.2:
        return _random_json(rng)
    items = dict(body) if isinstance(body, dict) else dict(enumerate(body))
    key = rng.choice(list(items))
    if rng.random() < 0.2:
        del items[key]
    else:
        items[key] = _damaged_body(rng, items[key])
    return items if isinstance(body, dict) else [*items.values()] * rng.choice((1, 1, 2))


def _receive(response_format: ResponseFormat[Any], body: Any) -> None:
    reply = read_completion(body)
    step = Extraction(response_format, "m", (Message("user", "?"),)).receive(reply)
    if isinstance(step, Extraction):
        json.dumps(step.request.body)


def _receive_stream(response_format: ResponseFormat[Any], events: bytes, rng: Random) -> None:
    parser, assembler = EventParser(), ReplyAssembler()
    try:
        for place in range(0, len(events), size := rng.choice((1, 7, 1_000))):
            for event in parser.feed(events[place : place + size]):
                assembler.add(event)
    except StructkitError:
        return
    reply = assembler.reply()
    if isinstance(reply, Completion):
        _receive(response_format, reply.raw)


def _stream_of(rng: Random, text: str) -> bytes:
    """Return the events of a stream, some of them damaged."""
    body = completion(text)
    chunks: list[Any] = []
    for place in range(0, len(text), size := rng.choice((3, 20, 200))):
        choice = {"index": 0, "delta": {"content": text[place : place + size]}, "finish_reason": None}
        chunks.append({"id": body["id"], "choices": [choice]})
    chunks.append(
        {"choices": [{"index": 0, "delta": {}, "finish_reason": rng.choice(("stop", "length", 5, "", None))}]}
    )
    for _ in range(rng.choice((0, 1, 1, 3))):
        place = rng.randrange(len(chunks))
        chunks[place] = _damaged_body(rng, chunks[place])
    lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
    return "".join(lines).encode("utf-8", "surrogatepass") + rng.choice((b"data: [DONE]\n\n", b"", b"data: "))


def _cases(
    response_format: ResponseFormat[Any], text: str, value: Any, rng: Random
) -> Iterator[tuple[str, Any, Callable[[], tuple[str, str] | None]]]:
    """Yield the kind of each case, its input, and a check that returns what is wrong."""
    for _ in range(4):
        changed = harmless(rng, text)
        yield "harmless changes", changed, lambda: _read_fault(response_format, changed, value)  # noqa: B023
    for _ in range(4):
        changed = _change_tokens(rng, text, rng.choice(CHANGES_WITHOUT_BRACKETS)) if rng.random() < 0.5 else text
        prefix = changed[: rng.randrange(changed.rindex("}"))]
        truncated_text = rng.choice(("", "", "```json\n", "Here it is:\n")) + prefix + rng.choice(ENDS)
        yield "truncated", truncated_text, lambda: _truncation_fault(response_format, truncated_text)  # noqa: B023
    for _ in range(3):
        changed = scrambled(rng, harmless(rng, text))
        yield "scrambled", changed, lambda: _invention_fault(response_format, changed)  # noqa: B023
        yield "scrambled streams", changed, lambda: _stream_fault(response_format, changed, rng)  # noqa: B023
    hostile = repeated(rng)
    yield "long", hostile, lambda: _read_fault(response_format, hostile, ...)
    yield "long streams", hostile, lambda: _stream_fault(response_format, hostile, rng)
    body = _damaged_body(rng, completion(rng.choice((text, scrambled(rng, text)))))
    yield "damaged bodies", body, lambda: _receive(response_format, body)
    events = _stream_of(rng, text)
    yield "damaged events", events, lambda: _receive_stream(response_format, events, rng)


def _check(check: Callable[[], tuple[str, str] | None]) -> tuple[str, str] | None:
    """Return what is wrong, an exception and slowness included."""
    start = time.thread_time()
    try:
        fault = check()
    except Exception:  # noqa: BLE001 (whatever it raises is a counterexample)
        return "crash", traceback.format_exc(limit=-3)
    seconds = time.thread_time() - start
    return fault or (("slow", f"{seconds:.1f} s") if seconds > MAX_S else None)


def try_seed(seed: str, counts: Counter[str]) -> list[Counterexample]:
    """Print and return the counterexamples of one seed."""
    rng = Random(seed)
    prepared = _prepare(rng)
    if prepared is None:
        counts["types without a value"] += 1
        return []
    name, response_format, value = prepared
    text = json.dumps(response_format.dump(value), ensure_ascii=rng.random() < 0.3, indent=rng.choice((None, None, 2)))
    examples: list[Counterexample] = []
    for kind, content, check in _cases(response_format, text, value, rng):
        counts[kind] += 1
        if fault := _check(check):
            excerpt = content if len(str(content)) < MAX_QUOTED_CHARS else f"{str(content)[:300]}..."
            examples.append(Counterexample(f"{fault[0]} ({kind})", seed, name, excerpt, fault[1][:MAX_QUOTED_CHARS]))
            print(examples[-1])
    return examples


def _prepare(rng: Random) -> tuple[str, ResponseFormat[Any], Any] | None:
    """Return the name of a type, the type compiled, and a value; None where there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydantic warns of names that shadow attributes
            each = BILLS if rng.random() < 0.4 else random_type(rng)
            value = each.make(rng)
            if not is_value_of(TypeAdapter(each.type), value):
                return None
            response_format = ResponseFormat(each.type)
            wire = response_format.dump(value)
            json.dumps(wire, allow_nan=False)
            return (each.text, response_format, value) if is_equal(response_format.load(wire), value) else None
    except Exception:  # noqa: BLE001 (types are the subject of fuzz_types.py)
        return None
