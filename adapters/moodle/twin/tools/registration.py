"""A tool registers itself, as at ``openid-registration.php``; it is pending then."""

from __future__ import annotations

import secrets
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt
import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from adapters.moodle.twin.state import TwinState
from adapters.moodle.twin.tools import messages
from adapters.moodle.twin.tools.state import ROSTER_SCOPE, SCOPES, ExternalTool

TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
METHOD = "private_key_jwt"
PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"


def invitation(state: TwinState, tool_url: str) -> str:
    """The address that Moodle opens after an administrator has given ``tool_url``: good for an hour, and once."""
    client = secrets.token_urlsafe(11)
    claims = {"sub": client, "scope": "reg", "iat": int(time.time()), "exp": int(time.time()) + 3600}
    token = messages.signed(claims, state.tools.key)
    query = {"openid_configuration": f"{state.url}/mod/lti/openid-configuration.php", "registration_token": token}
    return f"{tool_url}{'&' if '?' in tool_url else '?'}{urlencode(query)}"


class ToolRegistration:
    def __init__(self, state: TwinState) -> None:
        self._state = state

    def routes(self) -> list[Route]:
        return [
            Route("/mod/lti/openid-configuration.php", self.configuration, methods=["GET"]),
            Route("/mod/lti/openid-registration.php", self.register, methods=["POST"]),
        ]

    async def configuration(self, _request: Request) -> Response:
        at = f"{self._state.url}/mod/lti"
        return JSONResponse(
            {
                "issuer": self._state.url,
                "token_endpoint": f"{at}/token.php",
                "token_endpoint_auth_methods_supported": ["private_key_jwt"],
                "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
                "jwks_uri": f"{at}/certs.php",
                "authorization_endpoint": f"{at}/auth.php",
                "registration_endpoint": f"{at}/openid-registration.php",
                "scopes_supported": [*SCOPES, ROSTER_SCOPE, "openid"],
                "response_types_supported": ["id_token"],
                "subject_types_supported": ["public", "pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "claims_supported": ["sub", "iss", "name", "given_name", "family_name", "email"],
                PLATFORM: {
                    "product_family_code": "moodle",
                    "version": self._state.version.release,
                    "messages_supported": [
                        {"type": "LtiResourceLinkRequest"},
                        {"type": "LtiDeepLinkingRequest", "placements": ["ContentArea"]},
                    ],
                    "variables": ["Person.sourcedId", "User.username", "Person.address.timezone"],
                },
            }
        )

    async def register(self, request: Request) -> Response:
        """A new tool, which an administrator has to activate."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer":
            return PlainTextResponse("missing_registration_token", 401)
        body = await request.body()
        with self._state.lock:
            try:
                pem = self._state.tools.key.key.export_to_pem()
                client = str(jwt.decode(token, pem, ["RS256"])["sub"])
            except (jwt.InvalidTokenError, KeyError):
                return PlainTextResponse("Invalid token", 400)
            if self._state.tools.by_client(client):
                return PlainTextResponse("token_already_used", 401)
            told = orjson.loads(body)
            if wrong := _wrong(told):
                return PlainTextResponse(wrong, 400)
            tool = _tool(self._state.tools.next_id(), client, told)
            self._state.tools.tools[tool.id] = tool
            return JSONResponse({**told, "client_id": client, TOOL: {**told[TOOL], "deployment_id": str(tool.id)}})


def _wrong(told: dict[str, Any]) -> str:
    """Moodle's word for what a registration lacks, "" where nothing."""
    needed = ("response_types", "initiate_login_uri", "redirect_uris", "client_name", "jwks_uri", TOOL)
    for name in (*needed, "token_endpoint_auth_method"):
        if not told.get(name):
            return f"missing required attribute {name}"
    if not (domain := told[TOOL].get("domain")):
        return "missing_domain"
    if domain != urlsplit(told[TOOL].get("target_link_uri", "")).netloc:
        return "domain_targetlinkuri_mismatch"
    if told["token_endpoint_auth_method"] != METHOD:
        return "invalid_token_endpoint_auth_method"
    return ""


def _tool(key: int, client: str, told: dict[str, Any]) -> ExternalTool:
    configured = told[TOOL]
    picks = (one for one in configured.get("messages", ()) if one["type"] == "LtiDeepLinkingRequest")
    return ExternalTool(
        key,
        client,
        told["client_name"],
        configured["target_link_uri"],
        told["initiate_login_uri"],
        tuple(told["redirect_uris"]),
        told["jwks_uri"],
        configured.get("custom_parameters", {}),
        pending=True,
        selection_url=next((str(one.get("target_link_uri", "")) for one in picks), ""),
    )
