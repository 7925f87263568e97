"""Whether a text keeps to JSON's grammar as far as it goes, whether or not a value comes of it."""

from __future__ import annotations

from structkit.parsing.exact import NotJSON, NoValue, read_json


def may_be_json(text: str) -> bool:
    r"""Whether a grammar for JSON may have written a text: an object or array, whole or cut.

    >>> may_be_json('{"name": "\\ud83d", "size": 1e999}'), may_be_json('{"name": "cut he')
    (True, True)
    >>> may_be_json("Sure!"), may_be_json("{name: 'Ada'}"), may_be_json('{"a": 1} is it.')
    (False, False, False)
    """
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        read_json(text)
    except NoValue:
        return True
    except NotJSON:
        return _begins(text)
    return True


def _begins(text: str) -> bool:
    """Whether a JSON text may begin so."""
    from structkit.parsing.push import PushParser, Tree  # few replies are no JSON

    try:
        PushParser(Tree()).feed(text)
    except NoValue:
        return True
    except NotJSON:
        return False
    return True
