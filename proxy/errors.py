"""One flat family of errors. Each carries what a caller may be told, and nothing else.

Invariant: `message` and `hint` never quote text that a caller or a provider sent. Every error is
rendered in the caller's dialect by its wire adapter; the machine code is stable across releases.
"""


class PrivetError(Exception):
    """A refusal or failure that a caller sees.

    Attributes:
        status: HTTP status code.
        code: stable machine code, e.g. ``policy_refused``.
        message: public sentence; never user text.
        hint: what would mend it, or an empty string.
        rule: the id of the policy rule that decided, or None.
        headers: response headers that go with it (Retry-After and the like).
        kind: the error type in the caller's dialect where a provider chose it, or None.
    """

    status: int = 500
    code: str = "internal"
    kind: str | None = None

    def __init__(self, message: str, *, hint: str = "", rule: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.rule = rule
        self.headers: dict[str, str] = {}


class BadRequest(PrivetError):
    """The body can't be read as the strict JSON of its dialect, so it can't be inspected."""

    status = 400
    code = "bad_request"


class CannotTranslate(PrivetError):
    """The model speaks another protocol, which has no counterpart for a part of the request."""

    status = 400
    code = "cannot_translate"


class Unauthenticated(PrivetError):
    """No virtual key, or one that nobody was given."""

    status = 401
    code = "unauthenticated"


class PolicyRefused(PrivetError):
    """No endpoint may receive this request; `rule` says who decided."""

    status = 403
    code = "policy_refused"


class NotFound(PrivetError):
    """An unknown route, model or id. Privet never passes an unknown route through."""

    status = 404
    code = "not_found"


class MethodNotAllowed(PrivetError):
    """A known route with a method it doesn't have."""

    status = 405
    code = "method_not_allowed"


class BodyTimeout(PrivetError):
    """The body didn't arrive in time."""

    status = 408
    code = "body_timeout"


class TooLarge(PrivetError):
    """The body, or what it decodes to, is over a limit."""

    status = 413
    code = "too_large"


class UnsupportedMedia(PrivetError):
    """A content type or encoding that Privet doesn't read."""

    status = 415
    code = "unsupported_media"


class ExpectationFailed(PrivetError):
    """An `Expect` header other than 100-continue."""

    status = 417
    code = "expectation_failed"


class CannotMask(PrivetError):
    """A value is hidden by policy but stands where no placeholder fits; the path is named."""

    status = 422
    code = "cannot_mask"


class GuardHit(PrivetError):
    """The egress guard found a hidden value after masking: our bug, so nothing is sent."""

    status = 500
    code = "egress_guard"


class NotSupported(PrivetError):
    """Something of HTTP that Privet doesn't do: tunnels, protocol upgrades."""

    status = 501
    code = "not_supported"


class ProviderCredentials(PrivetError):
    """The upstream refused our credentials (its 401 or 403)."""

    status = 502
    code = "provider_credentials"


class ProviderFailed(PrivetError):
    """The upstream couldn't be reached, broke off, or answered what its protocol doesn't allow."""

    status = 502
    code = "provider_failed"


class AnswerOffSchema(PrivetError):
    """A strict schema was relaxed for hidden values, and the restored answer breaks it."""

    status = 502
    code = "answer_off_schema"


class ProviderRefused(PrivetError):
    """The upstream answered with an error: its status, type and code, and a message we may pass."""

    def __init__(self, status: int, message: str, *, kind: str | None, code: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.code = code


class DetectorUnavailable(PrivetError):
    """Detection is down, overloaded or past its deadline; nothing goes out uninspected."""

    status = 503
    code = "detector_unavailable"


class AuditUnavailable(PrivetError):
    """The audit intent couldn't be made durable; nothing goes out unrecorded."""

    status = 503
    code = "audit_unavailable"


class ShuttingDown(PrivetError):
    """Privet stops, and the grace for what was under way is over."""

    status = 503
    code = "shutting_down"

    def __init__(self) -> None:
        super().__init__("Privet is being stopped.", hint="Send the request again.")


class VaultUnavailable(PrivetError):
    """Stored responses can't be read, or one not kept: nobody can go on from them."""

    status = 503
    code = "vault_unavailable"


class ProviderTimeout(PrivetError):
    """The upstream didn't answer in time."""

    status = 504
    code = "provider_timeout"
