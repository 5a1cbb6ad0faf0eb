"""Keys of clouds, hosts, databases, networks and secret stores."""

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

_STORAGE_KEY = r"[A-Za-z0-9+/]{40,88}={0,2}"
_SIGNATURE = r"[A-Za-z0-9%+/]{40,90}(?:%3[Dd]|=){0,2}"
_EMERGENCY_KIT = r"[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3}"
_AUTHRESS = r"[a-z0-9]{5,30}\.[a-z0-9]{4,6}\.acc[_-][a-z0-9-]{10,32}\.[A-Za-z0-9+/_=-]{30,120}"

CLOUD: tuple[KeyFormat, ...] = (
    # Amazon, Google, Microsoft
    ("AWS access key id", "AKIA ASIA ABIA ACCA", upper(16)),
    ("AWS access key id, older", "A3T", upper(17)),
    ("AWS Bedrock, long-lived", "ABSK", base64(109, 269)),
    ("AWS Bedrock, short-lived", "bedrock-api-key-", base64(60, 4_000)),
    ("AWS AppSync", "da2-", lower(26)),
    ("AWS Marketplace Web Service", "amzn.mws.", UUID),
    ("Google API", "AIza", url64(35)),
    ("Google OAuth client secret", "GOCSPX-", url64(28)),
    ("Google OAuth access token", "ya29.", url64(20, 1_000)),
    ("Google OAuth refresh token", "1//0", url64(40, 120)),
    ("Google Cloud Storage HMAC id", "GOOG1", upper(20, 60)),
    ("Azure storage, Cosmos DB", "AccountKey=", _STORAGE_KEY),
    ("Azure Service Bus, Event Hubs", "SharedAccessKey=", _STORAGE_KEY),
    ("Azure App Configuration", ";Secret=", base64(36, 90)),
    ("Azure shared access signature", "&sig= ?sig= ;sig=", _SIGNATURE),
    # Other clouds and hosts
    ("Alibaba Cloud access key id", "LTAI", alnum(12, 24)),
    ("Tencent Cloud secret id", "AKID", alnum(32, 48)),
    ("Volcengine access key id", "AKLT", url64(30, 60)),
    ("Yandex Cloud API", "AQVN", url64(35, 38)),
    ("Yandex Cloud static key", "YC", url64(38)),
    ("Yandex IAM token", "t1.", rf"{url64(2, 200)}={{0,2}}\.{url64(86)}={{0,2}}"),
    ("DigitalOcean", "dop_v1_ doo_v1_ dor_v1_", hexa(64)),
    ("DigitalOcean Spaces", "DO00", upper(16)),
    ("Heroku", "HRKU-", rf"(?:AA{url64(58)}|{UUID})"),
    ("Scaleway access key", "SCW", upper(17)),
    ("Scalingo", "tk-us- tk-eu-", url64(48)),
    ("Fly.io", "fo1_", url64(43)),
    ("Fly.io macaroon", "fm1r_ fm1a_ fm2_", base64(60, 2_000)),
    ("Netlify", "nfp_", alnum(36, 50)),
    ("Vercel", "vcp_ vci_ vca_ vcr_ vck_", alnum(24, 64)),
    ("Render", "rnd_", alnum(24, 40)),
    ("Cloudflare origin CA", "v1.0-", rf"{hexa(24)}-{hexa(146)}"),
    ("Cloudflare", "cfk_ cfut_ cfat_", alnum(40, 60)),
    ("Salad Cloud", "salad_cloud_", rf"{alnum(1, 7)}_{alnum(7, 235)}"),
    ("IBM SoftLayer", "softlayer.com/soap/v3/ softlayer.com/soap/v3.1/", lower(64)),
    ("ThingsBoard device", "thingsboard.cloud/api/v1/", lower(20)),
    # Databases and data platforms
    ("Databricks", "dapi dkea dose", rf"{hexa(32)}(?:-\d{{1,2}})?"),
    ("PlanetScale", "pscale_tkn_ pscale_oauth_ pscale_pw_", r"[\w=.-]{32,64}"),
    ("Supabase access token", "sbp_", r"(?:oauth_|v0_)?[a-f0-9]{40}"),
    ("Supabase secret key", "sb_secret_", url64(20, 60)),
    ("Neon", "napi_", lower(60, 70)),
    ("Neon role password", "npg_", alnum(12, 40)),
    ("ClickHouse Cloud", "4b1d", alnum(38)),
    ("Confluent Cloud", "cflt", r"[A-Za-z0-9+/]{60}"),
    ("Aiven service password", "AVNS_", url64(12, 30)),
    ("Aiven token", "aivenv1", base64(60, 600)),
    ("Pinecone", "pcsk_", rf"{alnum(4, 6)}_{alnum(60, 66)}"),
    ("MongoDB Atlas service account", "mdb_sa_sk_", url64(36, 60)),
    ("Prefect", "pnu_ pnb_", alnum(36)),
    ("dbt Cloud", "dbtc_ dbtu_", url64(30, 80)),
    ("Elastic Cloud", "essu_", base64(40, 200)),
    # Secret stores, networks, infrastructure tools
    ("HashiCorp Vault", "hvs. hvb. hvr.", url64(24, 500)),
    ("HashiCorp Vault, unsealing", "unseal ", r"[A-Za-z0-9+/]{43}[A-Za-z0-9+/=]"),
    ("HashiCorp Vault, older", "s.", alnum(24)),
    ("Pulumi", "pul-", hexa(40)),
    ("Infracost", "ico-", alnum(32)),
    ("Doppler", "dp.pt. dp.ct. dp.sa. dp.scim. dp.audit.", alnum(40, 44)),
    ("Doppler service", "dp.st.", rf"(?:[a-z0-9_-]{{2,35}}\.)?{alnum(40, 44)}"),
    ("1Password secret key", "A3-", _EMERGENCY_KIT),
    ("1Password service account", "ops_eyJ", base64(100, 2_000)),
    ("OpenShift", "sha256~", url64(43)),
    ("Tailscale", "tskey-", r"[a-z]{2,12}-[A-Za-z0-9_]{4,40}-[A-Za-z0-9_]{12,64}"),
    ("Defined Networking", "dnkey-", r"[\w=-]{26}-[\w=-]{52}"),
    ("Authress", "sc_ ext_ scauth_ authress_", _AUTHRESS),
    ("Okta", "SSWS ", rf"00{url64(40)}"),
)
