"""GAS over HTTP as a browser uses it: for `make demo` and the end-to-end tests.

Cookies, redirects through the sign-in and forms with hidden fields; no script is run.
"""
from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import IO, Any
from urllib.parse import urljoin, urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter

from infra.errors import OperatorError
from infra.local.people import Person

ENDED = frozenset({"COMPLETED", "FAILED", "CANCELLED"})
_JSON = {"Accept": "application/json"}
_BLOCK = 1024 * 1024


class LocalNames(HTTPAdapter):
    """Sends what is addressed to `*.localhost` to this machine: browsers do, Python's resolver may not."""

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        """Like the base class; request and response keep the name that was asked for."""
        asked = str(request.url)
        parts = urlsplit(asked)
        request.headers["Host"] = parts.netloc
        if (parts.hostname or "").endswith(".localhost"):
            request.url = urlunsplit(parts._replace(netloc=f"127.0.0.1:{parts.port or 80}"))
        try:
            response = super().send(request, *arguments, **options)
        finally:
            # What belongs to the wire only: redirects copy the request, and cookies are kept by its address.
            request.url = asked
            del request.headers["Host"]
        response.url = asked
        return response


@dataclass
class Form:
    """A form of a page.

    Attributes:
        fields: Hidden fields by name.
        buttons: Submit buttons: (name, value).
    """

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _FormParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(values.get("action", ""), values.get("method", "get").lower()))
            self._open = True
        elif self._open and tag == "input" and values.get("type") == "hidden":
            self.forms[-1].fields[values.get("name", "")] = values.get("value", "")
        elif self._open and tag == "button" and values.get("type", "submit") == "submit":
            self.forms[-1].buttons.append((values.get("name", ""), values.get("value", "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = False


def forms(page: str) -> list[Form]:
    """The forms of an HTML page."""
    parser = _FormParser()
    parser.feed(page)
    return parser.forms


class UnexpectedAnswerError(OperatorError):
    """The site answered something that a browser would stumble over, too."""

    def __init__(self, what: str, response: requests.Response) -> None:
        said = " ".join(response.text.split())[:300]
        super().__init__(f"{what}: {response.request.method} {response.url} gave {response.status_code}: {said}")
        self.response = response


class Browser:
    """One person's browser.

    Args:
        site: Where the site is, without a slash at the end.
        timeout: Seconds for each request.
    """

    def __init__(self, site: str, timeout: float = 60) -> None:
        self.site = site
        self.timeout = timeout
        self.session = requests.Session()
        self.session.trust_env = False  # a proxy of the operator's has nothing to do with this machine
        self.session.mount("http://", LocalNames())

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """Any request to the site, or to a whole address.

        A path may have the prefix of the site's address, as links on pages do, or lack it.
        """
        prefix = urlsplit(self.site).path
        if path.startswith("/") and not path.startswith(f"{prefix}/"):
            path = prefix + path
        return self.session.request(method, urljoin(f"{self.site}/", path), timeout=self.timeout, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        """A page."""
        return self.request("GET", path, **options)

    def get_json(self, path: str) -> dict[str, Any]:
        """A page's data.

        Raises:
            UnexpectedAnswerError: It does not come.
        """
        response = self.get(path, headers=_JSON, allow_redirects=False)
        if response.status_code != 200:
            raise UnexpectedAnswerError("No data", response)
        data: dict[str, Any] = response.json()
        return data

    def submit(self, page: requests.Response, form: Form, **fields: str) -> requests.Response:
        """Sends a form of a page with its hidden fields; follows redirects."""
        return self.session.request(form.method.upper(), urljoin(page.url, form.action),
                                    data={**form.fields, **fields}, timeout=self.timeout)

    # ---- sign in ---------------------------------------------------------------------------------------------
    def sign_in(self, person: Person | None, next_path: str = "/annotate") -> requests.Response:
        """From the sign-in page through the identity provider and back.

        Args:
            person: who; None refuses.
            next_path: Where to go afterwards.

        Returns:
            The page that is shown at the end.

        Raises:
            UnexpectedAnswerError: A step leads nowhere.
        """
        page = self.get("/login", params={"next": next_path})
        for _ in range(2):  # our own sign-in page, if it has a form; then the identity provider's
            choice = next((form for form in forms(page.text) if "interaction" in form.fields), None)
            if choice is not None:
                return self.submit(page, choice, identity=person.sub if person else "refuse")
            ours = next((form for form in forms(page.text) if urlsplit(form.action).path == "/login"), None)
            if ours is None:
                break
            page = self.submit(page, ours)
        raise UnexpectedAnswerError("The way to the sign-in was not found", page)

    # ---- upload and job --------------------------------------------------------------------------------------
    def upload(self, file: Path, name: str = "", reference: str = "") -> str:
        """Uploads a file as the page's form does.

        Args:
            name: What the browser calls the file; its own name when empty.
            reference: What is chosen in the form; what it offers first when empty.

        Returns:
            The job's id.

        Raises:
            UnexpectedAnswerError: S3 refused it, or did not send us back to the job's page.
        """
        offer = self.get_json("/annotate")
        if file.stat().st_size > offer["limit"]:
            raise OperatorError(f"{file.name} has {file.stat().st_size} bytes; your limit is {offer['limit']}.",
                                "A premium account has a higher one.")
        if reference:
            offer["upload"]["fields"]["x-amz-meta-reference"] = reference
        response = self.post_to_s3(offer, file, name or file.name)
        if response.status_code != 303:
            raise UnexpectedAnswerError("The upload was refused", response)
        landing = self.get(response.headers["Location"])
        if landing.status_code != 200:
            raise UnexpectedAnswerError("The upload arrived, but its page does not show", landing)
        return str(offer["job_id"])

    def post_to_s3(self, offer: dict[str, Any], file: Path, name: str) -> requests.Response:
        """Posts a file with the fields of an upload form; redirects are not followed."""
        with file.open("rb") as content:
            body = _UploadBody(offer["upload"]["fields"], offer.get("file_field", "file"), name, content,
                               file.stat().st_size)
            return requests.post(offer["upload"]["url"], data=body, allow_redirects=False,
                                 headers={"Content-Type": body.content_type}, timeout=self.timeout)

    def job(self, job_id: str) -> dict[str, Any]:
        """What the job's page says, as data."""
        return self.get_json(f"/annotations/{job_id}")

    def wait(self, job_id: str, timeout: float = 120, until: frozenset[str] = ENDED,
             seen: Callable[[dict[str, Any]], None] = lambda _: None, every: float = 0.3) -> dict[str, Any]:
        """Looks at a job until it has a status.

        Args:
            timeout: Seconds.
            until: Statuses.
            seen: Called after every request with what was found.

        Raises:
            OperatorError: The time is over.
        """
        deadline = time.monotonic() + timeout
        job: dict[str, Any] = {"job_status": "not there yet"}
        while time.monotonic() < deadline:
            response = self.get(f"/annotations/{job_id}", headers=_JSON, allow_redirects=False)
            if response.status_code == 200:
                job = response.json()
                seen(job)
                if job["job_status"] in until:
                    return job
            elif response.status_code != 404:  # 404: the upload has not become a job yet
                raise UnexpectedAnswerError("The job cannot be followed", response)
            time.sleep(every)
        raise OperatorError(f"After {timeout:.0f} seconds the job {job_id} is {job['job_status']}.",
                            "Look into the logs in .gas/logs.")

    def download(self, href: str, target: Path) -> int:
        """Saves one of a job's files.

        Returns:
            Its bytes.

        Raises:
            UnexpectedAnswerError: It does not come.
        """
        with self.get(href, stream=True) as response:
            if response.status_code != 200:
                raise UnexpectedAnswerError("The file cannot be downloaded", response)
            partial = target.with_name(target.name + ".partial")
            with partial.open("wb") as file:
                for block in response.iter_content(_BLOCK):
                    file.write(block)
        partial.replace(target)
        return target.stat().st_size


class _UploadBody:
    """A multipart form with one file, read from disk while it is sent.

    Args:
        size: Bytes of the file.
    """

    _BOUNDARY = "gas-upload-7d0f8a52c1b94e6e"

    def __init__(self, fields: dict[str, str], file_field: str, name: str, content: IO[bytes], size: int) -> None:
        self.content_type = f"multipart/form-data; boundary={self._BOUNDARY}"
        head = "".join(f'--{self._BOUNDARY}\r\nContent-Disposition: form-data; name="{_quoted(key)}"\r\n\r\n'
                       f"{value}\r\n" for key, value in fields.items())
        head += (f'--{self._BOUNDARY}\r\nContent-Disposition: form-data; name="{_quoted(file_field)}"; '
                 f'filename="{_quoted(name)}"\r\nContent-Type: application/octet-stream\r\n\r\n')
        self._parts: Iterator[bytes] = iter(())
        self._head = head.encode()
        self._tail = f"\r\n--{self._BOUNDARY}--\r\n".encode()
        self._content = content
        self._length = len(self._head) + size + len(self._tail)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        yield self._head
        while block := self._content.read(_BLOCK):
            yield block
        yield self._tail


def _quoted(text: str) -> str:
    """A parameter of Content-Disposition, as browsers write it (WHATWG HTML, multipart/form-data)."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
