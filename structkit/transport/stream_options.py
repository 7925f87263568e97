"""How an endpoint is asked to stream: with `stream_options`, unless it has rejected them."""

from __future__ import annotations

from dataclasses import replace

from structkit.dialects.error_bodies import rejects_field
from structkit.dialects.refusals import STREAM_OPTIONS
from structkit.transport.transport import TransportReply
from structkit.values import Delta, Request


class StreamOptions:
    """The fields that make a request a streamed one; an endpoint that rejects `stream_options` is remembered."""

    def __init__(self) -> None:
        """Assume that the endpoint accepts `stream_options`."""
        self._reports_usage = True

    def add_to(self, request: Request) -> Request:
        """Return the request as a streamed one, with token counts in the last chunk where the endpoint has them."""
        own_options = request.parameters.options.get("stream_options", {})
        options = {**({"include_usage": True} if self._reports_usage else {}), **own_options}
        fields = {"stream_options": options} if options else {}
        return replace(request, fields={**request.fields, "stream": True, **fields})

    def drop_if_rejected(self, request: Request, reply: Delta | TransportReply) -> bool:
        """Return whether *reply* rejects the `stream_options` of *request*; if so, later requests have none."""
        is_own = "stream_options" in request.parameters.options  # the caller's are not dropped
        if "stream_options" not in request.fields or is_own or not rejects_field(reply, STREAM_OPTIONS):
            return False
        self._reports_usage = False
        return True
