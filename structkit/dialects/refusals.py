"""The words by which an endpoint's rejection of a request is recognised, as gateways and vendors write them."""

from __future__ import annotations

import re

from structkit.dialects.dialect import ModeName


def bare_code(code: str) -> str:
    """Return an error code without its namespace, separators and case, which differ from vendor to vendor.

    >>> bare_code("rateLimitExceeded"), bare_code("Throttling.RateQuota"), bare_code("com.aws#ThrottlingException")
    ('ratelimitexceeded', 'throttlingratequota', 'throttlingexception')
    """
    return re.sub(r"[\s._-]+", "", code.rpartition("#")[2]).lower()


def _code_set(codes: str) -> frozenset[str]:
    return frozenset(map(bare_code, codes.split()))


EMPTY_ACCOUNT_CODES = _code_set(
    "insufficient_quota insufficient_user_quota exceeded_current_quota_error exceeded_current_quota "
    "insufficient_balance insufficient_credits insufficient_funds credit_balance_too_low billing_error "
    "billing_hard_limit_reached billing_not_active billing_limit_reached spending_limit_reached spend_limit_exceeded "
    "payment_required budget_exceeded "
    "arrearage accountoverdueerror account_overdue setlimitexceeded allocationquota_freetieronly "
    "402 1113 1309 1310 30001 30011 base_resp1008"
)
"""Codes of an account without money or quota. The numbers are those of Zhipu (1113; 1309 and 1310 for its plans),
SiliconFlow and MiniMax."""

CREDENTIALS_CODES = _code_set(
    "invalid_api_key api_key_invalid authentication_error invalid_authentication_error authorized_error "
    "unauthenticated unauthorized invalid_iam_token token_not_found_in_db access_token_expired "
    "unrecognizedclientexception 401 base_resp1004 base_resp2049"
)
"""Codes of a key that is wrong, missing or expired; `authorized_error` and the numbers are MiniMax's."""

RATE_LIMIT_CODES = _code_set(
    "rate_limit_exceeded rate_limit_error rate_limit_reached_error rate_limited ratelimit ratelimiterror rate_limit "
    "requests tokens too_many_requests toomanyrequests resource_exhausted rateexceeded throttling throttling_error "
    "throttlingexception throttling_ratequota throttling_burstrate throttling_allocationquota limit_requests "
    "limit_burst_rate engine_overloaded_error overloaded_error rate_exceeded 1302 1303 1305 1308 "
    "base_resp1002 base_resp1039 base_resp1041"
)
"""Codes of a limit that passes, whatever pages the message links to. `requests` and `tokens` are OpenAI's types of a
rate limit, the numbers are Zhipu's and MiniMax's."""

AMBIGUOUS_CODES = _code_set("requests tokens engine_overloaded_error overloaded_error 1302 1303 1305 1308")
"""Those of them that may mean something else under another status than 429, or from another vendor."""

OVERLOAD_CODES = _code_set(
    "503 529 overloaded overloaded_error engine_overloaded engine_overloaded_error server_overloaded model_overloaded "
    "unavailable service_unavailable service_unavailable_error serviceunavailableexception server_is_overloaded"
)
"""Codes of an endpoint that has not begun with a request: those of a 503, and Anthropic's 529."""

# The patterns of rare errors are compiled when the first one is read, to keep the import short.
RATE_LIMIT_CODE = (
    r"throttl|rate(?:limit)?exceeded|ratelimiting|ratelimitreached|toomanyrequests|requestlimitexceeded|"
    r"ratelimit(?:quota|spikearrest)violation"
)
"""A part of such a code without separators: Alibaba's `Throttling.User`, Google's `userRateLimitExceeded`, Tencent's
`RequestLimitExceeded`, the `ThrottlingException` of AWS, Volcengine's `RateLimitExceeded.EndpointRPMExceeded`, Apigee's
`policies.ratelimit.QuotaViolation`."""

EMPTY_ACCOUNT_CODE = (
    r"budgetexceeded|exceededbudget|insufficient\w{0,20}(?:balance|credits?|quota|funds)|creditlimit|"
    r"preconsumetokenquotafailed"
)
"""A part of such a code: `project_budget_exceeded`, MiniMax's `insufficient_balance_error`, Together's `credit_limit`,
new-api's."""

