"""How GAS speaks to AWS: regional addresses, and answers that fit into the time that a request has."""
from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.aws import clients
from chalicelib.aws.s3.files import FileStore

API_SECONDS = 29
"""API Gateway gives up then."""


@pytest.fixture
def region(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[str]:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", request.param)
    clients.client.cache_clear()
    clients._session.cache_clear()
    yield request.param
    clients.client.cache_clear()
    clients._session.cache_clear()


@pytest.mark.parametrize("region", ["eu-central-1", "eu-south-1", "us-east-1"], indirect=True)
def test_links_and_forms_name_the_regions_own_host(region: str) -> None:
    """S3's global host answers 307 for young buckets, and 400 in newer regions."""
    files = FileStore("the-inputs", "the-results", "the-archive")
    host = f"https://the-inputs.s3.{region}.amazonaws.com"
    assert files.presign_upload("u/j/", 10, "", 60).url.rstrip("/") == host
    assert files.presign_part_request("upload_part", 60, "k", {"UploadId": "u", "PartNumber": 1}).startswith(host)
    assert files.origin("the-inputs") == host
    for link in (files.presign_download("the-results", "k", "a.vcf", 60),
                 files.presign_reading("the-results", "k", 60)):
        assert link.startswith(f"https://the-results.s3.{region}.amazonaws.com/")


@pytest.mark.parametrize("region", ["us-east-1"], indirect=True)
def test_an_endpoint_of_its_own_has_no_subdomains(region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    clients.client.cache_clear()
    assert FileStore("b", "r").presign_reading("r", "k", 60).startswith("http://127.0.0.1:4566/r/k?")


@pytest.mark.parametrize("region", ["eu-central-1"], indirect=True)
@pytest.mark.parametrize("service", ["dynamodb", "sqs", "sns", "sesv2", "secretsmanager"])
def test_all_attempts_of_a_call_fit_into_a_request(region: str, service: str) -> None:
    config = clients.client(service).meta.config
    assert (config.connect_timeout + config.read_timeout) * config.retries["total_max_attempts"] < API_SECONDS
