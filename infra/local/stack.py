"""The whole service on this machine: emulator, identity provider and workers around the deployed artifact."""
from __future__ import annotations

import fcntl
import json
import logging
import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import requests

from chalicelib.clock import NewId, random_id, random_token
from infra.aws.artifact import Artifact
from infra.aws.cloudformation import Say
from infra.aws.service_stack import Deployment, deploy_service
from infra.errors import OperatorError
from infra.local.adaptations import adapt
from infra.local.emulator import ACCOUNT, OPERATOR_KEYS, environment, follow_port
from infra.local.processes import Child
from infra.local.running import local_place
from infra.local.settings import PROJECT, SITE_HOST, LocalSettings, read_run_file, require_disk

logger = logging.getLogger(__name__)

GLOBUS_SECRET = "gas/globus"
DEFAULT_SENDER = "gas@example.org"
"""The template's default for MailSender."""
_QUICK_DEATH = 10.0
"""Seconds: a worker that lives shorter than this dies of itself, not of a job."""
_MOST_QUICK_DEATHS = 3
PLAN_LIMITS = {
    "FreeUncompressedLimit": "FREE_UNCOMPRESSED_LIMIT", "PremiumUncompressedLimit": "PREMIUM_UNCOMPRESSED_LIMIT",
    "FreeRecordLimit": "FREE_RECORD_LIMIT", "PremiumRecordLimit": "PREMIUM_RECORD_LIMIT",
    "FreeProcessorSeconds": "FREE_PROCESSOR_SECONDS", "PremiumProcessorSeconds": "PREMIUM_PROCESSOR_SECONDS",
}
"""Outputs of the service's stack with limits of plans, and the worker's environment variables that hold them."""


def _quietly(_: str) -> None:
    """Reports nothing."""