ALLOCATED_QUOTA = r"error-code#token-limit|\A\W*(?:\w+ )?allocated quota exceeded"
"""How Alibaba states its limit of tokens per minute, to which it gives the code of an empty account."""

CREDENTIALS_STATEMENT = (
    r"\W*(?:error\W+)?(?:(?:incorrect|invalid|missing|expired) (?:\w+ )?(?:x-)?api[ _-]?(?:key|token)\b|"
    r"(?:the |your )?api[ _-]?key:? (?:is |was |has )?(?:not valid|invalid|expired|missing|revoked|disabled|"
    r"doesn't exist|not found)|no (?:auth credentials|api key) found|you didn't provide an api key|"
    r"authentication (?:error|fail\w*)\b|invalid authentication\b|unauthorized\W*(?:$|\n)|unauthorized[.:]|"
    r"(?:invalid|expired) (?:access |auth\w* )token\b|invalid token\W*$|access token (?:is )?(?:invalid|expired)|"
    r"the security token included in the request is (?:invalid|expired)|login fail\b|"
    r"multiple authentication credentials received|invalid username or password|"
    r"无效的令牌|身份验证失败|令牌已过期)"
)
"""How a message starts that is about the key, under whatever status: Google's and xAI's are a 400, those of AWS and
Fireworks a 403."""

RATE_LIMIT_STATEMENT = (
    r"\W*(?:error\W+)?(?:\w+ ){0,3}(?:rate.?limit[ _]?(?:is |was |has been )?(?:exceeded|reached|hit)\b)|"
    r"\W*(?:\w+ ){0,4}(?:request|rpm|tpm|qps) limit (?:is |was |has been )?(?:exceeded|reached|hit)\b|"
    r"\W*too many (?:requests|calls|tokens, please wait)\b|"
    r"\W*(?:you(?:'ve| have)|has) (?:exceeded|reached|hit) (?:a|the|your) (?:\w+ )?rate.?limit|"
    r"\W*(?:request (?:was |is )?|you are being )(?:throttled|rate.?limited)|"
    r"\W*(?:\w{1,40}[.#])?(?:throttling|toomanyrequests|ratelimit(?:exceeded)?)(?:exception|error)\b|"
    r"\W*out of (?:call volume|bandwidth) quota|\W*request was rejected due to rate limiting|"
    r"\W*请求(?:过于|太|过)频繁|\W*(?:您的账户已达到速率限制|该模型当前访问量过大)|"
    r"\W*(?:触发|超[过出])(?:了)?(?:限流|速率限制)"
)
"""How a message starts that states such a limit, whatever its status: GitHub's and Azure API Management's limits are
a 403, Baidu's "Open api qps request limit reached" a 200, AWS's "ThrottlingException: Rate exceeded" a 400. Only the
start counts, since the words of a row may be quoted after it."""

SPENT = (
    r"reach(?:ed|ing) (?:your specified api usage limits|(?:its|the|your) monthly spend(?:ing)? limit)|"
    r"used all available credits|exceeded its monthly spending cap|(?:doesn't|does not) have any credits|"
    r"prepayment credits are depleted|your credit balance is too low to access|has exhausted its free trial quota|"
    r"weekly/monthly limit exhausted|used up your daily free allocation|limited to \d+ API calls / month|"
    r"too (?:long|large) for your (?:balance|credits?)"
)
"""How vendors state the same under the status or the code of another error: Anthropic's 400, also for a limit of the
user's own, the 412 of Fireworks, the 403 and the 429 of xAI, Google's `RESOURCE_EXHAUSTED`, and the 429 of Volcengine,
Cloudflare, Cohere and Zhipu for an allowance of a day, a week or a month."""

