"""Random hostile patterns: neither a schema that has one nor a reply may hold the caller for more than a second."""

import json
import math
import time
import traceback
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

from fuzz_types import Counterexample

from structkit import ResponseFormat
from structkit.errors import InvalidOutput, SchemaError
from structkit.values import JSON

MAX_S = 1.5
"""CPU seconds for one call: the second that patterns may take, and what surrounds them."""

MAX_DEPTH = 4
MAX_CHARS = 150_000
MAX_REPLY_CHARS = 300_000
ATOMS = ("a", "b", "1", " ", "-", ".", r"\w", r"\d", r"\s", r"\S", "[ab]", "[^b]", r"[\w.-]", r"\p{L}", r"\.", "é")
ANCHORS = ("^", "$", r"\b", r"\B")
GROUPS = ("(", "(", "(?:", "(?P<n1>", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?i:")
REPEATS = ("*", "+", "?", "*?", "+?", "{2}", "{3,}", "{0,9}", "{1,50}", "{40}", "*+", "{999}", "{1,9999}", "{100000}")
BROKEN = ("[", "(", ")", "]", "{", "\\", "(?", "[^]", "(?P<", "{,}", "[[:", "(?#", "(?(1)")
UNITS = ("a", "b", "ab", "aab", "1", " ", "a ", "a.", "a-b", "é", "[", "\\", "\n", "aaaaaaaaab")
ENDS = ("", "!", "b", "\n", "ab", "\\")


def random_pattern(rng: Random, depth: int = MAX_DEPTH) -> str:
    """Return a pattern, which may be invalid."""
    parts = [_random_part(rng, depth) for _ in range(rng.choice((1, 1, 2, 2, 3, 5)))]
    return rng.choice(("", "", "|")).join(parts)[:MAX_CHARS]


def _random_part(rng: Random, depth: int) -> str:
    choice = rng.random()
    if depth and choice < 0.4:
        part = f"{rng.choice(GROUPS)}{random_pattern(rng, depth - 1)})"
    elif choice < 0.8:
        part = rng.choice(ATOMS)
    elif choice < 0.88:
        part = rf"\{rng.randint(1, 3)}"
    elif choice < 0.97:
        part = rng.choice(ANCHORS)
    else:
        part = rng.choice(BROKEN) * rng.choice((1, 1, 20_000))
    return part + (rng.choice(REPEATS) if rng.random() < 0.5 else "")


def random_text(rng: Random, max_chars: int) -> str:
    """Return a text of one or two units that repeat, which nearly matches many patterns."""
    length = int(10 ** rng.uniform(1, math.log10(max_chars)))
    parts = [rng.choice(UNITS) * (length // rng.choice((2, 4, 40))) for _ in range(rng.choice((1, 2)))]
    return "".join(parts)[:length] + rng.choice(ENDS)


def random_schema(rng: Random) -> tuple[JSON, Callable[[str, int], Any]]:
    """Return a schema with patterns, and a function that makes a reply of a text and a number of items."""
    patterns = [random_pattern(rng) for _ in range(rng.choice((1, 1, 1, 3)))]
    if rng.random() < 0.1:
        patterns[0] = (patterns[0] * rng.choice((10, 300, 5_000)))[:MAX_CHARS]
    texts: JSON = (
        {"allOf": [{"pattern": pattern} for pattern in patterns]} if patterns[1:] else {"pattern": patterns[0]}
    )
    kind = rng.choice(("property", "items", "keys", "union"))
    if kind == "keys":
        schema = {"type": "object", "patternProperties": {each: {"type": "integer"} for each in patterns}}
        return schema, lambda text, items: {"value": [{"key": f"{text}{n}", "value": 1} for n in range(items)]}
    item: JSON = {"type": "string", **texts}
    if kind == "union":
        item = {"anyOf": [item, {"type": "string", "maxLength": 3}, {"not": texts, "type": "string"}]}
    if kind == "property":
        properties = {"type": "object", "properties": {"x": item}, "required": ["x"], "additionalProperties": False}
        return properties, lambda text, items: {"x": text}  # noqa: ARG005 (the functions have the same arguments)
    return {"type": "array", "items": item}, lambda text, items: {"value": [f"{text}{n}" for n in range(items)]}


def try_seed(seed: str, counts: Counter[str]) -> list[Counterexample]:
    """Print and return the counterexamples of one seed."""
    rng = Random(seed)
    schema, make_reply = random_schema(rng)
    items = rng.choice((1, 1, 30, 1_000))
    text = json.dumps(make_reply(random_text(rng, MAX_REPLY_CHARS // items), items))
    fault = _find_fault(schema, text, counts)
    examples = [Counterexample(fault[0], seed, json.dumps(schema)[:1_000], text[:200], fault[1])] if fault else []
    for example in examples:
        print(example)
    return examples


def _find_fault(schema: JSON, text: str, counts: Counter[str]) -> tuple[str, str] | None:
    """Return what is wrong with compiling a schema, and with reading a reply as it is and with repairs."""
    counts["schemas"] += 1
    response_format, fault = _measure("compile", lambda: ResponseFormat(schema))
    if response_format is None:
        counts["rejected schemas"] += fault is None
        return fault
    counts["replies"] += 2
    return (
        fault
        or _measure("read", lambda: response_format.read(text))[1]
        or _measure("read with repairs", lambda: response_format.read(f"{text[:-1]},]", repairs=True))[1]
    )


def _measure(name: str, call: Callable[[], Any]) -> tuple[Any, tuple[str, str] | None]:
    """Return what a call returns, and what is wrong with it."""
    start = time.thread_time()
    try:
        result = call()
    except (SchemaError, InvalidOutput):
        result = None
    except Exception:  # noqa: BLE001 (whatever it raises is a counterexample)
        return None, ("crash", traceback.format_exc(limit=-3))
    seconds = time.thread_time() - start
    return result, (("slow", f"{name} takes {seconds:.1f} s") if seconds > MAX_S else None)
