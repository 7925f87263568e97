"""Take an order in a conversation: each reply is a value, and the conversation goes on with it.

Run it:  STRUCTKIT_MODEL=gpt-4o python recipes/chat.py

Uses the embedded model, or the one that STRUCTKIT_MODEL names at OPENAI_BASE_URL.
"""

import os

from pydantic import BaseModel, Field

import structkit


class Order(BaseModel):
    """The order so far."""

    items: list[str] = Field(max_length=10)
    is_complete: bool


CUSTOMER = ["Two coffees, please.", "And a slice of cake.", "That is all, thank you."]

if __name__ == "__main__":
    client = structkit.Client(os.environ.get("STRUCTKIT_MODEL", "local"), max_tokens=200)
    messages: list[structkit.Message] = [structkit.Message("system", "You note the order of a guest.")]
    for text in CUSTOMER:
        result = client.run(Order, [*messages, structkit.Message("user", text)])
        messages = [*result.messages]  # the history, with the reply
        print(f"{text} -> {', '.join(result.value.items)}{' (complete)' if result.value.is_complete else ''}")
