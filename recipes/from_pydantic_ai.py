"""A program of pydantic-ai, moved to structkit: the old calls are in the comments above the new ones.

Run it:  STRUCTKIT_MODEL=gpt-4o python recipes/from_pydantic_ai.py

Needs a model that calls tools, at OPENAI_BASE_URL; the embedded model does not.
"""

from datetime import date

from pydantic import BaseModel

import structkit


class Trip(BaseModel):
    city: str
    arrival: date


def today() -> date:
    """Return today's date."""
    return date(2026, 3, 14)


def arrival_is_ahead(trip: Trip) -> str | None:
    return None if trip.arrival > today() else f"the arrival must be after {today()}"


if __name__ == "__main__":
    # agent = Agent("openai:gpt-4o", output_type=Trip, instructions="You plan trips.", retries=3, tools=[today])
    # @agent.output_validator
    # def arrival_is_ahead(trip: Trip) -> Trip: ... raise ModelRetry(...)
    client = structkit.Client(policy=structkit.Policy(attempts=4), instructions="You plan trips.")

    # result = agent.run_sync("To Oslo, in a week.")
    result = client.run(Trip, "To Oslo, in a week.", tools=[today], checks=[arrival_is_ahead])
    # print(result.output, result.usage())
    print(result.value, result.usage.total_tokens, "tokens")

    # result = agent.run_sync("A day later, please.", message_history=result.all_messages())
    history = [*result.messages, structkit.Message("user", "A day later, please.")]
    print(client.extract(Trip, history, tools=[today], checks=[arrival_is_ahead]))
