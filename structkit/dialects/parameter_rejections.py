"""Which parameter of a request an endpoint's error rejects, and what may be sent instead."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

TOKEN_CAPS = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
"""The two names of one parameter. A cap is renamed and never left out, because it limits what a reply costs."""

PREFERENCES = frozenset(
    {
        *(
            "temperature",
            "top_p",
            "presence_penalty",
            "frequency_penalty",
            "logit_bias",
            "seed",
            "user",
            "safety_identifier",
        ),
        *("reasoning_effort", "verbosity", "parallel_tool_calls", "logprobs", "top_logprobs", "metadata", "store"),
        *("prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "prediction"),
    }
)
"""Parameters that may be left out: the reply is then another one, but of the same type and at no higher price.
`n`, `stop`, `tools`, `modalities`, `web_search_options` and `service_tier` are not among them."""

PREREQUISITES = {"top_logprobs": "logprobs"}
"""Parameters that are an error without another one, and so are left out together with it."""

CHOICES = frozenset(
    {
        *("temperature", "top_p", "presence_penalty", "frequency_penalty", "reasoning_effort", "verbosity"),
        *("parallel_tool_calls", "store", "prompt_cache_retention"),
    }
)
"""Parameters of which an endpoint may reject one value and accept another. Their values are safe to store, unlike
those of `user` or `metadata`."""

REJECTED_VALUE = re.compile(
    r"unsupported.value|(?:supported|allowed|accepted|available|valid|possible) values|only the default|"
    r"may only be|must be (?:set to )?1\b|must be one of|only [\d.]+ is allowed",
    re.IGNORECASE,
)
"""How an error states that it is only about the value of a parameter."""

UNSUPPORTED_PARAMETER = re.compile(
    r"unsupported|not support|does(?: not|n't) support|unrecogni[sz]ed|unknown|unexpected|extra (?:fields?|inputs?)|"
    r"not (?:permitted|allowed|available|accepted|recogni[sz]ed|compatible)|deprecated|only the default|"
    r"may only be|must be (?:omitted|unset|set to 1|1 when|one of)|only [\d.]+ is allowed|not enabled|"
    r"cannot (?:both |be (?:set|used|specified|combined))|"
    r"不支持|不允许",
    re.IGNORECASE,
)
"""How an error states that a parameter is not accepted at all, or only with one value. A value that is merely out of
range is the caller's mistake."""

NEEDED_FIELDS = frozenset(
    {
        *("tools", "functions", "tool_choice", "logprobs", "stream", "reasoning_effort", "reasoning", "thinking"),
        *("store", "prompt_cache_key", "web_search_options"),
    }
)
"""Fields of a request without which an endpoint may reject another one."""

FIELD = rf"(?:the )?(?:parameter |field |option )?['\"`]?({'|'.join(sorted(NEEDED_FIELDS))})\b"
# Compiled by the first error that is read: it would take longer than the import of this module.
NEEDED_FIELD = (
    r"only (?:be )?(?:allowed|valid|supported|used|set|specified|accepted|available|permitted|applicable|provided|sent)"
    rf"\b[^.\n\d]{{0,30}}?\b(?:when|if|with|alongside)\W+{FIELD}|\brequires?\W+{FIELD}|\b(?:without|unless)\W+{FIELD}|"
    rf"{FIELD}['\"`]? (?:must|needs? to|has to|have to|should) be (?:set|enabled|true|provided|specified|present)\b"
    r"[^.\n]{0,30}\b(?:when|if|for|to use)\b"
)
"""How an error states that a parameter is only accepted beside another field: OpenAI's "'parallel_tool_calls' is only
allowed when 'tools' are specified"."""

COMMON_WORDS = frozenset({"user", "store", "metadata"})
"""Parameters whose names also start sentences about something else."""

EXCLUSIVE = re.compile(
    r"\bboth\b|only one|one of|exclusive|together|same time|simultaneous|combined|conjunction|alongside|\u540c\u65f6",
    re.IGNORECASE,
)
"""How an error states that each of two parameters is accepted without the other (the last one is Chinese)."""

FORCED_TOOL = re.compile(r"think|reason|forc|required|specific", re.IGNORECASE)
"""Together with `tool_choice`: the model accepts tools, but may not be forced to call one (Qwen's and DeepSeek's
thinking models)."""


