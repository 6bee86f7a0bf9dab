"""What must be there before a deployment: everything that is missing is listed before anything is made.

A check that the operator's rights do not allow is reported as such and stops nothing.
"""
from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from annotator.worker.workspace import BYTES_PER_INPUT_BYTE
from infra.aws.service_stack import Deployment
from infra.aws.worker_image import REPOSITORY
from infra.errors import OperatorError
from infra.template.cloudformation_yaml import WORKER, load

REFERENCES_GIB = 20
"""GiB of an annotator's disk for references."""
SITE_CONCURRENCY = 10
"""Functions that a few visitors need at the same time: one page is several requests."""
QUEUE_FUNCTIONS = 6
FARGATE_VCPUS = "L-3032A538"
"""Quota "Fargate On-Demand vCPU resource count"
(https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html)."""
SERVICE_ROLES = {
    "AWSServiceRoleForECS": "ecs.amazonaws.com",
    "AWSServiceRoleForApplicationAutoScaling_ECSService": "ecs.application-autoscaling.amazonaws.com",
}
"""Roles that AWS's services act in, and the services that they belong to."""
_GIB = 2**30


@dataclass(frozen=True)
class PreflightFinding:
    """Something that the operator should see to.

    Attributes:
        message: What is wrong, one sentence.
        remedy: What to do, one sentence or command.
        blocks: True when GAS would not work without it.
    """

    message: str
    remedy: str
    blocks: bool = True

    def __str__(self) -> str:
        return f"{'missing' if self.blocks else 'warning'}: {self.message}\n           {self.remedy}"


@dataclass(frozen=True)
class DeploymentPlan:
    """A deployment that is about to begin.

    Attributes:
        place: Account, region and stage.
        parameters: Every parameter of both stacks with the value that it will have.
        image: The annotator's image in ECR, "" when it is to be built.
        exists: True when the service's stack is there already.
    """

    place: Deployment
    parameters: Mapping[str, str]
    image: str
    exists: bool

    def number(self, name: str) -> int:
        """A parameter that is a whole number."""
        try:
            return int(self.parameters[name])
        except ValueError as error:
            raise OperatorError(f"The parameter {name} must be a whole number.") from error


Check = Callable[[DeploymentPlan], Iterator[PreflightFinding]]


def check_image(plan: DeploymentPlan) -> Iterator[PreflightFinding]:
    """Docker, or an image that is in ECR."""
    if not plan.image:
        problem = _problem_of_docker()
        if problem:
            yield PreflightFinding(
                f"{problem}, and the annotator's image must be built.",
                "Install or start Docker, or deploy an image that is in ECR already: --image ADDRESS.",
            )
        return
    repository, _, tag = plan.image.rpartition(":")
    if repository.rpartition("/")[2] != REPOSITORY:
        yield PreflightFinding(
            f"{plan.image} is not in the repository {REPOSITORY}, the only one that annotators may pull from.",
            "Push it there.",
        )
        return
    try:
        plan.place.client("ecr").describe_images(repositoryName=REPOSITORY, imageIds=[{"imageTag": tag}])
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("ImageNotFoundException", "RepositoryNotFoundException"):
            raise
        yield PreflightFinding(f"There is no image {plan.image}.", "Leave --image out to build it.")


def _problem_of_docker() -> str:
    if shutil.which("docker") is None:
        return "Docker is not installed"
    for arguments, problem in ((["info"], "Docker is not running, or you may not use it"),
                               (["buildx", "version"], "Docker has no BuildKit (docker-buildx)")):
        if subprocess.run(["docker", *arguments], check=False, capture_output=True).returncode != 0:
            return problem
    return ""


def check_functions(plan: DeploymentPlan) -> Iterator[PreflightFinding]:
    """Enough concurrent functions for the queues and the site."""
    limit = plan.place.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    wanted = QUEUE_FUNCTIONS * plan.number("QueueConcurrency") + SITE_CONCURRENCY
    if limit < wanted:
        yield PreflightFinding(
            f"This account runs {limit} functions at a time; {wanted} are needed when all queues are busy, and "
            "visitors get errors when there are none left.",
            "Ask for more (it costs nothing): aws service-quotas request-service-quota-increase "
            "--service-code lambda --quota-code L-B99A9384 --desired-value 1000.", blocks=False)


