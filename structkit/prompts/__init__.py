"""The texts that the model reads: templates and messages, examples, and the feedback on an invalid reply."""

from structkit.prompts.feedback import feedback, patch_feedback
from structkit.prompts.jinja_template import JinjaTemplate
from structkit.prompts.messages import build_messages, with_examples
from structkit.prompts.skeleton import skeleton
from structkit.prompts.template import absent_names, fill_template, template_names, validate_template

__all__ = [
    "JinjaTemplate",
    "absent_names",
    "build_messages",
    "feedback",
    "fill_template",
    "patch_feedback",
    "skeleton",
    "template_names",
    "validate_template",
    "with_examples",
]
