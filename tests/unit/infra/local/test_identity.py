"""The development identity provider, driven by the SDK that GAS itself uses."""
from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from wsgiref.simple_server import make_server

import globus_sdk
import pytest
import requests

from chalicelib.clock import random_token
from infra.local import identity
from infra.local.identity import Application, load_key
from infra.local.identity_provider import (
    CODE_LIFETIME,
    TOKEN_LIFETIME,
    Client,
    IdentityProvider,
    s256,
)
from infra.local.people import PEOPLE

AuthClient = globus_sdk.ConfidentialAppAuthClient
CALLBACK = "http://gas.localhost:9/authcallback"
VERIFIER = "a-verifier-of-at-least-forty-three-characters-long"
SCOPES = "openid profile email"


class Now:
    """A clock that tests move."""

    def __init__(self) -> None:
        # id tokens are checked by the SDK against the machine's own time
        from chalicelib.clock import system_clock
        self.time = system_clock()

    def __call__(self) -> int:
        return self.time


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory):
    return load_key(tmp_path_factory.mktemp("keys") / "key.pem")


@pytest.fixture
def provider(key) -> IdentityProvider:
    client = Client(client_id="3a1f3e0c-8a4c-4f57-9f0a-0b5f3f6f0001",
                    client_secret="a+secret/with=odd:letters", redirect_uris=(CALLBACK,))
    return IdentityProvider(issuer="", client=client, key=key, clock=Now(), new_token=random_token)


@pytest.fixture
def address(provider: IdentityProvider) -> Iterator[str]:
    with make_server("127.0.0.1", 0, Application(provider), server_class=identity._Server,
                     handler_class=identity._Handler) as server:
        provider.issuer = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield provider.issuer
        server.shutdown()
        thread.join()


@pytest.fixture
def sdk(address: str, provider: IdentityProvider) -> AuthClient:
    return AuthClient(
        provider.client.client_id, provider.client.client_secret, base_url=address,
        retry_config=globus_sdk.transport.RetryConfig(max_retries=0))


def begin(sdk: AuthClient, scopes: str = SCOPES, offline: bool = False,
          **parameters: str) -> requests.Response:
    sdk.oauth2_start_flow(CALLBACK, scopes, state="the-state", refresh_tokens=offline)
    asked = {"nonce": "the-nonce", "code_challenge": s256(VERIFIER), "code_challenge_method": "S256",
             **parameters}
    return requests.get(sdk.oauth2_get_authorize_url(query_params=asked), allow_redirects=False, timeout=5)


def choose(sdk: AuthClient, page: requests.Response, identity: str) -> requests.Response:
    interaction = re.search(r'name="interaction" value="([^"]+)"', page.text)
    assert interaction is not None
    return requests.post(f"{sdk.base_url.rstrip('/')}/v2/oauth2/authorize", allow_redirects=False, timeout=5,
                         data={"interaction": interaction[1], "identity": identity})


