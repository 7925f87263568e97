"""What is sent about each row of a job: the type, the model, the route, and the conversation about a row."""

from __future__ import annotations

import asyncio
import inspect
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from structkit.batch.blank import is_blank_row, prompt_cells, used_columns, without_empty
from structkit.batch.engines.row_chunks import RowChunks
from structkit.batch.fingerprint import fingerprint
from structkit.batch.job_endpoint import job_address, job_call, job_endpoint, job_model, validate_connection
from structkit.batch.outcome import BLANK_OUTCOMES, Outcome
from structkit.batch.prompt_source import prompt_source
from structkit.batch.settings import JobSettings
from structkit.client.arguments import validate_call
from structkit.client.plan import make_plan
from structkit.client.tool_arguments import take_tools
from structkit.dialects import Route
from structkit.errors import ConfigError, PromptError
from structkit.extraction import Conversation
from structkit.prompts import build_messages, fill_template
from structkit.schema.cache import response_format
from structkit.tables.records import Record
from structkit.values import JSON, Parameters, Policy
from structkit.values.parameters import OPTION_NAMES

if TYPE_CHECKING:
    from structkit.extraction.chunk_plan import ChunkPlan
    from structkit.extraction.grounding import ArgumentEvidence


class RowConversations:
    """Starts the conversation about each row of a job.

    Attributes:
        settings: The job's settings.
        response_format: The type of the values, compiled.
        call: The arguments of every call, with the defaults of the job's client.
        chunk: What `chunk=` of every call is.
        evidence: What `evidence=` of every call is.
        policy: The limits on the attempts, retries and waits of each row.
        endpoint: The address and the key; None if the job has a transport of the caller's.
        address: The address of the endpoint; empty if it is not known.
        plan: The model, the arguments of every call, and the route, from which each row's conversation starts.
    """

    def __init__(self, settings: JobSettings) -> None:
        """Validate the arguments of the calls; nothing is sent.

        Raises:
            ConfigError: There is no model or no key, an argument is invalid, or the type has no strict form.
            TypeError: An argument is misspelt.
        """
        validate_call(settings.call if settings.evidence is None else {**settings.call, "evidence": settings.evidence})
        validate_connection(settings)
        if "model" in settings.call:
            raise ConfigError("call has 'model': pass model= to the job itself")
        self.settings = settings
        self.response_format = response_format(settings.output_type)
        self.call: Any = dict[str, Any](job_call(settings))
        self.chunk: int | str | None = self.call.pop("chunk", None)
        self.evidence: Any = self.call.get("evidence")
        self.policy: Policy = self.call.get("policy") or Policy()
        self.endpoint = job_endpoint(settings)
        self.address = job_address(settings, self.endpoint)
        defaults: Any = self.call
        plan = make_plan(job_model(settings), defaults, self.endpoint, self.address)
        self.plan = replace(plan, cache=settings.client.cache) if settings.client else plan
        self._chunk_plan = self._divide("any row", None) if self.chunk else None  # raises here, and nothing is sent
        # One conversation serves as the template of all rows; a new one is needed only when the route changes.
        self._template = lru_cache(1)(self._start_any_row)
        self._template(self.plan.route)  # raises here if an argument is invalid for every row

    def _start_any_row(self, _: Route) -> Conversation:
        chunk_plan = self._chunk_plan
        if chunk_plan is None:
            return self.plan.start_conversation(self.response_format, "any row", {})
        options: Any = chunk_plan.common_options
        return self.plan.start_conversation(chunk_plan.shape.chunk_format, "any row", options)

    async def start(self, record: Record) -> Conversation | RowChunks:
        """Return the conversation about a row, or those about the chunks of its text.

        Raises:
            PromptError: The template names a column that the row does not have, or has no text that is divided.
        """
        prompt = self.settings.prompt
        cells = prompt_cells(prompt, record.values)
        text = fill_template(prompt, cells) if isinstance(prompt, str) else prompt(without_empty(cells))
        text = await text if inspect.isawaitable(text) else text
        evidence = self._argument_evidence(record, text) if self.evidence or self.chunk else None
        if not self.chunk:
            return self._start(text, evidence)
        try:
            plan = await asyncio.to_thread(self._divide, text, evidence)  # takes a second for a megabyte
        except ConfigError as error:  # it concerns this row's prompt: the type was validated before
            raise PromptError(str(error)) from None
        return RowChunks(plan, lambda chunk: self._start(plan.prompt(chunk), plan.options(chunk)["evidence"]))

    def _divide(self, prompt: Any, evidence: Any) -> ChunkPlan:
        """Return the chunks of a prompt."""
        from structkit.extraction.chunk_plan import plan_chunks

        return plan_chunks(self.response_format, prompt, {**self.call, "chunk": self.chunk, "evidence": evidence})

    def _start(self, prompt: Any, evidence: ArgumentEvidence | None) -> Conversation:
        conversation = self._template(self.plan.route).with_messages(
            build_messages(prompt, self.call.get("instructions"))
        )
        if not evidence:
            return conversation
        from structkit.extraction.grounding import start_grounding, with_grounding

        grounded: Conversation = with_grounding(conversation, start_grounding(evidence, prompt))
        return grounded

    def _argument_evidence(self, record: Record, prompt: Any) -> ArgumentEvidence:
        """Return what `evidence=` is for a row: values are looked for in the cells that its prompt uses."""
        from structkit.evidence.prompt_sources import documents_of
        from structkit.extraction.grounding import ArgumentEvidence

        row_prompt = self.settings.prompt
        template = row_prompt if isinstance(row_prompt, str) else getattr(row_prompt, "template", None)
        names = used_columns(row_prompt if template is None else template, record.values)
        files = getattr(row_prompt, "file_parameters", {}).keys()
        cells: dict[str, Any] = {name: cell for name, cell in record.values.items() if name in names - files}
        cells |= zip(sorted(files), documents_of(prompt), strict=False)
        is_template = template is not None and not files & names
        return ArgumentEvidence(self.evidence or False, cells, is_template=is_template)

    def blank_outcome(self, record: Record) -> Outcome | None:
        """Return the outcome of a row that is not sent because it is blank; None for any other row."""
        settings = self.settings
        if settings.blank == "ask" or not is_blank_row(record, settings.prompt, settings.key):
            return None
        return BLANK_OUTCOMES[settings.blank]

    def fingerprint(self) -> JSON:
        """Return the settings that the requests and values of all rows depend on."""
        call = {**self.call}
        tools = take_tools(call)
        prompt, natural = self.settings.prompt, self.response_format.natural
        settings = fingerprint(
            self.response_format,
            prompt=prompt if isinstance(prompt, str) else prompt_source(prompt),
            instructions=call.get("instructions"),
            examples=[
                [source if isinstance(source, str) else [each.body for each in build_messages(source)], natural(value)]
                for source, value in call.get("examples", ())
            ],
            model=self.plan.model,
            base_url=self.address,
            parameters=Parameters(**{name: call[name] for name in OPTION_NAMES if name in call}),
            mode=str(call.get("mode", "auto")),
        )
        if tools:
            settings["tools"] = [{**tool.payload()["function"], "source": prompt_source(tool.source)} for tool in tools]
        return {**settings, **self._optional_settings(call)}

    def _optional_settings(self, call: JSON) -> JSON:
        """Return the settings that count only where they are used, so that other jobs keep their fingerprints."""
        policy = self.policy
        settings = {
            "fallback": [*call.get("fallback", ())],
            "evidence": self.evidence if self.evidence is not True else None,
            "escalate_below": policy.escalate_below,
            "escalation": policy.escalation if policy.escalate_below and policy.escalation != "record" else None,
            "show": policy.show,
            "chunk": self.chunk,
            "confidence": call.get("confidence"),  # without it, the stored replies have no log probabilities
        }
        return {name: setting for name, setting in settings.items() if setting}
