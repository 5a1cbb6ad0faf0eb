"""OpenAI's own platform.

Sources: OpenAI API reference, "Authentication"; its guide "Data controls in the OpenAI platform".
"""

from proxy.providers.openai_compatible import PATHS
from proxy.providers.provider import Claims, Kind, bearer

KIND = Kind(
    name="openai",
    base_url="https://api.openai.com/v1",
    paths=PATHS,
    authorise=bearer,
    claims=Claims(
        region="us",
        retention="30d",
        trains=False,
        source="https://developers.openai.com/api/docs/guides/your-data",
        read="2026-11-25",
    ),
)
