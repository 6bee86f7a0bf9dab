"""Globus Auth, as far as a login needs it: its answers are canned, its key is made here."""
from __future__ import annotations

import base64
import hashlib
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import responses
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

CLIENT_ID = "8f0b7e3c-0000-4000-8000-000000000001"
IDENTITY = "11111111-1111-4111-8111-111111111111"
AUTH = "https://auth.globus.org"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class FakeGlobus:
    """Answers like Globus Auth; codes are good once, and only with their PKCE verifier.

    `claims` overrides what the id token says; `key` signs it.
    """

    mock: responses.RequestsMock
    claims: dict[str, Any] = field(default_factory=dict)
    key: rsa.RSAPrivateKey = KEY
    revoked: list[str] = field(default_factory=list)
    _codes: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        public = {**RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": "1", "alg": "RS256", "use": "sig"}
        self.mock.add_callback(responses.POST, f"{AUTH}/v2/oauth2/token", self._token)
        self.mock.add_callback(responses.POST, f"{AUTH}/v2/oauth2/token/revoke", self._revoke)
        self.mock.get(f"{AUTH}/jwk.json", json={"keys": [public]})
        self.mock.get(f"{AUTH}/.well-known/openid-configuration", json={
            "issuer": AUTH, "jwks_uri": f"{AUTH}/jwk.json", "id_token_signing_alg_values_supported": ["RS256"]})

    def consent(self, login_url: str, code: str = "code-1") -> str:
        """The person signs in at `login_url` and is sent back: the path that the browser then asks for."""
        asked = parse_qs(urlsplit(login_url).query)
        self._codes[code] = asked
        back = urlsplit(asked["redirect_uri"][0])
        return f"{back.path}?code={code}&state={asked['state'][0]}"

    def _token(self, request: Any) -> tuple[int, dict[str, str], str]:
        form = {name: values[0] for name, values in parse_qs(request.body).items()}
        asked = self._codes.pop(form["code"], None)
        basic = base64.b64encode(f"{CLIENT_ID}:not-a-secret".encode()).decode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if asked is None or request.headers["Authorization"] != f"Basic {basic}" \
                or asked["code_challenge"] != [challenge.decode()] or asked["code_challenge_method"] != ["S256"] \
                or asked["redirect_uri"] != [form["redirect_uri"]]:
            return 400, {}, json.dumps({"error": "invalid_grant"})
        now = int(time.time())  # PyJWT looks at the machine's own clock
        claims = {"iss": AUTH, "aud": CLIENT_ID, "sub": IDENTITY, "iat": now, "exp": now + 600,
                  "nonce": asked["nonce"][0], "name": "Ada Lovelace", "email": "ada@example.org",
                  "organization": "Analytical Engines", "preferred_username": "ada@example.org", **self.claims}
        return 200, {}, json.dumps({
            "access_token": "access-1", "token_type": "Bearer", "expires_in": 3600, "scope": "openid profile email",
            "resource_server": "auth.globus.org", "other_tokens": [],
            "id_token": jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "1"})})

    def _revoke(self, request: Any) -> tuple[int, dict[str, str], str]:
        self.revoked += parse_qs(request.body)["token"]
        return 200, {}, '{"active": false}'
