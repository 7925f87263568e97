"""Solve a problem step by step: the endpoint's published example.

Run it:  python recipes/math_tutor.py

Uses the embedded model, or the one that STRUCTKIT_MODEL names at OPENAI_BASE_URL. The embedded model is small: its
reply has the right shape, but often the wrong answer. The maximum length of the list stops it from adding steps
without end.
"""

import os

from pydantic import BaseModel, Field

import structkit


class Step(BaseModel):
    explanation: str
    output: str


class MathReasoning(BaseModel):
    steps: list[Step] = Field(max_length=8)
    final_answer: str


if __name__ == "__main__":
    client = structkit.Client(os.environ.get("STRUCTKIT_MODEL", "local"))
    reasoning = client.extract(
        MathReasoning,
        "9.11和9.8谁大",
        instructions="You are a helpful math tutor. Guide the user through the solution step by step.",
        max_tokens=1000,
    )
    for number, step in enumerate(reasoning.steps, start=1):
        print(f"{number}. {step.explanation}\n   {step.output}")
    print(f"Answer: {reasoning.final_answer}")
