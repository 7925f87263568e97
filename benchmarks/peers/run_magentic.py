"""https://magentic.dev/structured-outputs/ and https://magentic.dev/asyncio/."""

from collections.abc import Awaitable, Callable

import magentic
import measure
from kinds import BASE_URL, MODEL, Bill
from magentic.chat_model.openai_chat_model import OpenaiChatModel


def call() -> Callable[[str], Bill]:
    @magentic.prompt("{text}", model=OpenaiChatModel(MODEL, base_url=BASE_URL))
    def read_bill(text: str) -> Bill: ...

    return read_bill


def async_call() -> Callable[[str], Awaitable[Bill]]:
    @magentic.prompt("{text}", model=OpenaiChatModel(MODEL, base_url=BASE_URL))
    async def read_bill(text: str) -> Bill: ...

    return read_bill


measure.run(call, async_call, "whole items only")