def find_rejected_parameter(text: str, names: Iterable[str]) -> str | None:
    """Return the parameter that the text of an error rejects; None if it is not one of these.

    If a text names several, the first is the rejected one: the others say what to use instead.

    Args:
        text: The text of the error: its message, its `param`, its `loc`.
        names: The parameters of the request that may be changed.

    >>> message = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens'."
    >>> find_rejected_parameter(message, ["temperature", "max_tokens"])
    'max_tokens'
    >>> find_rejected_parameter("temperature must be between 0 and 2", ["temperature"])
    """
    if not (candidates := [*names]) or not (
        UNSUPPORTED_PARAMETER.search(text) or re.search(NEEDED_FIELD, text, re.IGNORECASE)
    ):
        return None
    matches = ((match.start(), name) for name in candidates if (match := _name_pattern(name).search(text)))
    _, name = min(matches, default=(0, None))
    return None if name == "tool_choice" and not FORCED_TOOL.search(text) else name


@cache
def _name_pattern(name: str) -> re.Pattern[str]:
    """Return the pattern of a parameter's name: some endpoints write that of the API that they translate it to.

    >>> [bool(_name_pattern("top_p").search(text)) for text in ("'top_p'", "topP", "Top P", "top_logprobs")]
    [True, True, True, False]
    """
    if "_" in name:
        spelling = f"(?i:{name.replace('_', '[_ -]?')})"
    else:
        spelling = name if name in COMMON_WORDS else f"(?i:{name[0]}){name[1:]}"
    return re.compile(rf"(?<![\w.-]){spelling}(?![\w-])")


def find_exclusive_pair(text: str, names: Iterable[str]) -> tuple[str, str] | None:
    """Return the two parameters that an error accepts only without each other, first the one to leave out.

    `top_p` is left out rather than `temperature`, which is set more often; of others, the one that is named last.

    >>> find_exclusive_pair("`temperature` and `top_p` cannot both be specified", ["top_p", "temperature", "seed"])
    ('top_p', 'temperature')
    >>> find_exclusive_pair("temperature is not supported; use top_p", ["top_p", "temperature"])
    """
    if not (UNSUPPORTED_PARAMETER.search(text) and EXCLUSIVE.search(text)):
        return None
    preferences = [name for name in names if name in PREFERENCES]
    matches = {name: _name_pattern(name).search(text) for name in preferences}
    mentions = sorted((match.start(), name) for name, match in matches.items() if match)
    if len(mentions) != 2:  # noqa: PLR2004 (a pair)
        return None
    (_, first), (_, second) = mentions
    return (first, second) if first == "top_p" else (second, first)


def pair_setting(name: str, other: str) -> str:
    """Return a parameter that is rejected beside another one, as a route stores it."""
    return f"{name} with {other}"


def missing_setting(name: str, field: str) -> str:
    """Return a parameter that is rejected without a field, as a route stores it."""
    return f"{name} without {field}"


def needed_field(text: str, name: str) -> str | None:
    """Return the field without which an error rejects a parameter.

    >>> needed_field("'parallel_tool_calls' is only allowed when 'tools' are specified.", "parallel_tool_calls")
    'tools'
    >>> needed_field("logprobs must be set to true if top_logprobs is used", "top_logprobs")
    'logprobs'
    """
    match = re.search(NEEDED_FIELD, text, re.IGNORECASE)
    field = next(filter(None, match.groups())).lower() if match else None
    return None if field == name else field


def setting_names(text: str) -> tuple[str, ...]:
    """Return the parameters in what a route stores of a rejection.

    >>> setting_names("top_p with temperature"), setting_names("temperature=0"), setting_names("seed without tools")
    (('top_p', 'temperature'), ('temperature',), ('seed',))
    """
    name, _, field = text.partition(" without ")
    return (text,) if field and field not in NEEDED_FIELDS else tuple(name.partition("=")[0].split(" with "))


def setting(name: str, value: Any) -> str:
    """Return a parameter and its value as a route stores them; only the name if the value makes no difference.

    >>> setting("temperature", 0.0), setting("reasoning_effort", "minimal"), setting("seed", 7)
    ('temperature=0', 'reasoning_effort=minimal', 'seed')
    """
    if name not in CHOICES:
        return name
    return f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}"


def rejected_setting(text: str, name: str, value: Any) -> str:
    """Return what an error that rejects a parameter is about: the parameter, or this value, or a field that it needs.

    >>> message = "'reasoning_effort' does not support 'minimal'. Supported values are: low, medium, high"
    >>> rejected_setting(message, "reasoning_effort", "minimal")
    'reasoning_effort=minimal'
    >>> rejected_setting("reasoning_effort is not supported with this model", "reasoning_effort", "minimal")
    'reasoning_effort'
    """
    text_of_value = re.escape(setting(name, value).partition("=")[2] or str(value))
    refuses_value = rf"(?:not|n't) support (?:the value )?['\"`]?{text_of_value}(?!\w)"
    is_about_value = REJECTED_VALUE.search(text) or re.search(refuses_value, text, re.IGNORECASE)
    if not is_about_value and (field := needed_field(text, name)):
        return missing_setting(name, field)
    return setting(name, value) if is_about_value else name
