"""What S3 and boto3 say, translated once: error code or HTTP status → class of the domain's tree."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions as boto
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from connector.domain.errors import (
    AccessRefused,
    ConnectorError,
    FeedRefused,
    ProtocolError,
    SettingsError,
    Unavailable,
)

CHANGED = ("PreconditionFailed", "412", "NoSuchKey", "NotFound", "404", "ConditionalRequestConflict")
"""Codes that say: it is not, or no longer, the object that was meant."""

_CREDENTIALS = "check the credentials, and the rights that docs/sources/s3.md lists, or docs/certificates.md"
_WAIT = "nothing was lost; it is tried again later"
_WHERE = "correct bucket, region or endpoint_url"

CODES: dict[str, tuple[type[ConnectorError], str]] = {
    "AccessDenied": (AccessRefused, _CREDENTIALS),
    "AllAccessDisabled": (AccessRefused, _CREDENTIALS),
    "AccountProblem": (AccessRefused, _CREDENTIALS),
    "ExpiredToken": (AccessRefused, _CREDENTIALS),
    "InvalidAccessKeyId": (AccessRefused, _CREDENTIALS),
    "InvalidToken": (AccessRefused, _CREDENTIALS),
    "SignatureDoesNotMatch": (AccessRefused, _CREDENTIALS),
    "RequestTimeTooSkewed": (SettingsError, "set the clock of this computer"),
    "AuthorizationHeaderMalformed": (SettingsError, _WHERE),
    "IllegalLocationConstraintException": (SettingsError, _WHERE),
    "InvalidBucketName": (SettingsError, _WHERE),
    "NoSuchBucket": (SettingsError, _WHERE),
    "PermanentRedirect": (SettingsError, _WHERE),
    "RequestTimeout": (Unavailable, _WAIT),
    "SlowDown": (Unavailable, _WAIT),
    "Throttling": (Unavailable, _WAIT),
    "TooManyRequests": (Unavailable, _WAIT),
}

_PASSING = (
    boto.ConnectionError,
    boto.HTTPClientError,
    boto.ResponseStreamingError,
    boto.IncompleteReadError,
    boto.ReadTimeoutError,
    boto.CredentialRetrievalError,
    boto.MetadataRetrievalError,
)
_SETTINGS = (
    boto.NoRegionError,
    boto.InvalidRegionError,
    boto.ProfileNotFound,
    boto.ConfigParseError,
    boto.ParamValidationError,
    boto.UnknownEndpointError,
    boto.PartialCredentialsError,
)


def code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Translate what boto3 raises; S3's own message is left out, as it can hold keys and addresses."""
    try:
        yield
    except ClientError as error:
        raise _of_answer(error, where) from error
    except boto.NoCredentialsError:
        raise AccessRefused(f"{where}: there are no credentials; {_CREDENTIALS}.") from None
    except ResponseParserError as error:
        raise FeedRefused(f"{where}: an answer is cut off or malformed, and cannot be read.") from error
    except boto.PaginationError as error:
        raise FeedRefused(f"{where}: the listing repeats a page, so that it cannot be whole.") from error
    except boto.FlexibleChecksumError as error:
        raise Unavailable(f"{where}: an object came altered on its way; {_WAIT}.") from error
    except _PASSING as error:
        raise Unavailable(f"{where}: it cannot be reached, or broke off ({type(error).__name__}); {_WAIT}.") from error
    except _SETTINGS as error:
        raise SettingsError(f"{where}: a setting is wrong ({type(error).__name__}); {_WHERE}.") from error
    except (BotoCoreError, ValueError) as error:
        if isinstance(error, ConnectorError):
            raise
        raise ProtocolError(
            f"{where}: an answer or setting that is not understood ({type(error).__name__})."
        ) from error


def _of_answer(error: ClientError, where: str) -> ConnectorError:
    code = code_of(error)
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    kind, advice = CODES.get(code) or _by_status(status)
    return kind(f"{where}: {error.operation_name} was refused ({code or status}); {advice}.")


def _by_status(status: int) -> tuple[type[ConnectorError], str]:
    if status in (401, 403):
        return AccessRefused, _CREDENTIALS
    if status in (408, 429) or status >= 500:
        return Unavailable, _WAIT
    if status in (301, 400, 404):
        return SettingsError, _WHERE
    return ProtocolError, "no known service answers so; report it"
