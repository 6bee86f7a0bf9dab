"""Writes `infra/deployer-policy.json`: the permissions that deploying GAS takes.

CloudFormation acts with the rights of the deployer, so the policy follows from the types of resources in the templates:
one row a type. A test holds rows and templates together. Names of stages, buckets and roles begin with `gas-`, which is
as far as the policy reaches where AWS lets a right be restricted to names.
"""
from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from infra.template.package import PROJECT

POLICY = PROJECT / "infra" / "deployer-policy.json"
LONGEST = 6144
"""Characters of a managed policy without white space
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html)."""

_ANYTHING = "*"
_ROLE = "arn:aws:iam::*:role/gas-*"
_BUCKET = "arn:aws:s3:::gas-*"
_API = "arn:aws:apigateway:*::"

RIGHTS: dict[str, tuple[str, str]] = {
    "AWS::ApiGateway::BasePathMapping": (f"{_API}/*", "apigateway:DELETE GET PATCH POST PUT"),
    "AWS::ApiGateway::Deployment": (f"{_API}/*", "apigateway:DELETE GET POST"),
    "AWS::ApiGateway::DomainName": (f"{_API}/*", "apigateway:DELETE GET PATCH POST"),
    "AWS::ApiGateway::RestApi": (f"{_API}/*", "apigateway:DELETE GET PATCH POST PUT"),
    "AWS::ApiGateway::Stage": (f"{_API}/*", "apigateway:DELETE GET PATCH POST"),
    "AWS::ApplicationAutoScaling::ScalableTarget": (
        _ANYTHING, "application-autoscaling:DeregisterScalableTarget DescribeScalableTargets RegisterScalableTarget"),
    "AWS::ApplicationAutoScaling::ScalingPolicy": (
        _ANYTHING, "application-autoscaling:DeleteScalingPolicy DescribeScalingPolicies PutScalingPolicy"),
    "AWS::CloudWatch::Alarm": ("arn:aws:cloudwatch:*:*:alarm:*",
                               "cloudwatch:DeleteAlarms DescribeAlarms PutMetricAlarm"),
    "AWS::CloudWatch::Dashboard": ("arn:aws:cloudwatch::*:dashboard/gas-*",
                                   "cloudwatch:DeleteDashboards GetDashboard PutDashboard"),
    "AWS::DynamoDB::Table": (
        "arn:aws:dynamodb:*:*:table/gas-*", ("dynamodb:CreateTable DeleteTable Describe* UpdateContinuousBackups "
                                            "UpdateTable UpdateTimeToLive")),
    "AWS::EC2::InternetGateway": (_ANYTHING, "ec2:CreateInternetGateway DeleteInternetGateway Describe*"),
    "AWS::EC2::Route": (_ANYTHING, "ec2:CreateRoute DeleteRoute Describe* ReplaceRoute"),
    "AWS::EC2::RouteTable": (_ANYTHING, "ec2:CreateRouteTable DeleteRouteTable Describe*"),
    "AWS::EC2::SecurityGroup": (
        _ANYTHING, ("ec2:AuthorizeSecurityGroupEgress CreateSecurityGroup DeleteSecurityGroup Describe* "
                   "RevokeSecurityGroupEgress")),
    "AWS::EC2::Subnet": (_ANYTHING, "ec2:CreateSubnet DeleteSubnet Describe*"),
    "AWS::EC2::SubnetRouteTableAssociation": (
        _ANYTHING, "ec2:AssociateRouteTable Describe* DisassociateRouteTable"),
    "AWS::EC2::VPC": (_ANYTHING, "ec2:CreateTags CreateVpc DeleteVpc Describe* ModifyVpcAttribute"),
    "AWS::EC2::VPCEndpoint": (_ANYTHING, "ec2:CreateVpcEndpoint DeleteVpcEndpoints Describe* ModifyVpcEndpoint"),
    "AWS::EC2::VPCGatewayAttachment": (_ANYTHING, "ec2:AttachInternetGateway Describe* DetachInternetGateway"),
    "AWS::ECS::Cluster": (_ANYTHING, ("ecs:CreateCluster DeleteCluster DescribeClusters PutClusterCapacityProviders "
                                     "UpdateCluster UpdateClusterSettings")),
    "AWS::ECS::Service": (_ANYTHING, "ecs:CreateService DeleteService DescribeServices TagResource UpdateService"),
    "AWS::ECS::TaskDefinition": (
        _ANYTHING, "ecs:DeregisterTaskDefinition DescribeTaskDefinition RegisterTaskDefinition"),
    "AWS::Events::Rule": ("arn:aws:events:*:*:rule/gas-*",
                          "events:DeleteRule DescribeRule ListTargetsByRule PutRule PutTargets RemoveTargets"),
    "AWS::IAM::Role": (
        _ROLE, ("iam:AttachRolePolicy CreateRole DeleteRole DeleteRolePolicy DetachRolePolicy GetRole GetRolePolicy "
               "ListAttachedRolePolicies ListRolePolicies PutRolePolicy TagRole UpdateAssumeRolePolicy")),
    "AWS::Lambda::EventSourceMapping": (
        _ANYTHING, ("lambda:CreateEventSourceMapping DeleteEventSourceMapping GetEventSourceMapping ListTags "
                   "TagResource UpdateEventSourceMapping")),
    "AWS::Lambda::Function": (
        "arn:aws:lambda:*:*:function:gas-*",
        ("lambda:CreateFunction DeleteFunction GetFunction* ListTags TagResource UpdateFunctionCode "
        "UpdateFunctionConfiguration")),
    "AWS::Lambda::Permission": ("arn:aws:lambda:*:*:function:gas-*",
                                "lambda:AddPermission GetPolicy RemovePermission"),
    "AWS::Logs::LogGroup": (
        _ANYTHING, ("logs:CreateLogDelivery CreateLogGroup DeleteLogDelivery DeleteLogGroup Describe* GetLogDelivery "
                   "ListLogDeliveries ListTagsForResource PutResourcePolicy PutRetentionPolicy TagResource "
                   "UpdateLogDelivery")),
    "AWS::S3::Bucket": (
        _BUCKET, ("s3:CreateBucket DeleteBucket GetBucket* GetEncryptionConfiguration GetLifecycleConfiguration "
                 "ListBucket PutBucketCORS PutBucketNotification PutBucketOwnershipControls PutBucketPublicAccessBlock "
                 "PutBucketVersioning PutEncryptionConfiguration PutLifecycleConfiguration")),
    "AWS::S3::BucketPolicy": (_BUCKET, "s3:DeleteBucketPolicy GetBucketPolicy PutBucketPolicy"),
    "AWS::SNS::Subscription": ("arn:aws:sns:*:*:gas-*",
                               "sns:GetSubscriptionAttributes SetSubscriptionAttributes Subscribe Unsubscribe"),
    "AWS::SNS::Topic": ("arn:aws:sns:*:*:gas-*",
                        ("sns:CreateTopic DeleteTopic GetTopicAttributes ListSubscriptionsByTopic "
                        "ListTagsForResource SetTopicAttributes TagResource")),
    "AWS::SNS::TopicPolicy": ("arn:aws:sns:*:*:gas-*", "sns:GetTopicAttributes SetTopicAttributes"),
    "AWS::SQS::Queue": ("arn:aws:sqs:*:*:gas-*", ("sqs:CreateQueue DeleteQueue GetQueueAttributes GetQueueUrl "
                                                 "ListQueueTags SetQueueAttributes TagQueue")),
    "AWS::SQS::QueuePolicy": ("arn:aws:sqs:*:*:gas-*", "sqs:GetQueueAttributes SetQueueAttributes"),
}
"""What CloudFormation does for a type: on which resources, and by which actions of one service."""