def check_processors(plan: DeploymentPlan) -> Iterator[PreflightFinding]:
    """Enough of Fargate's processors for the annotators."""
    quotas = plan.place.client("service-quotas")
    try:
        quota = quotas.get_service_quota(ServiceCode="fargate", QuotaCode=FARGATE_VCPUS)["Quota"]["Value"]
    except quotas.exceptions.NoSuchResourceException:  # never changed in this account
        quota = quotas.get_aws_default_service_quota(
            ServiceCode="fargate", QuotaCode=FARGATE_VCPUS)["Quota"]["Value"]
    each = int(load(WORKER)["Mappings"]["Size"][plan.parameters["WorkerSize"]]["Cpu"]) / 1024
    most = plan.number("LargestWorkerCount") * each
    if quota < most:
        yield PreflightFinding(
            f"This account may run {quota:.0f} Fargate processors; LargestWorkerCount and WorkerSize ask for {most:.0f}"
            + (", and not one annotator could start." if quota < each else "."),
            "Lower them, or ask for more: aws service-quotas request-service-quota-increase --service-code fargate "
            f"--quota-code {FARGATE_VCPUS} --desired-value {2 * most:.0f}.", blocks=quota < each)


def check_mail(plan: DeploymentPlan) -> Iterator[PreflightFinding]:
    """A sender that SES knows, outside of the sandbox."""
    sender = plan.parameters["MailSender"]
    ses = plan.place.client("sesv2")
    if not any(_verified(ses, identity) for identity in _identities(sender)):
        yield PreflightFinding(
            f"SES does not know the sender {sender} (parameter MailSender): no email would be sent.",
            f"Verify it: aws sesv2 create-email-identity --email-identity {sender}.",
        )
    if not ses.get_account().get("ProductionAccessEnabled"):
        yield PreflightFinding(
            "SES is in its sandbox here: it sends to verified addresses only.",
            "Ask to leave it: aws sesv2 put-account-details --production-access-enabled ...",
            blocks=False,
        )
    if not plan.parameters["AlarmMail"]:
        yield PreflightFinding(
            "Nobody gets the alarms (parameter AlarmMail).", "Name an address, and confirm SNS's email.", blocks=False
        )


def _identities(sender: str) -> list[str]:
    """The identities that would cover a sender: the address, its domain, and the domains above."""
    labels = sender.rpartition("@")[2].split(".")
    return [sender, *(".".join(labels[start:]) for start in range(len(labels) - 1))]


def _verified(ses: Any, identity: str) -> bool:
    try:
        return bool(ses.get_email_identity(EmailIdentity=identity)["VerifiedForSendingStatus"])
    except ses.exceptions.NotFoundException:
        return False


def check_secrets(plan: DeploymentPlan) -> Iterator[PreflightFinding]:
    """The Globus client, and Stripe's keys where it takes the money."""
    wanted = {plan.parameters["GlobusSecretName"]: ("client_id", "client_secret")}
    if plan.parameters["BillingProvider"] == "stripe":
        wanted[plan.parameters["StripeSecretName"]] = ("secret_key", "webhook_secret")
        if not plan.parameters["StripePrice"]:
            yield PreflightFinding(
                "BillingProvider stripe needs the parameter StripePrice.", "It is price_... at Stripe."
            )
    for name, keys in wanted.items():
        problem = _problem_of_secret(plan.place.client("secretsmanager"), name, keys)
        if problem:
            example = json.dumps(dict.fromkeys(keys, "..."))
            yield PreflightFinding(problem, f"It must be like: aws secretsmanager create-secret --name {name} "
                                   f"--secret-string '{example}'")


def _problem_of_secret(secrets: Any, name: str, keys: tuple[str, ...]) -> str:
    try:
        value = json.loads(secrets.get_secret_value(SecretId=name)["SecretString"])
        missing = [key for key in keys if not value.get(key)]
    except secrets.exceptions.ResourceNotFoundException:
        return f"There is no secret {name}."
    except (KeyError, ValueError, AttributeError):
        return f"The secret {name} is not a JSON object."
    return f"The secret {name} has no {' and no '.join(missing)}." if missing else ""


def check_service_roles(plan: DeploymentPlan) -> Iterator[PreflightFinding]:
    """The roles that ECS and Application Auto Scaling act in."""
    iam = plan.place.client("iam")
    for role, service in SERVICE_ROLES.items():
        try:
            iam.get_role(RoleName=role)
        except iam.exceptions.NoSuchEntityException:
            yield PreflightFinding(
                f"The account has no role {role}.", f"aws iam create-service-linked-role --aws-service-name {service}"
            )


