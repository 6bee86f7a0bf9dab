"""The stand-ins refuse what AWS refuses: each rule bites."""
from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.aws_rules import RULES, refuse
from tests.aws_rules.web import LimitExceededError, check_answer, check_request
from tests.conftest import PROJECT

INDEX = {"IndexName": "user_id-listed_as", "KeyConditionExpression": "user_id = :u",
         "ExpressionAttributeValues": {":u": {"S": "x"}}}
KEY = {"job_id": {"S": "x"}}


def query(**arguments: Any) -> dict[str, Any]:
    """A query of an index that is all right but for `arguments`."""
    values = {**INDEX["ExpressionAttributeValues"], **arguments.pop("values", {})}  # type: ignore[dict-item]
    return {**INDEX, "ExpressionAttributeValues": values, **arguments}


def update(text: str, name: str = "note") -> dict[str, Any]:
    return {"Key": KEY, "UpdateExpression": f"SET {name} = :a", "ExpressionAttributeValues": {":a": {"S": text}}}


def sent(count: int, **entry: Any) -> dict[str, Any]:
    return {"QueueUrl": "q", "Entries": [{"Id": str(number), "MessageBody": "{}", **entry} for number in range(count)]}


def mail(to: list[str], subject: str = "Done") -> dict[str, Any]:
    return {"FromEmailAddress": "gas@example.org", "Destination": {"ToAddresses": to},
            "Content": {"Simple": {"Subject": {"Data": subject}, "Body": {"Text": {"Data": "Done"}}}}}


BREACHES: list[tuple[str, str, str, dict[str, Any], str]] = [
    ("no filter on a key of the queried index", "dynamodb", "Query",
     query(FilterExpression="contains(#l, :t) AND attribute_exists(searched)",
           ExpressionAttributeNames={"#l": "listed_as"}, values={":t": {"S": "y"}}), "listed_as"),
    ("nothing of an index that it does not project", "dynamodb", "Query",
     query(ProjectionExpression="job_id, lease_owner"), "lease_owner"),
    ("expression names and values are defined and used", "dynamodb", "Query", query(values={":t": {"S": "y"}}), ":t"),
    ("expression names and values are defined and used", "dynamodb", "UpdateItem",
     {"Key": KEY, "UpdateExpression": "SET note = :a"}, "not defined"),
    ("no reserved word in an expression", "dynamodb", "UpdateItem", update("x", "name"), "name"),
    ("no expression over 4 KB", "dynamodb", "Query",
     query(FilterExpression=" OR ".join(f"searched = :v{number}" for number in range(300)),
           values={f":v{number}": {"S": "x"} for number in range(300)}), "size"),
    ("no item over 400 KB", "dynamodb", "UpdateItem", update("x" * 410_000), "size"),
    ("keys are neither empty nor too long", "dynamodb", "UpdateItem", update("", "user_id"), "empty"),
    ("keys are neither empty nor too long", "dynamodb", "UpdateItem", update("é" * 600, "listed_as"), "listed_as"),
    ("keys are neither empty nor too long", "dynamodb", "GetItem", {"Key": {"job_id": {"S": "x" * 2049}}}, "job_id"),
    ("no start key that cannot be a key", "dynamodb", "Query",
     query(ExclusiveStartKey={"job_id": {"S": "x"}, "listed_as": {"S": ""}}), "starting key"),
    ("no start key that cannot be a key", "dynamodb", "Query",
     query(ExclusiveStartKey={"job_id": {"S": "x"}, "submit_time": {"N": "1" * 39}}), "38"),
    ("batches have 1 to 100 different keys", "dynamodb", "BatchGetItem",
     {"RequestItems": {"t-annotations": {"Keys": [{"job_id": {"S": str(number)}} for number in range(101)]}}}, "many"),
    ("batches have 1 to 100 different keys", "dynamodb", "BatchGetItem",
     {"RequestItems": {"t-annotations": {"Keys": [KEY, KEY]}}}, "duplicates"),
    ("a page has at least one item", "dynamodb", "Query", query(Limit=0), "Limit"),
    ("no key over 1,024 bytes", "s3", "GetObject", {"Bucket": "b", "Key": "é" * 513}, "long"),
    ("no metadata over 2 KB", "s3", "PutObject", {"Bucket": "b", "Key": "k", "Metadata": {"a": "x" * 2048}}, "size"),
    ("metadata is ASCII", "s3", "PutObject", {"Bucket": "b", "Key": "k", "Metadata": {"a": "é"}}, "ascii"),
    ("1 to 1,000 keys are deleted at once", "s3", "DeleteObjects", {"Bucket": "b", "Delete": {"Objects": []}}, "XML"),
    ("parts are numbered 1 to 10,000", "s3", "UploadPart",
     {"Bucket": "b", "Key": "k", "UploadId": "u", "PartNumber": 10_001}, "10000"),
    ("no message over 256 KB", "sns", "Publish", {"TopicArn": "t", "Message": "x" * 262_145}, "262144"),
    ("no message over 256 KB", "sqs", "SendMessageBatch", sent(10, MessageBody="x" * 27_000), "262144"),
    ("messages are text that XML can hold", "sqs", "SendMessage", {"QueueUrl": "q", "MessageBody": "\x00"},
     "characters"),
    ("batches have 1 to 10 entries", "sqs", "SendMessageBatch", sent(11), "10"),
    ("delays end after 15 minutes, and messages reappear after 12 hours", "sqs", "SendMessage",
     {"QueueUrl": "q", "MessageBody": "{}", "DelaySeconds": 901}, "900"),
    ("delays end after 15 minutes, and messages reappear after 12 hours", "sqs", "ChangeMessageVisibility",
     {"QueueUrl": "q", "ReceiptHandle": "r", "VisibilityTimeout": 43_201}, "43200"),
    ("groups of messages have short names in ASCII", "sqs", "SendMessage",
     {"QueueUrl": "q", "MessageBody": "{}", "MessageGroupId": "a b"}, "MessageGroupId"),
    ("emails have 1 to 50 addresses in ASCII", "sesv2", "SendEmail", mail([]), "Recipient"),
    ("emails have 1 to 50 addresses in ASCII", "sesv2", "SendEmail", mail(["ada@exämple.org"]), "ASCII"),
    ("no line break in a subject", "sesv2", "SendEmail", mail(["ada@example.org"], "a\nBcc: eve@example.org"), "break"),
]
METHODS = {"GetItem": "get_item", "Query": "query", "UpdateItem": "update_item", "BatchGetItem": "batch_get_item"}


