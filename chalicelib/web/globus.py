"""Globus Auth, as a confidential OpenID Connect client: authorization code, PKCE, state and nonce."""
from __future__ import annotations

import base64
import hashlib
import hmac
from functools import cache
from typing import Any
from urllib.parse import urlencode, urlsplit

from chalicelib.domain.credentials import GlobusClient
from chalicelib.domain.sessions import LoginAttempt
from chalicelib.exceptions import SignInFailedError
from chalicelib.usecases.account.profiles import Identity
from chalicelib.web.monitoring import logger

SCOPES = ("openid", "profile", "email")
_TIMEOUT_SECONDS = 8.0
_CLOCK_LEEWAY_SECONDS = 60


def globus_origin() -> str:
    """The origin of Globus Auth, which forms of ours may lead to."""
    parts = urlsplit(_service_url())
    return f"{parts.scheme}://{parts.netloc}"


@cache
def _service_url() -> str:
    from globus_sdk.config import get_environment_name, get_service_url

    return str(get_service_url("auth", environment=get_environment_name())).rstrip("/")


class GlobusSignIn:
    """Signs people in with Globus.

    `globus_sdk` is imported when the first login needs it: pages do without it, and start sooner.

    Args:
        client: GAS's own id and secret at Globus.
    """

    def __init__(self, client: GlobusClient) -> None:
        from globus_sdk import ConfidentialAppAuthClient
        from globus_sdk.transport import RequestsTransport, RetryConfig

        self._client_id = client.client_id
        self._auth = ConfidentialAppAuthClient(
            client.client_id, client.client_secret, app_name="GAS",
            transport=RequestsTransport(http_timeout=_TIMEOUT_SECONDS),
            retry_config=RetryConfig(max_retries=1, max_sleep=1))

    def login_url(self, attempt: LoginAttempt, redirect_uri: str) -> str:
        """Where the browser goes to sign in."""
        self._auth.oauth2_start_flow(redirect_uri, list(SCOPES), state=attempt.state)
        return str(self._auth.oauth2_get_authorize_url(query_params={
            "nonce": attempt.nonce,
            "code_challenge": code_challenge(attempt.code_verifier),
            "code_challenge_method": "S256",
        }))

    def finish(self, attempt: LoginAttempt, code: str, redirect_uri: str) -> Identity:
        """Exchange the code, and check who Globus says it is.

        The id token says it. GAS has no use for the access tokens that come with it, and revokes them at once.

        Raises:
            SignInFailedError: Globus refuses the code or cannot be reached, or its id token is not genuine or not meant
                for this login.
        """
        import globus_sdk
        import jwt

        try:
            answer = self._auth.oauth2_token({
                "grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri,
                "code_verifier": attempt.code_verifier})
            configuration = self._auth.get_openid_configuration().data
            claims: dict[str, Any] = answer.decode_id_token(
                openid_configuration=configuration, jwt_params={"leeway": _CLOCK_LEEWAY_SECONDS})
        except globus_sdk.GlobusAPIError as error:
            logger.warning("Globus refused the code", status=error.http_status, answer=error.code)
            raise SignInFailedError("Globus did not accept this sign-in.") from error
        except globus_sdk.NetworkError as error:
            logger.warning("Globus cannot be reached", exc_info=error)
            raise SignInFailedError("Globus cannot be reached right now.", "Try again in a few minutes.") from error
        except (jwt.PyJWTError, KeyError) as error:
            logger.warning("the id token is not genuine", exc_info=error)
            raise SignInFailedError() from error
        self._check_meant_for(attempt, claims, str(configuration.get("issuer", "")))
        self._revoke(_access_tokens(answer.by_resource_server))
        return _identity(claims)

    def _check_meant_for(self, attempt: LoginAttempt, claims: dict[str, Any], issuer: str) -> None:
        nonce = str(claims.get("nonce", ""))
        if not hmac.compare_digest(nonce.encode(), attempt.nonce.encode()) or claims.get("iss") != issuer:
            logger.warning("the id token is not meant for this login", issuer=claims.get("iss"))
            raise SignInFailedError()

    def _revoke(self, tokens: tuple[str, ...]) -> None:
        """Revoke access tokens. One that cannot be revoked expires on its own; signing in goes on."""
        import globus_sdk

        for token in tokens:
            try:
                self._auth.oauth2_revoke_token(token)
            except globus_sdk.GlobusError as error:
                logger.warning("a token could not be revoked", exc_info=error)

    def logout_url(self, return_url: str) -> str:
        """Where the browser signs out of Globus too; from there a link leads to `return_url`."""
        return f"{_service_url()}/v2/web/logout?" + urlencode({
            "client_id": self._client_id, "redirect_uri": return_url, "redirect_name": "GAS"})


def code_challenge(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier (RFC 7636, section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _identity(claims: dict[str, Any]) -> Identity:
    username = str(claims.get("preferred_username") or "")
    return Identity(
        identity_id=str(claims["sub"]),
        name=str(claims.get("name") or username or claims["sub"]),
        email=str(claims.get("email") or ""),
        institution=str(claims.get("organization") or claims.get("identity_provider_display_name") or ""))


def _access_tokens(by_resource_server: dict[str, dict[str, Any]]) -> tuple[str, ...]:
    return tuple(str(entry["access_token"]) for entry in by_resource_server.values() if entry.get("access_token"))