EMPTY_ACCOUNT = re.compile(
    r"insufficient[ _](?:\w+ )?(?:balance|credits?|quota|funds)\b|"
    r"(?:balance|credits?|quota|funds) (?:is|are|ha(?:s|ve) been) "
    r"(?:insufficient|not enough|too low|exhausted|depleted|used up|negative)|"
    r"exceeded your current quota|not (?:have )?enough (?:credits?|balance|funds|quota)|out of credits?|"
    r"(?:reached|exceeded|over|hit) (?:your |the )?(?:\w+ )?(?:spend|spending|budget|cost) (?:limit|cap)|"
    r"can only afford|\bbudget has been exceeded|exceeded (?:your |the )?monthly included credits|"
    r"billing.{0,10}limit (?:has been )?reached|billing is not active|account is not active, please check your billing|"
    r"(?:please|to) (?:recharge|top up)|enter a payment method|no active subscription|overdue (?:payments?|balance)|"
    r"(?:key|credit|usage) limits? (?:is |has been )?exceeded|over budget|budget (?:is |has been )?exhausted|"
    r"(?:reached|exceeded) (?:its|the|your) budget|free tier\b.{0,40}\bexhausted|"
    r"余额不足|额度不足|额度已?(?:用尽|用完|耗尽)|扣费额度失败|欠费|充值",
    re.IGNORECASE,
)
"""How a message states that the account is empty, where no code does."""

RATE_LIMIT = re.compile(
    r"rate.?limit|too many requests|per (?:min(?:ute)?|second|hour|day)\b|try again (?:in|later)|retry (?:in|after)|"
    r"(?:requests|calls|tokens) ?/ ?(?:m|s|h|d)|\b[rqt]p[msd]\b|"
    r"每(?:分钟|秒|小时|天)|频率|请求过于频繁|速率|并发|稍后(?:再|重)试",
    re.IGNORECASE,
)
"""How a message states a limit that passes; such a message may ask for a payment to raise the limit."""

TOO_LARGE = re.compile(
    r"\W*(?:this )?(?:request|prompt|input|message)s? (?:is |are |was )?too (?:large|long)", re.IGNORECASE
)
"""How a 429 starts that is about one request: it has more tokens than the limit of a whole minute."""

LIMIT_AND_REQUEST = r"\blimit:? (\d[\d,]{0,11})\b[^\n]{0,40}?\brequested:? (\d[\d,]{0,11})\b"
"""How OpenAI and Groq write the limit of tokens and those of a request."""

PROMPT_LIMIT = r"\W*prompt tokens? limit exceeded"
"""How a 402 of OpenRouter starts that is about one prompt: it is longer than the account's plan allows for any."""

TOO_LARGE_CODES = _code_set("request_too_large context_length_exceeded tokens_limit_reached 413")

FILTERED_CODES = _code_set(
    "content_filter content_filter_error responsibleaipolicyviolation content_policy_violation data_inspection_failed "
    "datainspectionfailed moderation_blocked content_moderation sensitive_words_detected "
    "new_sensitive 1301 base_resp1026 base_resp1027"
)
"""Codes of a filter that rejects the prompt: Azure's and OpenAI's, DashScope's, new-api's, MiniMax's and Zhipu's."""

FILTERED_CODE = r"sensitivecontentdetected"
"""A part of such a code: Volcengine has one for the text, for images and for the reply."""

FILTERED = (
    r"content (?:management|safety) policy|content exists risk|(?:input|prompt) was flagged|"
    r"flagged by (?:\w+ )?moderation|content violates usage guidelines|violated guardrail policy|"
    r"guardrail checks [^.\n]{0,40}failed|(?:input|prompt) was blocked: [A-Z_]+\b|may contain inappropriate content"
)
"""How a message states the same."""

_FILE = r"(?:image|picture|photo|file|media|multimodal|audio|video|document|attachment|pdf|url|link)s?\b"
_FILE_URL = r"https?://(?!\S*(?:/v\d|/chat/completions|/deployments|/models|oauth|/token))\S"
DOWNLOAD_FAILURE = (
    r"[^\n]{0,80}?(?:"
    r"\b(?:while|when|during|errors?|fail\w*|not|n't|unable to|cannot|fault|time\w*|\d{3}|forbidden|unauthorized)\W+"
    r"(?:\w+\W+){0,2}?(?:download|fetch|retriev)(?:e|ing)?\b(?:(?!key|token|credential|model|tenant)[^\n]){0,30}?"
    rf"(?:\b{_FILE}(?!\W+(?:permission|polic|quota|access))|{_FILE_URL})|"
    rf"\b{_FILE}\W+(?:download|fetch|retriev)\w*\W+(?:\w+\W+)?(?:fail|error)|"
    rf"\d{{3}} client error: [^\n:]{{1,40}} for url: {_FILE_URL})"
)
"""How a message starts about a file that the endpoint could not download: what the host of the file has answered, such
as 401 or "too many requests", is not about the key or a limit of the endpoint. The last one is that of the HTTP
library requests, which servers pass on."""

