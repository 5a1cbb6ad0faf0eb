"""Clouds that speak OpenAI's protocol and have no quirk of their own: a declaration each.

Sources: each API's reference, and the pages on data that its claims name.
"""

from proxy.providers.kind import Claims, Kind, bearer

_CHAT = {"openai.chat": "/chat/completions"}
_COMPLETIONS = {"openai.completions": "/completions"}
_EMBEDDINGS = {"openai.embeddings": "/embeddings"}
_RESPONSES = {"openai.responses": "/responses"}

GROQ = Kind(
    name="groq",
    base_url="https://api.groq.com/openai/v1",
    paths=_CHAT | _RESPONSES,
    authorise=bearer,
    claims=Claims(
        retention="30d",  # of what it keeps to look into failures and abuse
        sources=("https://console.groq.com/docs/your-data",),
        read="2026-11-26",
    ),
)
TOGETHER = Kind(
    name="together",
    base_url="https://api.together.xyz/v1",
    paths=_CHAT | _COMPLETIONS | _EMBEDDINGS,
    authorise=bearer,
    claims=Claims(
        trains=False,  # but it stores, unless the organisation says otherwise; how long isn't said
        sources=("https://docs.together.ai/docs/zero-data-retention",),
        read="2026-11-26",
    ),
)
DEEPSEEK = Kind(
    name="deepseek",
    base_url="https://api.deepseek.com/v1",
    paths=_CHAT,
    authorise=bearer,
    claims=Claims(
        region="cn",  # as others quote this page, and so is that it trains
        trains=True,
        sources=("https://cdn.deepseek.com/policies/en-US/deepseek-privacy-policy.html",),
        read="2026-11-25",
    ),
)
XAI = Kind(
    name="xai",
    base_url="https://api.x.ai/v1",
    paths=_CHAT | _RESPONSES,
    authorise=bearer,
    claims=Claims(
        retention="30d",
        trains=False,
        sources=(
            "https://docs.x.ai/docs/faq/security",
            "https://docs.x.ai/developers/advanced-api-usage/regions",
        ),
        read="2026-11-26",
    ),
)
