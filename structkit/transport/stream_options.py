"""How an endpoint is asked to stream, and what its refusals teach of that."""

from __future__ import annotations

from dataclasses import replace

from structkit.dialects.refusals import STREAM_OPTIONS
from structkit.errors import StatusError
from structkit.transport.transport import Reply
from structkit.values import Delta, Request

REFUSALS = frozenset({400, 422})


class Asking:
    """How an endpoint is asked to stream; that it refuses `stream_options` is remembered."""

    def __init__(self) -> None:
        """Nothing is known of the endpoint."""
        self._reports_usage = True

    def put(self, request: Request) -> Request:
        """The request for a stream, which tells its tokens at the end where the endpoint can."""
        options = {"stream_options": {"include_usage": True}} if self._reports_usage else {}
        return replace(request, fields={**request.fields, "stream": True, **options})

    def learns(self, asked: Request, reply: Delta | Reply) -> bool:
        """Whether the endpoint would answer the same request without `stream_options`."""
        if "stream_options" not in asked.fields or not isinstance(reply, StatusError):
            return False
        if reply.status_code not in REFUSALS or not STREAM_OPTIONS.search(f"{reply} {reply.body}"):
            return False
        self._reports_usage = False
        return True