PERMANENT_ERROR = re.compile(
    r"\bauth(?:enticat(?:ion|ed)|orization|orized)?\b|unauthori[sz]ed|api[ _-]?key|permission|not[ _]found|"
    r"invalid_request|unsupported|not support|(?:doesn't|does not|not) (?:support|exist)|no such model|"
    r"unknown model|invalid (?:model|param)|model identifier|context (?:length|window)|maximum (?:context|prompt)|"
    r"prompt (?:is too long|超长)|not permitted|模型不存在|unexpected endpoint",
    re.IGNORECASE,
)
"""Messages inside a 200 that a retry cannot cure."""

PERMANENT_CODE = (
    r"badrequest|^invalid(?!response)|notfound|notexist|unsupported|forbidden|permission|unprocessable|decommissioned|"
    r"modelnotavailable|unauthorized"
)
"""The same for a part of an error's code without separators."""

PERMANENT_CODES = frozenset({"400", "401", "402", "403", "404", "413", "422"})
"""HTTP statuses inside a 200 that a retry cannot cure."""

UNSUPPORTED = re.compile(
    r"unsupported|not support|not implemented|unexpected (?:keyword|argument|field|parameter)|no attribute|"
    r"extra (?:fields|inputs)|(?:unknown|unrecogni[sz]ed) (?:\w+ )?(?:field|param|argument|keyword)|"
    r"not (?:allowed|permitted)|not a valid|\bunknown\b",
    re.IGNORECASE,
)
"""Together with `MODE_FIELD` in a 500, 502 or 503: a parameter that the server will not support on a retry either."""

MODE_FIELD = re.compile(
    r"response.?format|json.?(schema|object|mode)|guided.?(json|decod|grammar)|structured.?output|\btools?\b|tool.?(choice|call)|grammar|"
    r"schema.keyword|multipleOf|exclusiveM\w+imum|m(?:in|ax)(?:Length|Items)|['\"`](?:pattern|format|m\w+imum|const)['\"`]",
    re.IGNORECASE,
)
"""A field of the request that a mode sets, or a keyword of the schema in it."""

GRAMMAR_FAILURE = re.compile(
    r"(?:\bfail\w*|\berror|could not|cannot|unable to)\b.{0,40}"
    r"(?:grammar|json schema|guided.?(?:decod|json)\w*|vocabulary required for format)|"
    r"(?:grammar|json schema)(?: conversion| compil\w+)? (?:failed|error|stack)|\binvalid (?:json schema|grammar)",
    re.IGNORECASE,
)
"""How a server states that it cannot decode by a schema, in whatever status: llama.cpp, Ollama, vLLM, SGLang, TGI."""

STREAM = re.compile(r"\bstream(ing|ed|s)?\b", re.IGNORECASE)
"""An error that names the stream that a request asks for."""

REJECTED_STREAM = re.compile(
    r"\bstream(?:ing|ed)?\b(?! (?:error|closed|ended|failed))[^.\n]{0,40}"
    r"(?:not (?:be )?(?:support|allow|permit|enabl|available|implement)|n't support|unsupported)|"
    r"(?:not|n't) support[^.\n]{0,20}\bstream(?:ing|ed|s)?\b|unsupported[^.\n]{0,20}\bstream(?:ing|ed)?\b|不支持流",
    re.IGNORECASE,
)
"""How an error rejects that a reply is streamed."""

REQUIRED_STREAM = re.compile(
    r"\bnon[- ]?stream|\bonly\b[^.\n]{0,40}\bstream(?:ing|ed)?\b|\bstream(?:ing|ed)?\b[^.\n]{0,20}\bonly\b|"
    r"\bstream(?:ing)?\b[^.]{0,60}(?:\b(?:must|should|has to|needs to) be (?:set to |equal to )?\W?(?:true|enabled)|"
    r"\brequired|not support false)|非流|[仅只]支持流|"
    r"(?:requires?|must (?:have|use|be|set)|please (?:use|set|enable))\W[^.\n]{0,20}\bstream",
    re.IGNORECASE,
)
"""How an error to a request for a whole reply says that the reply has to be streamed: Alibaba's, Fireworks' for many
tokens, and those of gateways."""

