"""Whether a text follows JSON's grammar as far as it goes, whether or not it has a usable value."""

from __future__ import annotations

from structkit.parsing.exact import InvalidJSONValue, NotJSON, read_json


def may_be_json(text: str) -> bool:
    r"""Return whether a JSON grammar may have produced a text: a complete or truncated object or array.

    >>> may_be_json('{"name": "\\ud83d", "size": 1e999}'), may_be_json('{"name": "cut he')
    (True, True)
    >>> may_be_json("Sure!"), may_be_json("{name: 'Ada'}"), may_be_json('{"a": 1} is it.')
    (False, False, False)
    """
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        read_json(text)
    except InvalidJSONValue:
        return True
    except NotJSON:
        return _is_prefix_of_json(text)
    return True


def _is_prefix_of_json(text: str) -> bool:
    from structkit.parsing.push import PushParser, ValueBuilder  # few replies need it, and it compiles many patterns

    try:
        PushParser(ValueBuilder()).feed(text)
    except InvalidJSONValue:
        return True
    except NotJSON:
        return False
    return True
