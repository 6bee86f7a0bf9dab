"""What the local stack changes in the deployed service, and why. All of it after the deployment, none in a template."""
from __future__ import annotations

import json
from collections.abc import Mapping

from botocore.config import Config

from infra.aws.service_stack import Deployment
from infra.local.emulator import ACCOUNT

IDENTITY_VARIABLE = "GLOBUS_SDK_SERVICE_URL_AUTH"
"""What points `globus_sdk` at the development identity provider. No template sets it."""


def adapt(place: Deployment, outputs: Mapping[str, str], identity: str, sender: str) -> None:
    """Makes the freshly deployed service work on this machine.

    Args:
        outputs: Of the service's stack.
        identity: Address of the development identity provider.
        sender: Address that mails come from.
    """
    _let_mails_be_sent(place, sender)
    _let_buckets_be_reached_without_tls(place, outputs)
    _let_queues_be_polled(place)
    _let_pages_be_binary(place, outputs["RestAPIId"])
    _use_development_sign_in(place, outputs["APIHandlerName"], identity)
    _let_us_assume_the_worker_role(place, outputs["WorkerRoleArn"])


def _let_mails_be_sent(place: Deployment, sender: str) -> None:
    """Verifies the sender, as an operator does once in an account. The emulator keeps mails and sends none.

    AWS asks whether a function may send from this identity; the emulator, whether it may from all.
    """
    place.client("ses").verify_email_identity(EmailAddress=sender)
    function = place.client("lambda").get_function_configuration(FunctionName=f"gas-{place.stage}-notify")
    policy = {"Version": "2012-10-17",
              "Statement": [{"Effect": "Allow", "Action": "ses:SendEmail", "Resource": "*"}]}
    place.client("iam").put_role_policy(RoleName=function["Role"].rsplit("/", 1)[-1], PolicyName="emulated-mail",
                                        PolicyDocument=json.dumps(policy))


def _let_buckets_be_reached_without_tls(place: Deployment, outputs: Mapping[str, str]) -> None:
    """Takes away the buckets' refusal of everything without TLS, their policies' one statement."""
    s3 = place.client("s3")
    for name, bucket in outputs.items():
        if name.endswith("Bucket"):
            s3.delete_bucket_policy(Bucket=bucket)


def _let_queues_be_polled(place: Deployment) -> None:
    """Gives the limits of event sources as numbers: of a template's parameters, the emulator makes strings.

    Its poller compares them with numbers, and would deliver nothing.
    """
    functions = place.client("lambda")
    for source in functions.list_event_source_mappings()["EventSourceMappings"]:
        limit = int(source["ScalingConfig"]["MaximumConcurrency"])
        functions.update_event_source_mapping(UUID=source["UUID"], ScalingConfig={"MaximumConcurrency": limit})


def _let_pages_be_binary(place: Deployment, api: str) -> None:
    """Says again what the API's definition says: the emulator does not read that part of a definition."""
    # It wants a list where AWS has one path for each type, so that boto3 must not check the call.
    unchecked = place.session.client("apigateway", endpoint_url=place.endpoint_url,
                                     config=Config(parameter_validation=False))
    unchecked.update_rest_api(restApiId=api, patchOperations=[
        {"op": "replace", "path": "/binaryMediaTypes", "value": ["*/*"]}])


def _use_development_sign_in(place: Deployment, function: str, identity: str) -> None:
    """Points the site at the development identity provider."""
    functions = place.client("lambda")
    variables = functions.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    wanted = {**variables, IDENTITY_VARIABLE: identity}
    if variables != wanted:
        functions.update_function_configuration(FunctionName=function, Environment={"Variables": wanted})


def _let_us_assume_the_worker_role(place: Deployment, role: str) -> None:
    """On AWS only ECS may assume the task role. Here there is no ECS: the administrator stands in for it."""
    trust = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}]}
    place.client("iam").update_assume_role_policy(RoleName=role.rsplit("/", 1)[-1], PolicyDocument=json.dumps(trust))
