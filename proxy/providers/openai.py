"""OpenAI's own platform.

Where it processes is a choice of the project, and anywhere without one.
Sources: OpenAI API reference, "Authentication"; its guides "Data controls in the OpenAI platform"
and "Data residency".
"""

from proxy.providers.kind import Claims, Kind, bearer
from proxy.providers.openai_compatible import PATHS

KIND = Kind(
    name="openai",
    base_url="https://api.openai.com/v1",
    paths=PATHS,
    authorise=bearer,
    claims=Claims(
        retention="30d",
        trains=False,
        sources=(
            "https://developers.openai.com/api/docs/guides/your-data",
            "https://developers.openai.com/api/docs/guides/data-residency",
        ),
        read="2026-11-26",
    ),
)