@pytest.mark.parametrize(("rule", "service", "operation", "arguments", "named"), BREACHES,
                         ids=[f"{number} {one[0]}" for number, one in enumerate(BREACHES)])
def test_a_rule_bites(aws: dict[str, str], rule: str, service: str, operation: str, arguments: dict[str, Any],
                      named: str) -> None:
    """The only rule that a call breaks is the one that it is meant to break, and boto3's caller sees its error."""
    table = {} if service != "dynamodb" or "RequestItems" in arguments else {"TableName": aws["AnnotationsTable"]}
    broken = [one for one in RULES if service in one.services and one.broken(operation, {**arguments, **table})]
    assert [one.name for one in broken] == [rule]
    with pytest.raises(ClientError) as refused:
        boto3.client(service)._make_api_call(operation, {**arguments, **table})
    assert refused.value.response["Error"]["Code"] == broken[0].code
    assert named in refused.value.response["Error"]["Message"]


def test_every_rule_is_tried_and_says_where_aws_states_it() -> None:
    assert list(dict.fromkeys(one[0] for one in BREACHES)) == [rule.name for rule in RULES]
    assert all(rule.page.startswith("https://docs.aws.amazon.com/") for rule in RULES)


def test_the_documentation_lists_every_rule() -> None:
    page = (PROJECT / "docs" / "testing.md").read_text(encoding="utf-8")
    assert [rule.name for rule in RULES if f"| {rule.name} |" not in page or f"]({rule.page})" not in page] == []


def test_what_breaks_no_rule_is_carried_out(aws: dict[str, str]) -> None:
    refuse("dynamodb", "Query", {**query(), "TableName": aws["AnnotationsTable"]})
    assert boto3.client("dynamodb").query(TableName=aws["AnnotationsTable"], **query())["Items"] == []


# ---- what moto refuses without our help: if it ever stops, these become rules -------------------------------------
def test_small_parts_are_refused(aws: dict[str, str]) -> None:
    s3, place = boto3.client("s3"), {"Bucket": aws["InputsBucket"], "Key": "k"}
    upload = s3.create_multipart_upload(**place)["UploadId"]
    parts = [{"PartNumber": number,
              "ETag": s3.upload_part(**place, UploadId=upload, PartNumber=number, Body=b"x")["ETag"]}
             for number in (1, 2)]
    with pytest.raises(ClientError, match="EntityTooSmall"):
        s3.complete_multipart_upload(**place, UploadId=upload, MultipartUpload={"Parts": parts})


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
def test_an_object_in_glacier_cannot_be_read_or_copied(aws: dict[str, str], storage_class: str) -> None:
    s3, place = boto3.client("s3"), {"Bucket": aws["ArchiveBucket"], "Key": "k"}
    s3.put_object(**place, Body=b"x", StorageClass=storage_class)
    with pytest.raises(ClientError, match="InvalidObjectState"):
        s3.get_object(**place)
    with pytest.raises(ClientError, match=r"InvalidObjectState|ObjectNotInActiveTierError"):
        s3.copy_object(Bucket=aws["ResultsBucket"], Key="k", CopySource=place)


# ---- API Gateway and Lambda --------------------------------------------------------------------------------------
def test_what_the_gateway_and_the_function_cannot_carry() -> None:
    for event in ({"body": "x" * (10 * 1024 * 1024 + 1)}, {"body": "x" * (6 * 1024 * 1024)},
                  {"multiValueHeaders": {"Cookie": ["x" * 10_240]}}):
        with pytest.raises(LimitExceededError):
            check_request(event)
    for answer in ({"body": "x" * (6 * 1024 * 1024)}, {"headers": {"Link": "x" * 10_240}}):
        with pytest.raises(LimitExceededError):
            check_answer(answer)
    check_request({"body": "x" * 1000})
    check_answer({"body": "x" * 1000, "headers": {}})
