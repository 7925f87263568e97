r"""The gold of `evidence.py`: texts with the places of their values, and values that they do not hold.

`data/evidence_gold.txt` and the files beside it have records that begin with `=== language name`. In the text,
`[[path|surface]]` is a value as it is written, `[[path=value|surface]]` one that is written differently,
`[[path:n=12.5|12,50]]` a number (`d`: a date, `t`: a time, `dt`: a date and time). `[[~path|surface]]` is another place
that is as right, `[[?path|surface]]` one where the same value is something else. A line that begins with `! ` has
invented values by their paths, each of which replaces the right one. `\uXXXX` is a character.
"""

import json
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "data"
OPEN_FILES = (
    "evidence_gold.txt",
    "evidence_gold_business.txt",
    "evidence_gold_fresh.txt",
    "evidence_gold_fresh2.txt",
    "evidence_gold_short.txt",
)
"""The first texts; business documents, written for what these did not have; and documents by two other authors, who
had not read the search; and notes of a line or two. What was missed in any of them has been looked at."""
HELD_OUT_FILE = FOLDER / "evidence_gold_fresh3.txt"
"""Documents by a fourth author, who has not read the search; what was missed in them has not been looked at."""

MARK = re.compile(r"\[\[(?P<other>[~?]?)(?P<path>[\w.]+)(?::(?P<kind>[a-z]+))?(?:=(?P<value>[^|]*))?\||\]\]")
INVENTED = re.compile(r"(?P<path>[\w.]+?)(?::(?P<kind>[a-z]+))?=(?P<value>.*)")
SCHEMAS = {
    "n": {"type": "number"},
    "d": {"type": "string", "format": "date"},
    "t": {"type": "string", "format": "time"},
    "dt": {"type": "string", "format": "date-time"},
    "": {"type": "string"},
}
GoldPath = tuple[str | int, ...]
Place = tuple[int, int]
Places = dict[GoldPath, list[Place]]


@dataclass(frozen=True)
class Gold:
    """A text with the values in it: their right places, and all of them."""

    name: str
    text: str
    values: dict[GoldPath, Any]
    kinds: dict[GoldPath, str]
    right: dict[GoldPath, list[Place]]
    places: dict[GoldPath, list[Place]]
    invented: tuple[tuple[GoldPath, Any], ...]

    def record(self, changes: dict[GoldPath, Any] | None = None) -> Any:
        """Return the values as one object, in which some may be others."""
        root: dict[Any, Any] = {}
        for path, value in (self.values | (changes or {})).items():
            part = root
            for key in path[:-1]:
                part = part.setdefault(key, {})
            part[path[-1]] = value
        return _with_lists(root)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the object."""
        root: dict[str, Any] = {}
        for path, kind in self.kinds.items():
            part = root
            for key in path:
                part |= {"type": "array" if isinstance(key, int) else "object"}
                is_item = isinstance(key, int)
                part = (
                    part.setdefault("items", {}) if is_item else part.setdefault("properties", {}).setdefault(key, {})
                )
            part |= SCHEMAS[kind]
        return root


def read_gold() -> list[Gold]:
    """Return the open records."""
    return [gold for name in OPEN_FILES for gold in _read_file(FOLDER / name)]


def read_held_out_gold() -> list[Gold]:
    """Return the records whose failures no work on the search has looked at; none if there are none."""
    return _read_file(HELD_OUT_FILE) if HELD_OUT_FILE.exists() else []


def _read_file(file: Path) -> list[Gold]:
    return [_read_record(record) for record in file.read_text(encoding="utf-8").split("=== ")[1:]]


def _read_record(record: str) -> Gold:
    name, *lines = record.rstrip("\n").split("\n")
    marked = "\n".join(_unescape(line) for line in lines if not line.startswith("! "))
    text, values, kinds, right, places = _read_marks(marked)
    lists = [line.removeprefix("! ").split(" ; ") for line in lines if line.startswith("! ")]
    invented = tuple(_read_invented(each) for line in lists for each in line)
    assert all(path in values for path, _ in invented), name
    return Gold(name, text, values, kinds, right, places, invented)


def _read_marks(marked: str) -> tuple[str, dict[GoldPath, Any], dict[GoldPath, str], Places, Places]:
    """Return the text, the values with their kinds, their right places and all their places."""
    text, end = "", 0
    stack: list[tuple[int, re.Match[str]]] = []
    values: dict[GoldPath, Any] = {}
    kinds: dict[GoldPath, str] = {}
    right: Places = defaultdict(list)
    places: Places = defaultdict(list)
    for match in MARK.finditer(marked):
        text, end = text + marked[end : match.start()], match.end()
        if match["path"]:
            stack.append((len(text), match))
            continue
        start, mark = stack.pop()
        path, place = _path(mark["path"]), (start, len(text))
        places[path].append(place)
        if mark["other"] != "?":
            right[path].append(place)
        if not mark["other"]:
            kinds[path] = mark["kind"] or ""
            surface = text[start:] if mark["value"] is None else mark["value"]
            values[path] = _value(kinds[path], " ".join(surface.split()))
    assert not stack, marked
    assert places.keys() == values.keys(), places.keys() - values.keys()
    return text + marked[end:], dict(sorted(values.items(), key=lambda each: places[each[0]])), kinds, right, places


def _read_invented(text: str) -> tuple[GoldPath, Any]:
    match = INVENTED.fullmatch(text)
    assert match, text
    return _path(match["path"]), _value(match["kind"] or "", _unescape(match["value"]))


def _path(text: str) -> GoldPath:
    return tuple(int(key) if key.isdecimal() else key for key in text.split("."))


def _value(kind: str, text: str) -> Any:
    return json.loads(text) if kind == "n" else text


def _unescape(text: str) -> str:
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), text).replace("\\\\", "\\")


def _with_lists(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    inner = {key: _with_lists(item) for key, item in part.items()}
    return [inner[key] for key in sorted(inner)] if all(isinstance(key, int) for key in inner) else inner