BESIDE: tuple[tuple[str, str], ...] = (
    ("arn:aws:cloudformation:*:*:stack/gas-*",
     ("cloudformation:CreateChangeSet DeleteChangeSet DescribeChangeSet DescribeStackEvents DescribeStacks "
     "ExecuteChangeSet UpdateTerminationProtection")),
    ("arn:aws:cloudformation:*:aws:transform/Serverless-2016-10-31", "cloudformation:CreateChangeSet"),
    (_ANYTHING, "cloudformation:DescribeStacks GetTemplateSummary"),
    ("arn:aws:s3:::gas-artifacts-*/*", "s3:GetObject PutObject"),
    ("arn:aws:ecr:*:*:repository/gas-annotator",
     ("ecr:BatchCheckLayerAvailability BatchDeleteImage BatchGetImage CompleteLayerUpload CreateRepository "
     "DescribeImages DescribeRepositories GetDownloadUrlForLayer InitiateLayerUpload PutImage PutLifecyclePolicy "
     "UploadLayerPart")),
    (_ANYTHING, "ecr:GetAuthorizationToken"),
    # What the preflight asks for.
    (_ANYTHING, "lambda:GetAccountSettings"),
    (_ANYTHING, "servicequotas:GetAWSDefaultServiceQuota GetServiceQuota"),
    (_ANYTHING, "ses:GetAccount GetEmailIdentity"),
    (_ANYTHING, "acm:DescribeCertificate"),
    (_ANYTHING, "glacier:DescribeVault"),
    ("arn:aws:iam::*:role/aws-service-role/*", "iam:GetRole"),
    ("arn:aws:secretsmanager:*:*:secret:gas/*", "secretsmanager:GetSecretValue"),
)
"""What `python -m infra deploy` does itself."""

PASSED_TO = ("lambda.amazonaws.com", "ecs-tasks.amazonaws.com")
"""Services that the stacks' roles are given to."""


def policy(types: Iterable[str]) -> dict[str, Any]:
    """The policy for templates with some types of resources.

    Raises:
        KeyError: A type has no row in `RIGHTS`.
    """
    by_place: dict[str, set[str]] = {}
    for place, actions in (*(RIGHTS[kind] for kind in sorted(set(types))), *BESIDE):
        service, _, names = actions.partition(":")
        by_place.setdefault(place, set()).update(f"{service}:{name}" for name in names.split())
    anywhere = by_place[_ANYTHING]
    statements: list[dict[str, Any]] = [
        {"Effect": "Allow", "Action": sorted(actions if place == _ANYTHING else actions - anywhere), "Resource": place}
        for place, actions in sorted(by_place.items()) if place == _ANYTHING or actions - anywhere]
    statements.append({"Effect": "Allow", "Action": "iam:PassRole", "Resource": _ROLE,
                       "Condition": {"StringEquals": {"iam:PassedToService": list(PASSED_TO)}}})
    return {"Version": "2012-10-17", "Statement": statements}


def write() -> None:
    """Write the file."""
    POLICY.write_text(json.dumps(policy(RIGHTS), indent=1) + "\n", encoding="utf-8")