STREAM_OPTIONS = re.compile(r"stream_options|include_usage")
"""The option that asks for token counts at the end of a stream."""

GENERIC_MESSAGE = re.compile(
    r"\W*(bad request|unprocessable( entity)?|(the )?request contains an invalid argument|"
    r"invalid (request( body)?|input|arguments?|param(eter|s|eters)?)|(the )?request is (invalid|not valid)|"
    r"(validation|param(eter)?s?) error|(请求)?参数(错误|有误|异常)|"
    r"(provider|upstream) (returned )?error)?\W*(error)?\W*",
    re.IGNORECASE,
)
"""Messages without information: the rejection may be about anything in the request."""

UNRELATED_TO_SCHEMA = re.compile(
    r"context.?(length|window)|maximum context|too many tokens|max_(completion_)?tokens|"
    r"quota.{0,20}exceeded|(exceeded|insufficient).{0,20}quota|credit balance",
    re.IGNORECASE,
)
"""What no change of the schema would cure. Checked first, since these rejections mention a maximum, too."""

UNRELATED_TO_MODE = re.compile(
    r"(?<!grammar )(?<!schema )(?<!grammar is )(?<!schema is )too (long|large)|"
    r"(model|deployment)\b.{0,60}\b(not found|does not exist|not exist|unknown|not available|no longer)|"
    r"unknown (model|deployment)|api.?key|authenticat|billing|quota|balance|insufficient|temperature|top_p|"
    r"content.?(policy|filter)|moderation|image",
    re.IGNORECASE,
)
"""What no other mode would cure, unless the rejection also names the field that carries the schema."""

RESPONSE_FORMAT_FIELD = r"response.?format|output.?format|json.?(schema|object|mode)|structured.?output"
TOOL_FIELD = r"\btools\b|\btool.?(choice|use)|\bfunction.?call"
"""How a rejection names the field that carries the schema."""

NAMED_FIELD = rf"{RESPONSE_FORMAT_FIELD}|{TOOL_FIELD}|guided.?json|['\"`]strict['\"`]"
"""How an error of an `UNUSUAL_STATUSES` has to name what it rejects."""

REJECTED_KEY = (
    r"(?:invalid|incorrect|expired|revoked|missing|disabled|unknown) (?:\w+ )?(?:api.?key|token|credential)|"
    r"(?:api.?key|token|credentials?) (?:is |has |was |been )*(?:invalid|expired|revoked|disabled|missing|not valid)|"
    r"unauthenticated"
)
"""How such an error is about the key all the same, whatever else it names."""

SCHEMA_ERROR_STATUSES = frozenset({400, 404, 422, 500, 501})
"""The statuses with which gateways reject a parameter."""

UNUSUAL_STATUSES = frozenset({403, 405, 406, 409, 415, 424})
"""Statuses with which few gateways reject a field that a mode sets: for a plan without it, or as a type of content."""

REJECTION_STATUSES = SCHEMA_ERROR_STATUSES | UNUSUAL_STATUSES

PROMPT_REJECTION = (
    r"\b(?:waf|firewall|guardrails?|flagged|malicious|suspicious|sensitive (?:content|data|information|words?))\b|"
    r"\b(?:request|prompt|input|content|message|text) (?:is |was |has been )?blocked|(?:security|content) policy"
)
"""How such an error is about the text of a row, which may be about JSON and tools."""

QUOTED_SENTENCE = re.compile(
    r"(?<!\w)\"[^\"]*\s[^\"]*\"(?!\w)|`[^`]*\s[^`]*`|(?<!\w)'[^']*\s[^']*'(?!\w)|“[^”]*”|「[^」]*」"
)
"""A quotation of more than one word, which names no field."""


def names_field(text: str) -> bool:
    """Return whether an error names a field that a mode sets, and is not about the key or the text of a row.

    >>> names_field("Your plan does not include response_format"), names_field("This key may not use the model")
    (True, False)
    >>> names_field("'help with my json_schema' is not allowed"), names_field("blocked by the firewall: tools")
    (False, False)
    """
    lines = (line[1:-1] if line[:1] == line[-1:] == '"' else line for line in text.split("\n"))
    statement = "\n".join(QUOTED_SENTENCE.sub("", line) for line in lines)
    is_other = re.search(f"{REJECTED_KEY}|{PROMPT_REJECTION}", statement, re.IGNORECASE)
    return bool(re.search(NAMED_FIELD, statement, re.IGNORECASE)) and not is_other


