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

SYLLABLES = ("ba", "do", "fe", "gi", "ku", "la", "mo", "ne", "pi", "ru", "sa", "to", "ve", "zu")
"""A small model copies a word of syllables, and seldom one of random letters."""

FILL_IN = "Fill in the form, as the descriptions of its fields say."

SEEN_NOTE = "the model sees the descriptions of a schema"
HIDDEN_NOTE = "the model does not see the schema: it repeats a word from the prompt, and not from a description"
UNCLEAR_NOTE = "the model repeats a word neither from a description nor from the prompt"


def probe_descriptions(template: RequestTemplate, mode: Mode, verdict: Verdict) -> ProbeSteps[list[Finding]]:
    """Test whether the model sees the descriptions of a schema in `response_format`, in at most two requests.

    A word that the model repeats from the prompt, but not from a description, shows that it does not see the schema. A
    model that does neither cannot follow the request.

    Args:
        template: The model and parameters of the requests.
        mode: A mode that the endpoint supports.
        verdict: What was found about the mode. A schema that the model follows without being forced to is seen.
    """
    if mode.name not in RESPONSE_FORMAT_MODES:
        return []
    if verdict == "served":
        return [_finding("served", SEEN_NOTE)]
    word = "".join(secrets.choice(SYLLABLES) for _ in range(4))
    description = f"always the word {word}"
    schema = ProbeSchema("form", {"word": {"type": "string", "description": description}})
    reply = yield template.with_schema(mode, schema, FILL_IN)
    if isinstance(reply, TransportError):
        return [_finding("unknown", error_note(reply))]
    if _has_word(reply, mode, word):
        return [_finding("served", SEEN_NOTE)]
    if is_withheld(reply) or is_empty(reply):
        return [_finding("unknown", WITHHELD_NOTE if is_withheld(reply) else "the reply is empty")]
    reply = yield template.with_schema(mode, schema, f"{FILL_IN}\n\nword: {description}")
    return [_finding("ignored", HIDDEN_NOTE) if _has_word(reply, mode, word) else _finding("unknown", UNCLEAR_NOTE)]


def _has_word(reply: TransportReply, mode: Mode, word: str) -> bool:
    """Return whether a reply has the word, in any case and with anything around it: it occurs nowhere by chance."""
    return isinstance(reply, Completion) and any(word in text.lower() for text in mode.decode(reply.choices[0]))


def _finding(verdict: Verdict, note: str) -> Finding:
    return Finding("parameter", NAME, verdict, note)
