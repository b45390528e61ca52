"""PyLTI1p3 behind our own: its checks of signature, registration, deployment and message, and nothing else of it.

Sessions, cookies, states and keys are ours (``launching``): its own are neither taken once nor bounded in time.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from hashlib import sha256
from hmac import compare_digest
from typing import Any, cast

from jwcrypto.common import JWException
from jwt import PyJWTError
from pylti1p3.cookie import CookieService
from pylti1p3.deployment import Deployment
from pylti1p3.exception import LtiException
from pylti1p3.message_launch import MessageLaunch
from pylti1p3.registration import Registration, TKeySet
from pylti1p3.request import Request
from pylti1p3.session import SessionService
from pylti1p3.tool_config.abstract import ToolConfAbstract

from connector.domain.errors import LaunchRefused
from connector.domain.lti import Begun, Platform, Trouble

ALGORITHM = "RS256"
"""The only one that Moodle signs with, and that we believe."""
LONGEST_TOKEN = 100_000
"""Characters. Moodle's tokens have some thousand."""


class _Posted(Request):
    """The fields that were posted. ``is_secure``: what is in front of us speaks TLS, or nobody else can listen."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = fields

    @property
    def session(self) -> dict[str, Any]:
        return {}

    def is_secure(self) -> bool:
        return True

    def get_param(self, key: str) -> str:
        return self._fields.get(key, "")


class _Taken(SessionService):
    """The login that was taken: its state is good, and its nonce the only one."""

    def __init__(self, begun: Begun) -> None:
        self._begun = begun

    def check_state_is_valid(self, state: str, id_token_hash: str) -> bool:  # noqa: ARG002 - taken before
        return True

    def check_nonce(self, nonce: str) -> bool:
        return compare_digest(sha256(nonce.encode()).digest(), self._begun.nonce)

    def save_launch_data(self, key: str, jwt_body: Mapping[str, Any]) -> None:
        """The launch is kept by whoever asked."""

    def set_state_valid(self, state: str, id_token_hash: str) -> None:
        """No state is good twice."""


class _NoCookies(CookieService):
    def get_cookie(self, name: str) -> str | None:  # noqa: ARG002
        return None

    def set_cookie(self, name: str, value: str | int, exp: int | None = 3600) -> None:
        """Ours is written with the answer to the login."""


class _OnePlatform(ToolConfAbstract[_Posted]):
    """A configuration that knows the platform for which the login was begun, and none besides."""

    def __init__(self, platform: Platform, key: Mapping[str, Any]) -> None:
        self._platform = platform
        self._registration = (
            Registration()
            .set_issuer(platform.issuer)
            .set_client_id(platform.client_id)
            .set_auth_login_url(platform.authorization_url)
            .set_auth_token_url(platform.token_url)
            .set_key_set(cast("TKeySet", {"keys": [{**key, "alg": ALGORITHM}]}))
        )

    def check_iss_has_one_client(self, iss: str) -> bool:  # noqa: ARG002 - an issuer may have several
        return False

    def check_iss_has_many_clients(self, iss: str) -> bool:  # noqa: ARG002
        return True

    def find_registration_by_issuer(self, iss: str, *_: Any, **__: Any) -> Registration:
        return self.find_registration_by_params(iss, self._platform.client_id)

    def find_registration_by_params(self, iss: str, client_id: str, *_: Any, **__: Any) -> Registration:
        known = (self._platform.issuer, self._platform.client_id)
        return self._registration if (iss, client_id) == known else None  # type: ignore[return-value]

    def find_deployment(self, iss: str, deployment_id: str) -> Deployment | None:
        return self.find_deployment_by_params(iss, deployment_id, self._platform.client_id)

    def find_deployment_by_params(
        self, iss: str, deployment_id: str, client_id: str, *_: Any, **__: Any
    ) -> Deployment | None:
        here = (iss, client_id) == (self._platform.issuer, self._platform.client_id)
        return (
            Deployment().set_deployment_id(deployment_id)
            if here and deployment_id in self._platform.deployments
            else None
        )


class _Launch(MessageLaunch[_Posted, _OnePlatform, _Taken, _NoCookies]):
    def _get_request_param(self, key: str) -> str:
        return self._request.get_param(key)

    def get_client_id(self) -> str:
        """The library takes the first of several audiences; which of them we are is checked by ``claims``."""
        audiences = self._get_jwt_body().get("aud")
        known = self._tool_config._platform.client_id
        if isinstance(audiences, list) and known in audiences:
            return known
        return super().get_client_id()


def key_name(token: str) -> str:
    """Which key has signed a token. Raises LaunchRefused where it is none, or signed in another way."""
    if not 0 < len(token) <= LONGEST_TOKEN:
        raise LaunchRefused("id_token: missing, or too long.", Trouble.MALFORMED)
    try:
        part = token.split(".")[0]
        header = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        name, algorithm = header["kid"], header["alg"]
    except (ValueError, binascii.Error, KeyError, TypeError, RecursionError):
        raise LaunchRefused("id_token: its header cannot be read.", Trouble.MALFORMED) from None
    if algorithm != ALGORITHM or not isinstance(name, str):
        raise LaunchRefused(f"id_token: only {ALGORITHM} is believed, with the name of the key.", Trouble.UNTRUSTED)
    return name


def verified(fields: Mapping[str, str], begun: Begun, key: Mapping[str, Any]) -> bytes:
    """The payload of the token among the posted ``fields``, as JSON, after the library has verified it with ``key``.

    Times, audiences and the target are for ``claims.check``. Raises LaunchRefused.
    """
    launch = _Launch(_Posted(fields), _OnePlatform(begun.platform, key), _Taken(begun), _NoCookies())
    launch.set_jwt_verify_options({"verify_aud": False, "verify_exp": False, "verify_iat": False, "verify_nbf": False})
    try:
        return json.dumps(launch.validate().get_launch_data()).encode()
    except LtiException as error:
        why = type(error.__cause__).__name__ if error.__cause__ else error  # a cause may quote what was sent
        raise LaunchRefused(f"id_token: {why}.", Trouble.UNTRUSTED) from None
    except (ValueError, TypeError, AttributeError, KeyError, JWException, PyJWTError):
        raise LaunchRefused("id_token: it cannot be read.", Trouble.MALFORMED) from None
