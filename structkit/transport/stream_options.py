"""Whether a reply is asked for as a whole or as a stream, and with `stream_options` or not: by what was rejected."""

from __future__ import annotations

import re
from dataclasses import replace

from structkit.dialects.error_bodies import rejects_field
from structkit.dialects.refusals import MODE_FIELD, REJECTED_STREAM, REQUIRED_STREAM, STREAM_OPTIONS
from structkit.errors import TransportError
from structkit.transport.transport import TransportReply
from structkit.values import Delta, Request


class StreamOptions:
    """The fields that make a request a streamed one; what an endpoint or a model of it rejects is remembered."""

    def __init__(self) -> None:
        """Assume that the endpoint accepts `stream_options`, and that each model gives whole replies and streams."""
        self._reports_usage = True
        self._whole_reply_models = set[str]()
        self._stream_models = set[str]()

    def requires_stream(self, model: str) -> bool:
        """Return whether a model is known to give no whole replies."""
        return model in self._stream_models

    def learn_required_stream(self, request: Request, reply: TransportReply) -> bool:
        """Return whether a reply says that the model only streams; if so, later requests are streamed."""
        if not _rejects(request, reply, REQUIRED_STREAM):
            return False
        self._stream_models.add(request.model)
        self._whole_reply_models.discard(request.model)
        return True

    def add_to(self, request: Request) -> Request:
        """Return the request as a streamed one, with token counts in the last chunk where the endpoint has them.

        A model that does not stream is asked for a whole reply, which a stream yields as its only item.
        """
        if request.model in self._whole_reply_models:
            return request
        own_options = request.parameters.options.get("stream_options", {})
        options = {**({"include_usage": True} if self._reports_usage else {}), **own_options}
        fields = {"stream_options": options} if options else {}
        return replace(request, fields={**request.fields, "stream": True, **fields})

    def drop_if_rejected(self, request: Request, reply: Delta | TransportReply) -> bool:
        """Return whether *reply* rejects the stream or the `stream_options` of *request*, which later requests lack."""
        # Another mode may be streamed.
        if "stream" in request.fields and _rejects(request, reply, REJECTED_STREAM, unless=MODE_FIELD):
            self._whole_reply_models.add(request.model)
            self._stream_models.discard(request.model)
            return True
        is_own = "stream_options" in request.parameters.options  # the caller's are not dropped
        if "stream_options" not in request.fields or is_own or not rejects_field(reply, STREAM_OPTIONS):
            return False
        self._reports_usage = False
        return True


def _rejects(
    request: Request, reply: Delta | TransportReply, field: re.Pattern[str], unless: re.Pattern[str] | None = None
) -> bool:
    """Return whether a reply rejects a field of the request, by words that are not those of the request's texts."""
    if not isinstance(reply, TransportError):
        return False
    texts = [message.content for message in request.messages if isinstance(message.content, str)]
    return rejects_field(reply, field, texts) and not (unless and rejects_field(reply, unless, texts))
