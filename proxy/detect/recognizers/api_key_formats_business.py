"""Keys of payment, mail, chat, commerce, documents and the rest of what businesses use."""

from __future__ import annotations

from proxy.detect.recognizers.api_key_formats import (
    UUID,
    KeyFormat,
    alnum,
    base64,
    digits,
    hexa,
    lower,
    url64,
)

_DISCORD_WEBHOOKS = "discord.com/api/webhooks/ discordapp.com/api/webhooks/"
_ID = r"[a-z0-9]{8}(?:-[a-z0-9]{4}){3}-[a-z0-9]{12}"
_TEAMS = rf"{_ID}@{_ID}/IncomingWebhook/{lower(32)}/{_ID}(?:/[A-Za-z0-9_-]{{40,60}})?"
_SLACK_WEBHOOK = r"[\w/]{40,60}"

BUSINESS: tuple[KeyFormat, ...] = (
    # Chat, mail, telephony
    (
        "Slack",
        "xoxa- xoxb- xoxp- xoxe- xoxr- xoxs- xoxo-",
        r"(?:\d-)?\d{6,14}-[A-Za-z0-9-]{10,250}",
    ),
    ("Slack workspace", "xoxa- xoxr-", r"(?:\d-)?[A-Za-z0-9]{8,48}"),
    ("Slack configuration", "xoxe- xoxe.xoxb- xoxe.xoxp-", r"\d-[A-Za-z0-9]{100,250}"),
    ("Slack app", "xapp-", r"\d{1,12}-[A-Za-z0-9/+-]{10,250}"),
    ("Slack webhook", "slack.com/services/", _SLACK_WEBHOOK),
    ("Slack workflow", "slack.com/workflows/ slack.com/triggers/", r"[\w/]{30,80}"),
    ("Discord webhook", _DISCORD_WEBHOOKS, rf"{digits(17, 20)}/{url64(60, 80)}"),
    ("Microsoft Teams webhook", "office.com/webhookb2/ office.com/webhook/", _TEAMS),
    ("Zoom webhook", "hooks.zoom.us/", r"[\w/=?-]{30,120}"),
    ("SendGrid", "SG.", rf"{url64(16, 32)}\.{url64(32, 64)}"),
    ("Mailgun", "key- pubkey-", lower(32)),
    ("Brevo (Sendinblue)", "xkeysib- xsmtpsib-", rf"{hexa(64)}-{alnum(16)}"),
    ("MailerSend", "mlsn.", hexa(64)),
    ("Resend", "re_", rf"{alnum(8)}_{alnum(20, 30)}"),
    ("Mandrill", "md-", url64(22)),
    ("Twilio", "SK AC", r"[0-9a-f]{32}"),
    # Payment
    ("Stripe", "sk_live_ sk_test_ sk_prod_ rk_live_ rk_test_ rk_prod_", alnum(10, 247)),
    ("Stripe webhook and others", "whsec_", base64(20, 100)),
    ("Stripe payment intent", "pi_", rf"{alnum(24)}_secret_{alnum(25)}"),
    ("Square", "sq0atp- EAAA", url64(22, 62)),
    ("Square OAuth", "sq0csp- sq0idp-", url64(22, 50)),
    ("Braintree, PayPal", "access_token$", r"(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}"),
    ("Razorpay", "rzp_live_ rzp_test_", alnum(14, 24)),
    ("Flutterwave", "FLWSECK- FLWSECK_TEST- FLWPUBK_TEST-", r"[a-z0-9]{12,32}(?:-X)?"),
    ("Paystack", "sk_live_ sk_test_", hexa(40)),
    ("GoCardless", "live_ sandbox_", url64(40)),
    ("Plaid", "access-sandbox- access-development- access-production-", UUID),
    ("Lob", "live_ test_ live_pub_ test_pub_", r"(?:[a-f0-9]{35}|[a-f0-9]{31})"),
    ("Ramp", "ramp_sec_", alnum(48)),
    ("Duffel", "duffel_live_ duffel_test_", r"[A-Za-z0-9_=-]{43}"),
    ("Cashfree", "cfsk_ma_", r"(?:prod|test)_[a-f0-9]{32}_[a-f0-9]{8}"),
    # Commerce and shipping
    ("Shopify", "shpat_ shpca_ shppa_ shpss_ shptka_", hexa(32)),
    ("EasyPost", "EZAK EZTK", alnum(54)),
    ("Shippo", "shippo_live_ shippo_test_", hexa(40)),
    # Documents, design, planning
    ("Notion", "ntn_", rf"{digits(11)}{alnum(35)}"),
    ("Notion, older", "secret_", alnum(43)),
    ("Airtable", "pat", rf"{alnum(14)}\.{hexa(64)}"),
    ("Linear", "lin_api_ lin_oauth_", alnum(40, 64)),
    ("Figma", "figd_ figp_ figr_ figoh_ figor_", r"[A-Za-z0-9_=-]{38,54}"),
    ("Frame.io", "fio-u-", r"[A-Za-z0-9_=-]{64}"),
    ("Typeform", "tfp_", r"[A-Za-z0-9_.=-]{40,64}"),
    ("Adobe", "p8e-", r"[A-Za-z0-9-]{32}"),
    ("Contentful", "CFPAT-", url64(43)),
    ("Dropbox", "sl. sl.u.", r"[A-Za-z0-9_=-]{60,1600}"),
    ("Asana", "1/", rf"{digits(16)}:[a-f0-9]{{32}}"),
    ("Asana personal", "2/", rf"{digits(10, 20)}/{digits(10, 20)}:[a-f0-9]{{32}}"),
    ("HubSpot", "pat-na1- pat-na2- pat-eu1-", UUID),
    ("Mapbox", "sk.eyJ tk.eyJ", rf"{url64(20, 300)}\.{url64(20, 30)}"),
    ("Adafruit IO", "aio_", alnum(28)),
    ("Beamer", "b_", r"[A-Za-z0-9=_-]{44}"),
    # Social, media and the rest
    ("Facebook page", "EAA", alnum(60, 300)),
    ("Instagram", "IGQV", alnum(60, 300)),
    ("Twitch stream", "live_", rf"{digits(8, 12)}_{alnum(30)}"),
    ("SettleMint", "sm_aat_ sm_pat_ sm_sat_", alnum(16)),
    ("Intra 42", "s-s4t2ud- s-s4t2af-", hexa(64)),
    ("RapidAPI hub", "rh-api-", UUID),
    ("PubNub secret", "sec-c-", r"[A-Za-z0-9]{30,60}"),
)

