"""A browser without a screen: requests go through Chalice's test client into the real app, with moto behind it."""
from __future__ import annotations

import hashlib
import html
import itertools
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import boto3
import pytest
from chalice.test import Client
from moto import mock_aws

from app import app
from chalicelib.aws import clients
from chalicelib.aws.sqs import WorkQueue
from chalicelib.domain.jobs import Job
from chalicelib.domain.profiles import Profile
from chalicelib.domain.sessions import Session
from chalicelib.services import Services
from chalicelib.web.http import runtime
from tests.conftest import REGION, moto_template
from tests.job_records import job_of

HOST = "gas.example.org"
ORIGIN = f"https://{HOST}"
HTML = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"
JOB_ID = "22222222-2222-4222-8222-222222222222"


class _Text(HTMLParser):
    """The text of a page, without its markup."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, Any]
    body: bytes
    json: Any

    @property
    def html(self) -> str:
        return self.body.decode()

    @property
    def text(self) -> str:
        """The page's text, spaces collapsed."""
        parser = _Text()
        parser.feed(self.html)
        return " ".join(" ".join(parser.pieces).split())

    @property
    def cookies(self) -> list[str]:
        """The Set-Cookie headers."""
        return list(self.headers.get("Set-Cookie", []))

    def field(self, name: str) -> str:
        """The value of the first form field of this name."""
        found = re.search(rf'<input[^>]*name="{re.escape(name)}"[^>]*value="([^"]*)"', self.html)
        assert found, f"no field {name} in the page"
        return html.unescape(found.group(1))


@dataclass
class Browser:
    """Sends requests as a browser at the site's own address would, and keeps cookies."""

    client: Client
    jar: dict[str, str] = field(default_factory=dict)

    def request(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Answer:
        sent = {"Host": HOST, "Accept": HTML}
        if self.jar:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        response = self.client.http.request(method, path, headers={**sent, **(headers or {})}, body=body)
        answer = Answer(response.status_code, response.headers, response.body, response.json_body)
        for cookie in answer.cookies:
            name, _, value = cookie.partition(";")[0].partition("=")
            if value:
                self.jar[name] = value
            else:
                self.jar.pop(name, None)
        return answer

    def get(self, path: str, **headers: str) -> Answer:
        return self.request("GET", path, _named(headers))

    def get_json(self, path: str) -> Answer:
        return self.request("GET", path, {"Accept": "application/json"})

    def post(self, path: str, fields: dict[str, str] | None = None, **headers: str) -> Answer:
        """Send a form of the site's, with the token that its page has."""
        token = {"csrf_token": self.get("/logout").field("csrf_token")} if fields is None else fields
        return self.request("POST", path, {"Content-Type": "application/x-www-form-urlencoded", "Origin": ORIGIN,
                                           **_named(headers)}, urlencode(token).encode())


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.fixture(scope="module")
def web_stack() -> Iterator[dict[str, str]]:
    """AWS by moto, as the `aws` that other tests have, but made once a module: pages only need it empty."""
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
            environment.delenv(name, raising=False)
        for name, value in (("AWS_ACCESS_KEY_ID", "testing"), ("AWS_SECRET_ACCESS_KEY", "testing"),
                            ("AWS_DEFAULT_REGION", REGION), ("POWERTOOLS_METRICS_NAMESPACE", "GAS/test")):
            environment.setenv(name, value)
        _forget_clients()
        cloudformation = boto3.client("cloudformation")
        cloudformation.create_stack(StackName="gas-web-test", TemplateBody=moto_template(),
                                    Parameters=[{"ParameterKey": "Stage", "ParameterValue": "test"}])
        made = cloudformation.describe_stacks(StackName="gas-web-test")["Stacks"][0]
        boto3.client("secretsmanager").create_secret(Name="gas/globus", SecretString=json.dumps(
            {"client_id": "8f0b7e3c-0000-4000-8000-000000000001", "client_secret": "not-a-secret"}))
        yield {output["OutputKey"]: output["OutputValue"] for output in made["Outputs"]}
    _forget_clients()


@pytest.fixture
def aws(web_stack: dict[str, str]) -> Iterator[dict[str, str]]:
    """The module's AWS, emptied after each test."""
    yield web_stack
    dynamodb = boto3.client("dynamodb")
    for table, key in (("AnnotationsTable", "job_id"), ("ProfilesTable", "identity_id"),
                       ("SessionsTable", "session_id")):
        for item in dynamodb.scan(TableName=web_stack[table])["Items"]:
            dynamodb.delete_item(TableName=web_stack[table], Key={key: item[key]})


def _forget_clients() -> None:
    clients.client.cache_clear()
    clients._session.cache_clear()


@pytest.fixture
def web(services: Services) -> Iterator[Services]:
    """The services that pages work with, in this test."""
    here = replace(services, archive_queue=_new_queue(), restore_queue=_new_queue(), notify_queue=_new_queue(),
                   uploads_queue=_new_queue())
    runtime.use(here)
    yield here
    runtime.use(None)


_queue_numbers = itertools.count(1)


def _new_queue() -> WorkQueue:
    """A queue of this test's own, as one cannot be emptied twice in a minute."""
    name = f"web-test-{next(_queue_numbers)}"
    return WorkQueue(boto3.client("sqs").create_queue(QueueName=name)["QueueUrl"])


@pytest.fixture
def visitor(web: Services) -> Browser:
    """A browser that is not signed in."""
    return Browser(Client(app))


@pytest.fixture
def sign_in(web: Services) -> Callable[[Profile], Browser]:
    """Gives browsers that are signed in, without going through Globus."""
    def signed_in(profile: Profile) -> Browser:
        token = f"cookie-of-{profile.identity_id}"
        web.sessions.put(Session(session_id=hashlib.sha256(token.encode()).hexdigest(), user_id=profile.identity_id,
                                 csrf_token=f"csrf-of-{profile.identity_id}", created=web.clock(),
                                 expires=web.clock() + 12 * 3600))
        return Browser(Client(app), {"__Host-gas_session": token})
    return signed_in


@pytest.fixture
def ada(make_profile: Callable[..., Profile]) -> Profile:
    return make_profile()


@pytest.fixture
def browser(ada: Profile, sign_in: Callable[[Profile], Browser]) -> Browser:
    """Ada's browser, signed in."""
    return sign_in(ada)


@pytest.fixture
def make_job(web: Services, ada: Profile) -> Callable[..., Job]:
    """Makes jobs of Ada's in the table."""
    def make(**values: Any) -> Job:
        job_id = values.pop("job_id", JOB_ID)
        user_id = values.pop("user_id", ada.identity_id)
        name = values.pop("input_file_name", "free_1.vcf")
        job = job_of(
            **{
                "job_id": job_id,
                "user_id": user_id,
                "input_file_name": name,
                "input_file_size": 98_304,
                "s3_inputs_bucket": web.settings.inputs_bucket,
                "s3_key_input_file": f"{user_id}/{job_id}/{name}",
                "submit_time": web.clock() - 60,
                "reference": "rCRS",
                **values,
            }
        )
        assert web.jobs.create(job)
        return job
    return make
