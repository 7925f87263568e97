"""What else can be sent to an endpoint that rejects images or files, and no other form of a document is left to try."""

from __future__ import annotations

from collections.abc import Mapping

from structkit.dialects.error_bodies import error_texts
from structkit.dialects.part_rejections import find_rejected_part
from structkit.errors import TransportError
from structkit.extraction.route_learning import may_reject_request
from structkit.values import Attempt

TEXT_ADVICE = 'choose another one, or send the text of a document: open it with send="text", and a scan with ocr=True'
ADVICE: Mapping[str, str] = {
    "image_url": f"the model reads no images: {TEXT_ADVICE}",
    "file": f"the model takes no files: {TEXT_ADVICE}",
}
"""By the type of the content parts that an error rejects."""


def with_form_advice(error: TransportError, attempts: tuple[Attempt, ...]) -> TransportError:
    """Return an error with its attempts, and with what else can be sent if it rejects the images or files of the last.

    The text that was sent beside them gives no advice by being repeated.
    """
    contents = [message.content for message in attempts[-1].request.messages]
    parts = [part for content in contents if isinstance(content, tuple) for part in content]
    if (types := {part["type"] for part in parts} & ADVICE.keys()) and may_reject_request(error):
        texts = [part["text"] for part in parts if part["type"] == "text"]
        echoes = [*(content for content in contents if isinstance(content, str)), *texts]
        name = find_rejected_part(error_texts(error.body or str(error), echoes), sorted(types))
        error.args = (f"{error}; {ADVICE[name]}",) if name else error.args
    return error.with_attempts(attempts)
