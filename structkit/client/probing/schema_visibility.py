"""Whether the model sees the schema: it is asked for a random word that only the description of a field has."""

from __future__ import annotations

import secrets

from structkit.client.probing.probe_reply import WITHHELD_NOTE, ProbeSteps, error_note, is_empty, is_withheld
from structkit.client.probing.probe_report import Finding, Verdict
from structkit.client.probing.request_template import ProbeSchema, RequestTemplate
from structkit.dialects.route import RESPONSE_FORMAT_MODES
from structkit.errors import TransportError
from structkit.extraction import Mode
from structkit.transport import TransportReply
from structkit.values import Completion

NAME = "descriptions"

NOUNS = (
    *("anchor", "basket", "candle", "canyon", "copper", "falcon", "garden", "hammer", "harbor", "kitten"),
    *("lantern", "maple", "marble", "meadow", "mirror", "orchid", "pepper", "pocket", "puzzle", "rabbit"),
    *("ribbon", "river", "saddle", "silver", "spider", "ticket", "tunnel", "velvet", "walnut", "winter"),
)
"""A small model copies two common nouns joined by a hyphen; of random syllables it misspells one in five."""

FILL_IN = "Fill in the form, as the descriptions of its fields say."

SEEN_NOTE = "the model sees the descriptions of a schema"
HIDDEN_NOTE = "the model does not see the schema: it repeats a word from the prompt, and not from a description"
UNCLEAR_NOTE = "the model repeats a word neither from a description nor from the prompt"


def probe_descriptions(template: RequestTemplate, mode: Mode, verdict: Verdict) -> ProbeSteps[list[Finding]]:
    """Test whether the model sees the descriptions of a schema in `response_format`, in at most three requests.

    A word that the model repeats from the prompt, but not from a description, shows that it does not see the schema. A
    model that repeats neither that word nor another one from the prompt cannot follow the request.

    Args:
        template: The model and parameters of the requests.
        mode: A mode that the endpoint supports.
        verdict: What was found about the mode. A schema that the model follows without being forced to is seen.
    """
    if mode.name not in RESPONSE_FORMAT_MODES:
        return []
    if verdict == "served":
        return [_finding("served", SEEN_NOTE)]
    word = _random_word()
    reply = yield template.with_schema(mode, _form(word), FILL_IN)
    if isinstance(reply, TransportError):
        return [_finding("unknown", error_note(reply))]
    if _has_word(reply, mode, word):
        return [_finding("served", SEEN_NOTE)]
    if is_withheld(reply) or is_empty(reply):
        return [_finding("unknown", WITHHELD_NOTE if is_withheld(reply) else "the reply is empty")]
    return [(yield from _probe_prompt(template, mode, word))]


def _probe_prompt(template: RequestTemplate, mode: Mode, word: str) -> ProbeSteps[Finding]:
    """Test whether the model, which did not repeat a word from a description, repeats it or another from the prompt."""
    for each in (word, _random_word()):
        reply = yield template.with_schema(mode, _form(each), f"{FILL_IN}\n\nword: {_description(each)}")
        if _has_word(reply, mode, each):
            return _finding("ignored", HIDDEN_NOTE)
    return _finding("unknown", UNCLEAR_NOTE)


def _random_word() -> str:
    return f"{secrets.choice(NOUNS)}-{secrets.choice(NOUNS)}"


def _description(word: str) -> str:
    return f"always the word {word}"


def _form(word: str) -> ProbeSchema:
    return ProbeSchema("form", {"word": {"type": "string", "description": _description(word)}})


def _has_word(reply: TransportReply, mode: Mode, word: str) -> bool:
    """Return whether a reply has the letters of the word, with anything around them: they occur nowhere by chance."""
    letters = _letters(word)
    return isinstance(reply, Completion) and any(letters in _letters(text) for text in mode.decode(reply.choices[0]))


def _letters(text: str) -> str:
    return "".join(filter(str.isalpha, text.lower()))


def _finding(verdict: Verdict, note: str) -> Finding:
    return Finding("parameter", NAME, verdict, note)
