"""Replies that a run takes from the cache of its client."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from structkit.client.reply_cache import ReplyCache
from structkit.transport import TransportReply
from structkit.values import Completion, Request

NO_USAGE = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


async def find_cached_reply(cache: ReplyCache | None, request: Request) -> Completion | None:
    """Return the reply to a request that was sent before; None if there is none.

    Its body reports no tokens and no cost either: the journal stores the body, and must not count them a second time.
    """
    reply = None if cache is None else await cache.find_async(request)
    if reply is None:
        return None
    body: Any = reply.raw
    return replace(reply, raw={**body, "usage": NO_USAGE})


def is_from_cache(reply: TransportReply) -> bool:
    """Return whether a reply comes from a cache, and says nothing about the endpoint of today."""
    return isinstance(reply, Completion) and reply.is_cached