def _mode_pattern(words: str) -> re.Pattern[str]:
    """Match *words*, OpenRouter's statement that no provider serves the request, or Groq's that the model failed."""
    return re.compile(f"{words}|requested parameters|failed to (generate|validate) json", re.IGNORECASE)


MODE_WORDS: dict[ModeName, re.Pattern[str]] = {
    "json_schema": _mode_pattern(rf"{RESPONSE_FORMAT_FIELD}|schema|structured|strict|guided|grammar"),
    "json_schema_lax": _mode_pattern(rf"{RESPONSE_FORMAT_FIELD}|schema|structured|guided|grammar"),
    "tool": _mode_pattern(r"tool|function|schema|strict|grammar"),
    "json_object": _mode_pattern(rf"{RESPONSE_FORMAT_FIELD}|structured"),
    "prompt": re.compile(r"(?!)"),
}
"""How a rejection names the mode that it rejects."""

REJECTION = re.compile(
    r"\b(?:not (?:supported|permitted|allowed|accepted|a valid)|unsupported|unknown|invalid|forbidden)\b", re.IGNORECASE
)
"""Whole words only: the type of nearly every error is `invalid_request_error`."""

SCHEMA_SUBJECT = re.compile(
    r"schema|keyword|propert|constraint|feature|grammar|\benum|(unknown|unsupported) format", re.IGNORECASE
)
"""Distinguishes the rejection of a schema from that of a prompt, which may mention a maximum or a pattern too."""

REGEX_REJECTION = re.compile(
    r"(?:invalid|unsupported|fail\w*|cannot|could not|unable)\b.{0,40}\breg(?:ex|ular expression)|"
    r"\breg(?:ex\w*|ular expressions?)\b.{0,40}(?:fail|error|unsupported|not support|too complex|invalid)|"
    r"\blook-?(?:ahead|behind|around)|back-?references?\b",
    re.IGNORECASE,
)
"""How a server states that it cannot read a `pattern`, without naming the keyword."""

RECURSION = re.compile(r"recursi|circular|cyclic", re.IGNORECASE)
"""The schema refers to itself."""

ROOT_REFERENCE = re.compile(r"\$ref\b|\bref: *#", re.IGNORECASE)
"""A reference: "Unsupported ref: #" is llama.cpp's."""

SIZE_LIMIT = re.compile(
    r"(?:limit|maximum|max|at most|up to|exceed(?:s|ed|ing)?)\D{0,30}(\d{1,3}(?:,\d{3})+|\d{1,9})(?!\d)", re.IGNORECASE
)
"""The limit that a rejection of a size names."""

PROPERTY_COUNT = re.compile(r"propert", re.IGNORECASE)
ENUM_COUNT = re.compile(r"\benum", re.IGNORECASE)
CHARACTER_COUNT = re.compile(r"character|length", re.IGNORECASE)
NESTING = re.compile(r"nest|level|depth", re.IGNORECASE)
"""What a `SIZE_LIMIT` limits."""

NEEDS_TLS = re.compile(
    r"plain HTTP request was sent to HTTPS|HTTP request to an HTTPS server|plain HTTP to an SSL|requires TLS\b",
    re.IGNORECASE,
)
"""What nginx, Go's servers, Apache and Tomcat answer at a port for https, as a 400."""

WRONG_ENDPOINT = re.compile(rb'\s*\{\s*"error"\s*:\s*"Unexpected endpoint or method')
"""How the body of a 200 starts at an address that LM Studio does not have."""

WEB_PAGE = re.compile(r"\s*<(!doctype|html|\?xml)", re.IGNORECASE)
"""A web page may contain any of these words; it comes from something in front of the endpoint."""

CALLER_NAMES = re.compile(r"In context=\([^)]*\)|(?<=response_format )'[^']*'|(?<=function )'[^']*'")
"""How a rejection quotes names from the caller's own type."""

ECHO_KEYS = frozenset({"input", "request", "request_body", "messages", "failed_generation", "choices"})
"""Keys under which gateways repeat the request (`input` is FastAPI's, and so vLLM's), or the model's reply (Groq's
`failed_generation`, and the `choices` of a reply that the endpoint did not finish)."""