def check_disk(plan: DeploymentPlan) -> Iterator[PreflightFinding]:
    """Room on an annotator's disk for the largest upload."""
    largest = max(plan.number("PremiumUploadLimit"), plan.number("FreeUploadLimit"))
    needed = -(-largest * BYTES_PER_INPUT_BYTE // _GIB) + REFERENCES_GIB
    if plan.number("WorkerDiskGiB") < needed:
        yield PreflightFinding(
            f"The largest upload of {largest} bytes needs {needed} GiB of disk, and annotators have "
            f"{plan.parameters['WorkerDiskGiB']} (parameter WorkerDiskGiB).",
            f"Set WorkerDiskGiB to {needed} (200 at most), or lower PremiumUploadLimit.",
        )


def check_domain(plan: DeploymentPlan) -> Iterator[PreflightFinding]:
    """A certificate for the site's own domain, in this region."""
    if not plan.parameters["Domain"]:
        return
    arn = plan.parameters["CertificateArn"]
    if f":acm:{plan.place.region}:" not in arn:
        yield PreflightFinding(
            f"The domain {plan.parameters['Domain']} needs a certificate of ACM in {plan.place.region} "
            "(parameter CertificateArn).",
            "aws acm request-certificate --validation-method DNS ...",
        )
        return
    acm = plan.place.client("acm")
    try:
        status = acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"]
    except acm.exceptions.ResourceNotFoundException:
        status = "not there"
    if status != "ISSUED":
        yield PreflightFinding(
            f"The certificate {arn} is {status.lower().replace('_', ' ')}.",
            "Put its validation record into DNS and wait until it is issued.",
        )


def check_access_logs(plan: DeploymentPlan) -> Iterator[PreflightFinding]:
    """The role in which API Gateway writes logs, one for an account and region."""
    if plan.parameters["AccessLogs"] == "true" and not plan.place.client("apigateway").get_account().get(
            "cloudwatchRoleArn"):
        yield PreflightFinding(
            "API Gateway has no role to write access logs with in this region.",
            "See docs/operations.md, “Once for each account”, or deploy with AccessLogs=false.",
        )


def check_vault(plan: DeploymentPlan) -> Iterator[PreflightFinding]:
    """The Glacier vault, where one is named."""
    vault = plan.parameters["ArchiveVault"]
    if not vault:
        if plan.parameters["ArchiveStore"] == "vault":
            yield PreflightFinding("ArchiveStore vault needs the parameter ArchiveVault.", "Or leave ArchiveStore out.")
        return
    glacier = plan.place.client("glacier")
    try:
        glacier.describe_vault(accountId="-", vaultName=vault)
    except glacier.exceptions.ResourceNotFoundException:
        yield PreflightFinding(f"There is no Glacier vault {vault} in {plan.place.region}.", "Use ArchiveStore=s3.")


def check_names(plan: DeploymentPlan) -> Iterator[PreflightFinding]:
    """Buckets' names, which have the stage and the account in them but not the region."""
    if plan.exists:
        return
    s3, account = plan.place.client("s3"), plan.place.account()
    taken = [name for name in (f"gas-{plan.place.stage}-{kind}-{account}"
                               for kind in ("inputs", "results", "archive", "references")) if _taken(s3, name)]
    if taken:
        yield PreflightFinding(
            f"These buckets are there already: {', '.join(taken)}.",
            "They are another region's, or what a deleted stage left: choose another name for the stage, or "
            "empty and delete them.",
        )


def _taken(s3: Any, name: str) -> bool:
    try:
        s3.head_bucket(Bucket=name)
    except ClientError as error:
        return bool(error.response["ResponseMetadata"]["HTTPStatusCode"] != 404)
    return True


CHECKS: dict[str, Check] = {
    "the annotator's image": check_image, "Lambda's quota": check_functions, "Fargate's quota": check_processors,
    "email": check_mail, "secrets": check_secrets, "service roles": check_service_roles, "disk": check_disk,
    "the domain": check_domain, "access logs": check_access_logs, "the vault": check_vault, "names": check_names,
}


def preflight(plan: DeploymentPlan) -> list[PreflightFinding]:
    """Look at everything that a deployment needs, and change nothing.

    Returns:
        What is missing or doubtful, in the order of `CHECKS`.
    """
    findings: list[PreflightFinding] = []
    for name, check in CHECKS.items():
        try:
            findings += check(plan)
        except (ClientError, BotoCoreError) as error:
            findings.append(
                PreflightFinding(
                    f"{name[0].upper()}{name[1:]} could not be checked: {error}",
                    "See to it yourself, or ask for the right to look.",
                    blocks=False,
                )
            )
    return findings