#: Keys known by a mark inside them: ``(service, marks, the whole key)``.
MARKED: tuple[KeyFormat, ...] = (
    ("Telegram bot", ":AA", rf"{digits(8, 10)}:AA{url64(32, 33)}"),
    ("MaxMind", "_mmk", rf"{alnum(6)}_{alnum(29)}_mmk"),
    ("Mailchimp", "-us", r"[a-f0-9]{32}-us\d{1,3}"),
    ("Azure AD client secret", "Q~", r"[\w~.]{3}\dQ~[\w~.-]{31,34}(?!~)"),
    ("Azure DevOps", "AZDO", rf"{alnum(76)}AZDO{alnum(4)}"),
    ("HashiCorp Terraform Cloud", ".atlasv1.", rf"{alnum(14)}\.atlasv1\.[A-Za-z0-9=_-]{{60,70}}"),
    ("New Relic licence", "NRAL", rf"{lower(6)}{hexa(30)}NRAL"),
    ("New Relic licence", "nral", rf"{lower(6)}{hexa(30)}nral"),
    ("Salesforce session", "00D", rf"00D{alnum(12)}![\w.]{{80,120}}"),
    ("Facebook app token", "0| 1| 2| 3| 4| 5| 6| 7| 8| 9|", rf"{digits(13, 17)}\|{url64(27, 40)}"),
)
