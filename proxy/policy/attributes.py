"""What a rule asks of a provider, against what the provider is, and in words."""

from __future__ import annotations

from proxy.policy.compiled import Provider
from proxy.policy.model_rules import ProviderTest


def meets(provider: Provider, test: ProviderTest) -> bool:
    """Whether a provider is what `test` demands."""
    certs, attested = test.certs, test.attested
    return (
        (test.names is None or provider.name in test.names)
        and (test.region is None or provider.region in test.region)
        and (test.on_prem is None or provider.on_prem == test.on_prem)
        and (test.retention is None or provider.retention in test.retention)
        and (test.trains is None or provider.trains == test.trains)
        and (certs is None or certs.any_of is None or not provider.certs.isdisjoint(certs.any_of))
        and (certs is None or certs.all_of is None or provider.certs.issuperset(certs.all_of))
        and (attested is None or attested.by is None or provider.attested_by in attested.by)
        and (
            attested is None
            or attested.since is None
            or (provider.attested_on is not None and provider.attested_on >= attested.since)
        )
    )


def in_words(test: ProviderTest) -> str:
    """A demand as a phrase: ``a provider with region eu, certs all of hipaa-baa``."""
    said: list[str] = []
    plain = test.model_dump(exclude_none=True, exclude={"certs", "attested"})
    for key, value in plain.items():
        words = " or ".join(value) if isinstance(value, tuple) else ("no", "yes")[value]
        said.append(f"{key} {words}")
    if test.certs and test.certs.any_of:
        said.append(f"certs any of {', '.join(test.certs.any_of)}")
    if test.certs and test.certs.all_of:
        said.append(f"certs all of {', '.join(test.certs.all_of)}")
    if test.attested:
        by = f" by {' or '.join(test.attested.by)}" if test.attested.by else ""
        since = f" since {test.attested.since}" if test.attested.since else ""
        said.append(f"attributes attested{by}{since}")
    return f"a provider with {', '.join(said)}"
