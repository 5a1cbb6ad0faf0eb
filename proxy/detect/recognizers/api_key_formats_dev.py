"""Keys of code hosts, package registries, build services, monitoring and AI models."""

from __future__ import annotations

from proxy.detect.recognizers.api_key_formats import (
    UUID,
    KeyFormat,
    alnum,
    base64,
    hexa,
    lower,
    upper,
    url64,
)

_GITLAB = "glpat- glrt- gldt- glft- glsoat- glffct- GR1348941"
_GITLAB_ROUTABLE = "glpat- glrt-t gldt- glft- glptt- glsoat- glagent- glffct- glimt- gloas-"
#: An object in JSON, in base64, then a secret.
_SENTRY = r"[A-Za-z0-9+/=]{40,400}_[A-Za-z0-9+/]{40,44}"

DEVELOPER: tuple[KeyFormat, ...] = (
    # Code hosts
    ("GitHub", "ghp_ gho_ ghu_ ghs_ ghr_", alnum(36, 255)),
    ("GitHub fine-grained", "github_pat_", r"\w{22,255}"),
    ("GitLab", _GITLAB, url64(20, 50)),
    ("GitLab agent", "glagent-", url64(50, 1_024)),
    ("GitLab incoming mail", "glimt-", url64(25, 26)),
    ("GitLab trigger", "glptt-", url64(40)),
    ("GitLab OAuth application", "gloas-", url64(64)),
    (
        "GitLab routable",
        _GITLAB_ROUTABLE,
        rf"{url64(20, 300)}(?:\.[0-9a-z]{{2}})?\.[0-9a-z]{{7,9}}",
    ),
    ("GitLab job", "glcbt-", rf"(?:{alnum(1, 5)}_)?{url64(20, 100)}"),
    ("GitLab session", "_gitlab_session=", lower(32)),
    ("Bitbucket app password", "ATBB", alnum(32)),
    ("Bitbucket Data Center", "BBDC-", r"[A-Za-z0-9+/@_-]{40,50}"),
    ("Atlassian", "ATATT3 ATCTT3", r"[\w=-]{60,300}"),
    ("Sourcegraph", "sgp_", r"(?:(?:[A-Fa-f0-9]{16}|local)_)?[A-Fa-f0-9]{40}"),
    ("Sourcegraph licence", "slk_", hexa(64)),
    # Package registries
    ("npm", "npm_", alnum(36)),
    ("PyPI", "pypi-AgE", url64(40, 1_000)),
    ("RubyGems", "rubygems_", hexa(48)),
    ("crates.io", "cio", alnum(32)),
    ("NuGet", "oy2", lower(43)),
    ("Clojars", "CLOJARS_", lower(60)),
    ("Docker Hub", "dckr_pat_ dckr_oat_", url64(27, 40)),
    ("JFrog Artifactory API", "AKCp", alnum(60, 80)),
    ("JFrog Artifactory reference", "cmVmd", alnum(59)),
    # Building, testing, deploying
    ("Buildkite", "bkua_", hexa(40)),
    ("CircleCI", "CCIPAT_", rf"{alnum(22)}_{hexa(40)}"),
    ("Octopus Deploy", "API-", upper(26)),
    ("Harness", "pat. sat.", rf"{url64(22)}\.{alnum(24)}\.{alnum(20)}"),
    ("TeamCity", "eyJ0eXAiOiAiVENWMiJ9.", rf"{url64(36)}\.{url64(48)}"),
    ("SonarQube", "squ_ sqp_ sqa_", hexa(40)),
    ("Snyk", "snyk_uat. snyk_sat.", r"[A-Za-z0-9]{8}\.[\w.-]{40,400}"),
    ("StackHawk", "hawk.", rf"{url64(20)}\.{url64(20)}"),
    ("Dependency-Track", "odt_", rf"(?:{alnum(8)}_)?{alnum(32, 255)}"),
    ("Postman", "PMAK-", rf"{alnum(24)}-{alnum(34)}"),
    ("ReadMe", "rdme_", lower(70)),
    ("LaunchDarkly", "sdk- mob- api-", UUID),
    ("Rootly", "rootly_", hexa(64)),
    ("TruffleHog canary", "thog-key-", hexa(16)),
    ("Privet", "pv-", url64(16, 100)),
    # Watching
    ("Grafana Cloud", "glc_", base64(32, 400)),
    ("Grafana service account", "glsa_", rf"{alnum(32)}_{hexa(8)}"),
    ("Grafana API", "eyJrIjoi", base64(60, 400)),
    ("New Relic", "NRAK- NRAA- nrak-", alnum(27)),
    ("New Relic ingest", "NRII- NRIQ-", url64(25, 32)),
    ("New Relic REST", "NRRA-", hexa(42)),
    ("New Relic browser", "NRJS- NRBR-", hexa(19)),
    ("New Relic Pixie", "px-api- px-dep-", UUID),
    ("Dynatrace", "dt0c01. dt0s01. dt0s02. dt0s16.", rf"{alnum(24)}\.{alnum(64)}"),
    ("Sentry organisation", "sntrys_eyJ", _SENTRY),
    ("Sentry user", "sntryu_", hexa(64)),
    ("PostHog personal", "phx_", alnum(40, 50)),
    # AI
    ("Anthropic", "sk-ant-", url64(20, 200)),
    ("OpenRouter", "sk-or-v1-", hexa(40, 80)),
    ("OpenAI", "sk-proj- sk-svcacct- sk-admin- sk-None-", url64(20, 250)),
    ("OpenAI and others", "sk-", alnum(20, 100)),
    ("Langfuse", "sk-lf-", UUID),
    ("LangSmith", "lsv2_pt_ lsv2_sk_", rf"{hexa(32)}_{hexa(10)}"),
    ("Hugging Face", "hf_ api_org_", alnum(30, 60)),
    ("Groq", "gsk_", alnum(40, 60)),
    ("Perplexity", "pplx-", alnum(40, 60)),
    ("Replicate", "r8_", alnum(37)),
    ("NVIDIA", "nvapi-", url64(60, 70)),
    ("xAI", "xai-", r"\w{60,100}"),
    ("Fireworks", "fw_", alnum(22, 26)),
    ("Tavily", "tvly-", r"(?:dev-|prod-)?[A-Za-z0-9]{32}"),
    ("Firecrawl", "fc-", hexa(32)),
    ("Jina", "jina_", alnum(60)),
)
