"""Keys and tokens of services, by the formats that their makers publish.

Entity API_KEY. A format with a prefix of its own is certain wherever it stands; one without needs
its label before it. Adding a service is one line here.
"""

from __future__ import annotations

import re

from proxy.detect.recognizers.value_pattern import ValuePattern, ValueRecognizer

_URL64 = "[A-Za-z0-9_-]"

#: service, format of its keys. Lengths are lower bounds where makers don't promise a length.
_FORMATS = (
    ("Anthropic", rf"sk-ant-{_URL64}{{20,200}}"),
    ("OpenRouter", r"sk-or-v1-[a-f0-9]{40,80}"),
    ("OpenAI project, service or admin", rf"sk-(?:proj|svcacct|admin|None)-{_URL64}{{20,250}}"),
    ("OpenAI and others", r"sk-[A-Za-z0-9]{20,100}"),
    ("AWS access key id", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}"),
    ("GitHub", r"gh[pousr]_[A-Za-z0-9]{36,255}"),
    ("GitHub fine-grained", r"github_pat_[A-Za-z0-9_]{22,255}"),
    ("GitLab", rf"gl(?:pat|dt|rt|ptt|ft|soat|agent|cbt)-{_URL64}{{20,100}}"),
    ("GitLab routable", rf"gl(?:pat|rt)-{_URL64}{{20,100}}(?:\.{_URL64}{{1,20}}){{1,2}}"),
    ("Slack", r"xox[abeprs]-[A-Za-z0-9-]{10,250}"),
    ("Slack app", r"xapp-\d-[A-Za-z0-9-]{10,250}"),
    ("Slack webhook", r"(?<=slack\.com/services/)T[A-Z0-9]{6,14}/B[A-Z0-9]{6,14}/\w{20,30}"),
    ("Google API", rf"AIza{_URL64}{{35}}"),
    ("Google OAuth", rf"(?:GOCSPX-{_URL64}{{28}}|ya29\.{_URL64}{{20,1000}})"),
    ("Stripe", r"[sr]k_(?:live|test)_[A-Za-z0-9]{10,200}"),
    ("Stripe webhook", r"whsec_[A-Za-z0-9+/=]{20,100}"),
    ("Hugging Face", r"hf_[A-Za-z0-9]{30,60}"),
    ("npm", r"npm_[A-Za-z0-9]{36}"),
    ("PyPI", rf"pypi-AgE{_URL64}{{40,1000}}"),
    ("SendGrid", rf"SG\.{_URL64}{{16,32}}\.{_URL64}{{32,64}}"),
    ("Twilio", r"(?:SK|AC)[0-9a-f]{32}"),
    ("DigitalOcean", r"do[opr]_v1_[a-f0-9]{64}"),
    ("Databricks", r"dapi[a-f0-9]{32}(?:-\d)?"),
    ("Shopify", r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"),
    ("Groq", r"gsk_[A-Za-z0-9]{40,60}"),
    ("Telegram bot", rf"\d{{8,10}}:AA{_URL64}{{33}}"),
    ("Azure storage", r"(?<=AccountKey=)[A-Za-z0-9+/]{86}=="),
    ("Privet", rf"pv-{_URL64}{{16,100}}"),
)  # fmt: skip

#: Labels of secrets that have no format of their own, as in `aws_secret_access_key = …`.
_LABEL = (
    r"(?:(?:aws[_ -]?)?secret[_ -]?(?:access[_ -]?)?key|client[_ -]?secret|app[_ -]?secret"
    r"|api[_ -]?(?:key|token|secret)|auth[_ -]?token|access[_ -]?token|refresh[_ -]?token"
    r"|signing[_ -]?(?:key|secret)|encryption[_ -]?key)"
)
_ASSIGNED = r"[\"']?[ \t]{0,3}(?:=>|:=|[:=]|is\b)[ \t]{0,3}[\"'`]?"


def _format(service: str, regex: str) -> ValuePattern:
    bounded = rf"(?<![A-Za-z0-9_-])(?P<value>{regex})(?![A-Za-z0-9_-])"
    if regex.startswith("(?<="):  # stands inside a URL or a setting: what precedes it is given
        bounded = rf"(?P<value>{regex})"
    return ValuePattern(service, re.compile(bounded), 0.95)


class ApiKeyRecognizer(ValueRecognizer):
    """Finds API_KEY."""

    ENTITY = "API_KEY"
    PATTERNS = (
        *(_format(service, regex) for service, regex in _FORMATS),
        ValuePattern(
            "labelled",
            re.compile(rf"{_LABEL}{_ASSIGNED}(?P<value>[\w+/=.~-]{{16,512}})", re.IGNORECASE),
            0.8,
        ),
        ValuePattern(
            "authorization header",
            re.compile(r"\b(?:Bearer|Basic|Token)[ ](?P<value>[\w+/=.~-]{16,4096})"),
            0.8,
        ),
    )

    def plausible(self, value: str) -> bool:
        """Accept what mixes letters and digits: no dotted names, no words with hyphens."""
        return any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
