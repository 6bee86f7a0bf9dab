"""What the development identity provider does: the part of Globus Auth that GAS uses, in memory.

It follows OAuth 2.0 (RFC 6749), PKCE (RFC 7636), token introspection (RFC 7662), revocation (RFC 7009) and
OpenID Connect Core 1.0 as Globus Auth serves them, and is stricter in one thing: a login must use PKCE with
S256. It knows nothing of HTTP; `infra/local/identity.py` does.
"""
from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from chalicelib.clock import Clock, NewToken
from infra.local.identity_records import Client, Grant, Login, OAuthError, Token, UnsafeRedirectError
from infra.local.people import find_person

SIGNING_ALGORITHM = "RS512"
"""What Globus Auth signs its id tokens with: a client that expects RS256 would fail there."""

CODE_LIFETIME = 300
"""Seconds from the person's choice until the code is void."""
TOKEN_LIFETIME = 172_800
"""Seconds: two days, as at Globus Auth."""
AUTH_RESOURCE_SERVER = "auth.globus.org"
_SCOPE_PREFIX = "urn:globus:auth:scope:"


@dataclass
class IdentityProvider:
    """Logins, codes and tokens of one start of the provider.

    Attributes:
        issuer: Its address, without a slash at the end.
        key: What id tokens are signed with.
    """

    issuer: str
    client: Client
    key: RSAPrivateKey
    clock: Clock
    new_token: NewToken
    _logins: dict[str, Login] = field(default_factory=dict)
    _codes: dict[str, Grant] = field(default_factory=dict)
    _tokens: dict[str, Token] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def configuration(self) -> dict[str, Any]:
        """The OpenID Connect discovery document."""
        oauth2 = f"{self.issuer}/v2/oauth2"
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{oauth2}/authorize",
            "token_endpoint": f"{oauth2}/token",
            "userinfo_endpoint": f"{oauth2}/userinfo",
            "introspection_endpoint": f"{oauth2}/token/introspect",
            "revocation_endpoint": f"{oauth2}/token/revoke",
            "jwks_uri": f"{self.issuer}/jwk.json",
            "scopes_supported": ["openid", "profile", "email"],
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [SIGNING_ALGORITHM],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "code_challenge_methods_supported": ["S256"],
            "claims_supported": [
                "at_hash", "aud", "email", "exp", "iat", "identity_provider",
                "identity_provider_display_name", "identity_set", "iss", "last_authentication", "name",
                "nonce", "organization", "preferred_username", "sub"],
        }

    def keys(self) -> dict[str, Any]:
        """The public keys, as a JSON Web Key Set."""
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [{**public, "use": "sig", "alg": SIGNING_ALGORITHM, "kid": self._key_id}]}

    @property
    def _key_id(self) -> str:
        return hashlib.sha256(str(self.key.public_key().public_numbers().n).encode()).hexdigest()[:16]

    def begin(self, query: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
        """Begins a login.

        Args:
            query: The parameters of the authorization request.

        Returns:
            The single-use token of the choice, and the scopes asked for.

        Raises:
            UnsafeRedirectError: The client or the redirect address is not registered.
            OAuthError: Anything else; it is sent to the redirect address.
        """
        if query.get("client_id") != self.client.client_id:
            raise UnsafeRedirectError("No application is registered under this client id.")
        if query.get("redirect_uri") not in self.client.redirect_uris:
            raise UnsafeRedirectError(f"The application has not registered the redirect address "
                                      f"{query.get('redirect_uri') or '(none)'}.")
        if query.get("response_type") != "code":
            raise OAuthError("unsupported_response_type", "only the authorization code flow is served")
        scopes = tuple(query.get("scope", "").split())
        if "openid" not in scopes:
            raise OAuthError("invalid_scope", "the scope openid is missing")
        if query.get("code_challenge_method") != "S256" or not query.get("code_challenge"):
            raise OAuthError("invalid_request", "a login must bring a PKCE code challenge made with S256")
        interaction = self.new_token()
        now = self.clock()
        with self._lock:
            self._drop_expired(now)
            self._logins[interaction] = Login(
                redirect_uri=query["redirect_uri"], scopes=scopes, state=query.get("state", ""),
                nonce=query.get("nonce", ""), challenge=query["code_challenge"],
                offline=query.get("access_type") == "offline", expires=now + CODE_LIFETIME)
        return interaction, scopes

    def choose(self, interaction: str, identity: str) -> str:
        """Ends a login with the person's choice.

        Args:
            interaction: What `begin` returned.
            identity: `sub` of a person; anything else is a refusal.

        Returns:
            The address to send the browser to.

        Raises:
            UnsafeRedirectError: The login is unknown, over or already used.
        """
        now = self.clock()
        with self._lock:
            login = self._logins.pop(interaction, None)
            if login is None or login.expires <= now:
                raise UnsafeRedirectError("This sign-in has ended. Go back to GAS and start again.")
            person = find_person(identity)
            if person is None:
                return redirect_address(login.redirect_uri, {
                    "error": "access_denied", "error_description": "The user refused to sign in.",
                    "state": login.state})
            code = self.new_token()
            self._codes[code] = Grant(login=login, person=person, authenticated=now,
                                       expires=now + CODE_LIFETIME)
        return redirect_address(login.redirect_uri, {"code": code, "state": login.state})

    def authenticate_client(self, authorization: str) -> None:
        """Checks the client's id and secret.

        Args:
            authorization: The request's Authorization header.

        Raises:
            OAuthError: They are missing or wrong.
        """
        scheme, _, credentials = authorization.partition(" ")
        try:
            given = base64.b64decode(credentials, validate=True) if scheme.lower() == "basic" else b""
        except ValueError:
            given = b""
        expected = f"{self.client.client_id}:{self.client.client_secret}".encode()
        if not hmac.compare_digest(given, expected):
            raise OAuthError("invalid_client", "client id or secret is wrong", 401)

    def token(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Exchanges a code, or a refresh token, for tokens. The client is authenticated already.

        Raises:
            OAuthError: The grant is unknown, used, expired or not this client's.
        """
        now = self.clock()
        if form.get("grant_type") == "authorization_code":
            with self._lock:
                grant = self._codes.pop(form.get("code", ""), None)
            if grant is None or grant.expires <= now:
                raise OAuthError("invalid_grant", "the code is unknown, expired or was used before")
            if form.get("redirect_uri") != grant.login.redirect_uri:
                raise OAuthError("invalid_grant", "the redirect address is not the one the login began with")
            if not hmac.compare_digest(s256(form.get("code_verifier", "")), grant.login.challenge):
                raise OAuthError("invalid_grant", "the PKCE verifier does not belong to this login")
        elif form.get("grant_type") == "refresh_token":
            with self._lock:
                held = self._tokens.get(form.get("refresh_token", ""))
            if held is None or held.kind != "refresh":
                raise OAuthError("invalid_grant", "the refresh token is unknown or was revoked")
            grant = held.grant
        else:
            raise OAuthError("unsupported_grant_type", "only authorization_code and refresh_token are served")
        return self._issue(grant, now)

    def _issue(self, grant: Grant, now: int) -> dict[str, Any]:
        by_server: dict[str, list[str]] = {AUTH_RESOURCE_SERVER: []}
        for scope in grant.login.scopes:
            by_server.setdefault(_resource_server(scope), []).append(scope)
        answers = [self._issue_for(grant, server, tuple(scopes), now) for server, scopes in by_server.items()]
        answer, others = answers[0], answers[1:]
        claims = {"iss": self.issuer, "aud": self.client.client_id, "iat": now, "exp": now + TOKEN_LIFETIME,
                  "at_hash": _left_half_hash(answer["access_token"]),
                  **grant.person.claims(frozenset(grant.login.scopes), grant.authenticated)}
        if grant.login.nonce:
            claims["nonce"] = grant.login.nonce
        id_token = jwt.encode(claims, self.key, algorithm=SIGNING_ALGORITHM, headers={"kid": self._key_id})
        return {**answer, "id_token": id_token, "state": grant.login.state, "other_tokens": others}

    def _issue_for(self, grant: Grant, server: str, scopes: tuple[str, ...], now: int) -> dict[str, Any]:
        token = Token(person=grant.person, scopes=scopes, resource_server=server, issued=now,
                       expires=now + TOKEN_LIFETIME, grant=grant)
        answer: dict[str, Any] = {
            "access_token": self.new_token(), "scope": " ".join(scopes), "expires_in": TOKEN_LIFETIME,
            "token_type": "Bearer", "resource_server": server,
        }
        with self._lock:
            self._tokens[answer["access_token"]] = token
            if grant.login.offline:
                answer["refresh_token"] = self.new_token()
                self._tokens[answer["refresh_token"]] = Token(
                    person=grant.person, scopes=scopes, resource_server=server, issued=now,
                    expires=now + 180 * 86_400, grant=grant, kind="refresh")
        return answer

    def _live(self, token: str) -> Token | None:
        with self._lock:
            held = self._tokens.get(token)
        return held if held is not None and held.expires > self.clock() else None

    def userinfo(self, authorization: str) -> dict[str, Any]:
        """The claims of the person an access token stands for.

        Args:
            authorization: The request's Authorization header.

        Raises:
            OAuthError: The token is not alive, or is for another resource server.
        """
        scheme, _, token = authorization.partition(" ")
        held = self._live(token) if scheme.lower() == "bearer" else None
        if held is None or held.kind != "access":
            raise OAuthError("invalid_token", "the access token is unknown, expired or was revoked", 401)
        if "openid" not in held.scopes:
            raise OAuthError("insufficient_scope", "the access token does not have the scope openid", 403)
        return held.person.claims(frozenset(held.scopes), held.grant.authenticated)

    def introspect(self, token: str) -> dict[str, Any]:
        """What a token is worth."""
        held = self._live(token)
        if held is None:
            return {"active": False}
        return {"active": True, "token_type": "Bearer", "scope": " ".join(held.scopes),
                "client_id": self.client.client_id, "sub": held.person.sub, "username": held.person.username,
                "name": held.person.name, "email": held.person.email, "iss": self.issuer,
                "aud": [held.resource_server, self.client.client_id],
                "iat": held.issued, "nbf": held.issued, "exp": held.expires}

    def revoke(self, token: str) -> dict[str, Any]:
        """Makes a token void. An unknown token is answered alike."""
        with self._lock:
            self._tokens.pop(token, None)
        return {"active": False}

    def _drop_expired(self, now: int) -> None:
        for held in (self._logins, self._codes, self._tokens):
            for name in [name for name, value in held.items() if value.expires <= now]:
                del held[name]


def redirect_address(address: str, parameters: Mapping[str, str]) -> str:
    """An address with parameters added to its query; empty ones are left out."""
    given = urlencode({name: value for name, value in parameters.items() if value})
    return f"{address}{'&' if urlsplit(address).query else '?'}{given}"


def s256(verifier: str) -> str:
    """The PKCE challenge of a verifier (RFC 7636, 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _left_half_hash(token: str) -> str:
    """`at_hash` of OpenID Connect Core 3.1.3.6, for SHA-512."""
    return base64.urlsafe_b64encode(hashlib.sha512(token.encode()).digest()[:32]).rstrip(b"=").decode()


def _resource_server(scope: str) -> str:
    """The service a scope is of: the OpenID scopes belong to Globus Auth itself."""
    if not scope.startswith(_SCOPE_PREFIX):
        return AUTH_RESOURCE_SERVER
    return scope.removeprefix(_SCOPE_PREFIX).split(":", 1)[0]