def returned(response: requests.Response) -> dict[str, str]:
    assert response.status_code == 303
    address = urlsplit(response.headers["Location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == CALLBACK
    return {name: values[0] for name, values in parse_qs(address.query).items()}


def exchange(sdk: AuthClient, code: str, verifier: str = VERIFIER,
             redirect_uri: str = CALLBACK) -> globus_sdk.OAuthTokenResponse:
    return sdk.oauth2_token({"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri,
                             "code_verifier": verifier})


def sign_in(sdk: AuthClient, person=PEOPLE[0], **asked) -> globus_sdk.OAuthTokenResponse:
    return exchange(sdk, returned(choose(sdk, begin(sdk, **asked), person.sub))["code"])


def test_login_gives_tokens_and_a_verified_id_token(sdk, address):
    answer = returned(choose(sdk, begin(sdk), PEOPLE[2].sub))
    assert answer["state"] == "the-state"
    tokens = exchange(sdk, answer["code"])
    granted = tokens.by_resource_server["auth.globus.org"]
    assert granted["scope"] == SCOPES
    assert tokens["expires_in"] == TOKEN_LIFETIME
    assert tokens["other_tokens"] == []
    assert granted["refresh_token"] is None
    claims = tokens.decode_id_token()
    assert claims["iss"] == address
    assert claims["nonce"] == "the-nonce"
    assert claims["sub"] == PEOPLE[2].sub
    assert claims["name"] == "Lucía Ibáñez O’Shea"
    assert claims["email"] == "lucia.ibanez@sanelmo.example"
    assert claims["organization"] == "Hospital Clínico San Elmo"
    assert claims["preferred_username"] == "lucia@sanelmo.example"
    assert claims["identity_provider_display_name"] == "Hospital Clínico San Elmo"


def test_page_offers_everybody_and_a_refusal_without_foreign_assets(sdk):
    page = begin(sdk)
    assert page.status_code == 200
    assert all(person.sub in page.text for person in PEOPLE)
    assert len({person.sub for person in PEOPLE}) == len(PEOPLE)
    assert "Refuse" in page.text
    assert '<html lang="en">' in page.text
    assert not re.search(r"<script|https?://", page.text)
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"


def test_refusal_goes_back_as_access_denied(sdk):
    answer = returned(choose(sdk, begin(sdk), "refuse"))
    assert answer["error"] == "access_denied"
    assert answer["state"] == "the-state"
    assert "code" not in answer


def test_a_person_without_an_organization(sdk):
    claims = sign_in(sdk, PEOPLE[4]).decode_id_token()
    assert claims["organization"] is None
    assert claims["identity_provider_display_name"] == "ORCID"


def test_userinfo_introspection_and_revocation(sdk):
    token = sign_in(sdk)["access_token"]
    user = globus_sdk.AuthClient(authorizer=globus_sdk.AccessTokenAuthorizer(token), base_url=sdk.base_url)
    info = user.userinfo()
    assert info["sub"] == PEOPLE[0].sub
    assert info["email"] == PEOPLE[0].email
    worth = sdk.post("/v2/oauth2/token/introspect", data={"token": token}, encoding="form")
    assert worth["active"] is True
    assert worth["username"] == PEOPLE[0].username
    assert sdk.client_id in worth["aud"]
    assert sdk.oauth2_revoke_token(token)["active"] is False
    worth = sdk.post("/v2/oauth2/token/introspect", data={"token": token}, encoding="form")
    assert worth.data == {"active": False}
    with pytest.raises(globus_sdk.GlobusAPIError) as refused:
        user.userinfo()
    assert refused.value.http_status == 401


def test_scopes_of_other_services_come_as_other_tokens(sdk):
    transfer = "urn:globus:auth:scope:transfer.api.globus.org:all"
    tokens = sign_in(sdk, scopes=f"{SCOPES} {transfer}")
    assert tokens.by_resource_server["transfer.api.globus.org"]["scope"] == transfer
    assert tokens.by_resource_server["auth.globus.org"]["scope"] == SCOPES


def test_offline_access_refreshes(sdk):
    tokens = sign_in(sdk, offline=True)
    again = sdk.oauth2_refresh_token(tokens["refresh_token"])
    assert again["access_token"] != tokens["access_token"]
    sdk.oauth2_revoke_token(tokens["refresh_token"])
    with pytest.raises(globus_sdk.AuthAPIError, match="invalid_grant"):
        sdk.oauth2_refresh_token(tokens["refresh_token"])


def test_a_code_works_once(sdk):
    code = returned(choose(sdk, begin(sdk), PEOPLE[0].sub))["code"]
    exchange(sdk, code)
    with pytest.raises(globus_sdk.AuthAPIError, match="invalid_grant"):
        exchange(sdk, code)


@pytest.mark.parametrize("wrong", [{"verifier": "another-verifier-of-more-than-forty-three-characters"},
                                   {"verifier": ""},
                                   {"redirect_uri": "http://gas.localhost:9/elsewhere"}])
def test_a_code_needs_its_own_verifier_and_redirect_address(sdk, wrong):
    code = returned(choose(sdk, begin(sdk), PEOPLE[0].sub))["code"]
    with pytest.raises(globus_sdk.AuthAPIError, match="invalid_grant"):
        exchange(sdk, code, **wrong)


def test_codes_and_tokens_expire(sdk, provider):
    code = returned(choose(sdk, begin(sdk), PEOPLE[0].sub))["code"]
    provider.clock.time += CODE_LIFETIME
    with pytest.raises(globus_sdk.AuthAPIError, match="invalid_grant"):
        exchange(sdk, code)
    token = sign_in(sdk)["access_token"]
    provider.clock.time += TOKEN_LIFETIME
    assert provider.introspect(token) == {"active": False}


def test_a_choice_cannot_be_sent_twice(sdk):
    page = begin(sdk)
    choose(sdk, page, PEOPLE[0].sub)
    again = choose(sdk, page, PEOPLE[0].sub)
    assert again.status_code == 400
    assert "Location" not in again.headers


def test_wrong_client_secret_is_refused(sdk, address):
    code = returned(choose(sdk, begin(sdk), PEOPLE[0].sub))["code"]
    stranger = AuthClient(sdk.client_id, "wrong", base_url=address)
    with pytest.raises(globus_sdk.AuthAPIError) as refused:
        exchange(stranger, code)
    assert refused.value.http_status == 401
    # a thief without the secret must not be able to spend the code, either
    assert exchange(sdk, code)["access_token"]


@pytest.mark.parametrize("parameters", [{"redirect_uri": "http://evil.example/authcallback"},
                                        {"redirect_uri": CALLBACK + "/"}, {"client_id": "somebody-else"}])
def test_unregistered_redirects_are_shown_not_followed(sdk, parameters):
    answer = begin(sdk, **parameters)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


@pytest.mark.parametrize(("parameters", "error"), [
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge": ""}, "invalid_request"),
    ({"scope": "profile"}, "invalid_scope"),
    ({"response_type": "token"}, "unsupported_response_type"),
])
def test_faulty_requests_go_back_with_an_error(sdk, parameters, error):
    answer = returned(begin(sdk, **parameters))
    assert answer["error"] == error
    assert answer["state"] == "the-state"


def test_logout_leads_back_to_the_application_only(sdk, address):
    def logout(**query: str) -> str:
        return requests.get(f"{address}/v2/web/logout", params=query, timeout=5).text

    ours = {"client_id": sdk.client_id, "redirect_name": "GAS"}
    assert 'href="http://gas.localhost:9/"' in logout(redirect_uri="http://gas.localhost:9/", **ours)
    assert "Continue to GAS" in logout(redirect_uri="http://gas.localhost:9/", **ours)
    assert "href" not in logout(redirect_uri="http://evil.example/", **ours)
    assert "href" not in logout(redirect_uri="http://gas.localhost:9/")


def test_unknown_paths_methods_and_large_forms(address):
    assert requests.get(f"{address}/nowhere", timeout=5).status_code == 404
    assert requests.get(f"{address}/v2/oauth2/token", timeout=5).status_code == 405
    large = requests.post(f"{address}/v2/oauth2/authorize", data={"interaction": "x" * 70_000}, timeout=5)
    assert large.status_code == 413


def test_the_key_is_kept_and_private(tmp_path: Path):
    path = tmp_path / "deep" / "key.pem"
    first = load_key(path)
    assert path.stat().st_mode & 0o077 == 0
    assert load_key(path).private_numbers() == first.private_numbers()