class LocalStack:
    """Starts, watches and stops everything; a context manager.

    Args:
        say: Takes one line for each step.

    Raises:
        OperatorError: On entering, when something does not start; whatever had been started is stopped.
    """

    def __init__(self, settings: LocalSettings, *, say: Say = _quietly, new_id: NewId = random_id,
                 outer: Mapping[str, str] = os.environ) -> None:
        self.settings = settings
        self.outputs: dict[str, str] = {}
        self.workers: list[Child] = []
        self._say = say
        self._new_id = new_id
        self._outer = outer
        self._lock: IO[str] | None = None
        self._emulator: Child | None = None
        self._identity: Child | None = None
        self._started: dict[str, float] = {}
        self._quick_deaths = 0

    # ---- start and stop --------------------------------------------------------------------------------------
    def __enter__(self) -> LocalStack:
        try:
            self.start()
        except BaseException:  # Ctrl-C in the middle, too, must leave nothing running
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Brings everything up and waits until it is healthy."""
        Artifact(self.settings.package).check()
        require_disk(self.settings.home)
        self._take_lock()
        temporary = self.settings.home / "tmp"
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        self._say("starting the AWS emulator")
        self._start_emulator(temporary)
        self._say("deploying")
        self._deploy()
        self._say("starting the development sign-in and the annotator")
        self._start_identity()
        for _ in range(self.settings.workers):
            self.add_worker()
        self._say("waiting for the site")
        self._wait_for("development sign-in", self._identity, 15, self._identity_answers)
        self._wait_for("site", self._emulator, 60, self._site_answers)
        for worker in self.workers:
            self._wait_for(worker.name, worker, 30, _alive_file(worker).exists)
        self._write_run_file()

    def stop(self) -> None:
        """Stops what was started, in the order in which nothing is lost: workers hand their jobs back first."""
        if self._lock is None:
            return  # nothing was started: what is in this directory may be another stack's
        self.settings.run_file.unlink(missing_ok=True)
        for worker in self.workers:
            worker.ask_to_end()  # all at once, so that they hand back side by side
        for child in (*self.workers, self._identity, self._emulator):
            if child is not None:
                child.stop()
        self.workers.clear()
        self._identity = self._emulator = None
        self._say("removing temporary files")  # of every function, which takes minutes on a slow disk
        shutil.rmtree(self.settings.home / "tmp", ignore_errors=True)
        self._lock.close()
        self._lock = None

    def check(self) -> None:
        """Looks at every process; a worker that died is replaced, as ECS would do.

        Raises:
            OperatorError: The emulator or the sign-in has died, or workers die as soon as they start.
        """
        for child in (self._emulator, self._identity):
            if child is not None:
                child.check()
        for worker in [worker for worker in self.workers if not worker.running]:
            self._say(f"The {worker.name} {worker.ending()}; its last words: {worker.last_words()}")
            lived = time.monotonic() - self._started[worker.name]
            self._quick_deaths = self._quick_deaths + 1 if lived < _QUICK_DEATH else 0
            if self._quick_deaths >= _MOST_QUICK_DEATHS:
                worker.check()
            self.workers.remove(worker)
            self._say(f"The {self.add_worker().name} takes its place.")

    # ---- the emulator and what is deployed into it -----------------------------------------------------------
    def _take_lock(self) -> None:
        path = self.settings.home / "lock"
        path.touch()
        self._lock = path.open()
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            self._lock = None
            run = read_run_file(self.settings.home) or {}
            raise OperatorError(f"GAS already runs here{' at ' + run['site'] + '/' if run else ''}.",
                                "Stop it with Ctrl-C where it was started.") from error

    def _start_emulator(self, temporary: Path) -> None:
        settings = self.settings
        follow_port(settings.home / "aws", settings.port)
        self._emulator = Child(
            "AWS emulator", [sys.executable, "-m", "infra.local.emulator"],
            environment(settings.port, settings.region, settings.home / "aws", temporary, self._outer),
            settings.logs / "emulator.log", PROJECT, patience=60)  # it writes its state when it ends
        self._emulator.start()
        self._wait_for("AWS emulator", self._emulator, 60,
                       lambda: _answers(f"{settings.endpoint}/_ministack/ready"))

    @property
    def place(self) -> Deployment:
        """Where this stack is deployed."""
        return local_place(self.settings.endpoint, self.settings.region)

    def client(self, service: str) -> Any:
        """A boto3 client with the administrator's rights."""
        return self.place.client(service)

    def _deploy(self) -> None:
        self._put_secret()
        certificate = f"arn:aws:acm:{self.settings.region}:{ACCOUNT}:certificate/00000000-0000-0000-0000-000000000000"
        parameters = {
            "SiteUrl": self.settings.site, "Domain": SITE_HOST, "CertificateArn": certificate,
            "GlobusSecretName": GLOBUS_SECRET, **dict(self.settings.parameters),
        }
        self.outputs = deploy_service(self.place, Artifact(self.settings.package), parameters, say=logger.info,
                                      sleep=time.sleep, new_id=self._new_id, poll=0.1)
        adapt(self.place, self.outputs, self.settings.identity, parameters.get("MailSender", DEFAULT_SENDER))

    def _registered_client(self) -> dict[str, Any]:
        """The site's registration at the development identity provider; its secret is made once and kept."""
        path = self.settings.home / "identity" / "client.json"
        callback = f"{self.settings.site}/authcallback"
        registered = (json.loads(path.read_text(encoding="utf-8")) if path.exists() else
                      {"client_id": self._new_id(), "client_secret": random_token()})
        registered["redirect_uris"] = [callback]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(json.dumps(registered), encoding="utf-8")
        return dict(registered)

    def _put_secret(self) -> None:
        secrets = self.client("secretsmanager")
        client = self._registered_client()
        value = json.dumps({"client_id": client["client_id"], "client_secret": client["client_secret"]})
        try:
            secrets.put_secret_value(SecretId=GLOBUS_SECRET, SecretString=value)
        except secrets.exceptions.ResourceNotFoundException:
            secrets.create_secret(Name=GLOBUS_SECRET, SecretString=value)

    # ---- the processes beside it -----------------------------------------------------------------------------
    def _start_identity(self) -> None:
        home = self.settings.home / "identity"
        self._identity = Child(
            "development sign-in",
            [sys.executable, "-m", "infra.local.identity", "--port", str(self.settings.identity_port),
             "--client", str(home / "client.json"), "--key", str(home / "key.pem"),
             "--emulator", self.settings.endpoint],
            {"PATH": self._outer.get("PATH", ""), "PYTHONUNBUFFERED": "1"},
            self.settings.logs / "identity.log", PROJECT)
        self._identity.start()

    def worker_environment(self, work_dir: Path) -> dict[str, str]:
        """The environment of a worker; its credentials come from assuming the task role, renewed by boto3 itself."""
        outputs = self.outputs
        profiles = self.settings.home / "aws-config"
        profiles.write_text(
            f"[profile operator]\naws_access_key_id = {OPERATOR_KEYS['AWS_ACCESS_KEY_ID']}\n"
            f"aws_secret_access_key = {OPERATOR_KEYS['AWS_SECRET_ACCESS_KEY']}\n\n"
            f"[profile worker]\nrole_arn = {outputs['WorkerRoleArn']}\nsource_profile = operator\n"
            f"role_session_name = annotator\n", encoding="utf-8")
        return {
            "PATH": self._outer.get("PATH", ""), "HOME": str(work_dir), "LANG": "C.UTF-8", "PYTHONUNBUFFERED": "1",
            "AWS_CONFIG_FILE": str(profiles), "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_PROFILE": "worker",
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_DEFAULT_REGION": self.settings.region,
            "AWS_ENDPOINT_URL": self.settings.endpoint,
            "STAGE": self.place.stage, "GAS_WORK_DIR": str(work_dir),
            "GAS_REFERENCE_PATH": str(PROJECT / "reference"),
            "GAS_REFERENCES_DIR": str(self.settings.home / "references"),
            "ANNOTATIONS_TABLE": outputs["AnnotationsTable"], "PROFILES_TABLE": outputs["ProfilesTable"],
            "INPUTS_BUCKET": outputs["InputsBucket"], "RESULTS_BUCKET": outputs["ResultsBucket"],
            "REFERENCES_BUCKET": outputs["ReferencesBucket"],
            "JOB_REQUESTS_QUEUE_URL": outputs["JobRequestsQueueUrl"],
            "JOB_RESULTS_TOPIC": outputs["JobResultsTopic"],
            **{variable: outputs[name] for name, variable in PLAN_LIMITS.items()},
        }

    def add_worker(self, **variables: str) -> Child:
        """Starts one more annotator.

        Args:
            variables: Settings of its own, beside those that every worker gets.
        """
        number = len(self._started) + 1
        work_dir = self.settings.home / "work" / str(number)
        shutil.rmtree(work_dir, ignore_errors=True)
        work_dir.mkdir(parents=True)
        worker = Child(f"annotator {number}", [sys.executable, "-m", "annotator", "work"],
                       {**self.worker_environment(work_dir), **variables},
                       self.settings.logs / f"annotator-{number}.log", PROJECT, patience=20)
        worker.start()
        self._started[worker.name] = time.monotonic()
        self.workers.append(worker)
        return worker

    # ---- health ----------------------------------------------------------------------------------------------
    def _identity_answers(self) -> bool:
        return _answers(f"{self.settings.identity}/health")

    def _site_answers(self) -> bool:
        """True when the site's home page comes.

        Raises:
            OperatorError: The site's function does not even start.
        """
        try:
            answer = requests.get(f"{self.settings.endpoint}/", headers={"Host": self.settings.site_host},
                                  timeout=40, allow_redirects=False)
        except requests.RequestException:
            return False
        if answer.status_code >= 500:
            raise OperatorError(f"The site answers with an error ({answer.status_code}): {self._function_error()}.",
                                "Mend the code and start again.")
        return answer.status_code < 400

    def _function_error(self) -> str:
        """What the site's function says when it is called: the emulator hides it from browsers, as AWS does."""
        answer = self.client("lambda").invoke(FunctionName=self.outputs["APIHandlerName"], Payload=b"{}")
        try:
            said = json.loads(answer["Payload"].read())
        except ValueError:
            said = {}
        return str(said.get("errorMessage") or f"see {self.settings.logs / 'emulator.log'}")

    def _wait_for(self, name: str, child: Child | None, seconds: float, healthy: Callable[[], bool]) -> None:
        deadline = time.monotonic() + seconds
        while not healthy():
            if child is not None:
                child.check()
            if time.monotonic() > deadline:
                raise OperatorError(f"The {name} was not ready after {seconds:.0f} seconds.",
                                    f"Look into {self.settings.logs}.")
            time.sleep(0.05)

    def _write_run_file(self) -> None:
        run = {"pid": os.getpid(), "site": self.settings.site, "endpoint": self.settings.endpoint,
               "site_host": self.settings.site_host, "identity": self.settings.identity, "region": self.settings.region}
        self.settings.run_file.write_text(json.dumps(run), encoding="utf-8")


def _alive_file(worker: Child) -> Path:
    """What a worker touches at every turn."""
    return Path(worker.environment["GAS_WORK_DIR"]) / "alive"


def _answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=5).status_code == 200
    except requests.RequestException:
        return False
