"""Sends the requests of a step at once, and calls the hooks around each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from structkit.client.hooks import Hooks
from structkit.transport import TransportReply
from structkit.values import Policy, Request

Send: TypeAlias = "Callable[[Request, Policy], TransportReply]"
"""`Transport.send`."""

AsyncSend: TypeAlias = "Callable[[Request, Policy], Awaitable[TransportReply]]"
"""`AsyncTransport.send`."""


def send_requests(send: Send, requests: tuple[Request, ...], policy: Policy, hooks: Hooks) -> list[TransportReply]:
    """Return the replies in the order of the requests, which are sent concurrently."""

    def send_one(request: Request) -> TransportReply:
        hooks.notify_request(request)
        with hooks.report_retries(request):
            reply = send(request, policy)
        hooks.notify_reply(request, reply)
        return reply

    if len(requests) == 1:
        return [send_one(requests[0])]
    from concurrent.futures import ThreadPoolExecutor
    from contextvars import copy_context

    contexts = [copy_context() for _ in requests]  # the caller's context variables apply in the threads, too
    with ThreadPoolExecutor(len(requests)) as pool:
        return [*pool.map(lambda context, request: context.run(send_one, request), contexts, requests)]


async def send_requests_async(
    send: AsyncSend, requests: tuple[Request, ...], policy: Policy, hooks: Hooks
) -> list[TransportReply]:
    """The async form of `send_requests`."""

    async def send_one(request: Request) -> TransportReply:
        hooks.notify_request(request)
        with hooks.report_retries(request):
            reply = await send(request, policy)
        hooks.notify_reply(request, reply)
        return reply

    if len(requests) == 1:
        return [await send_one(requests[0])]
    import asyncio

    return await asyncio.gather(*map(send_one, requests))
