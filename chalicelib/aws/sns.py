"""SNS topics `job_requests` and `job_results`."""
from __future__ import annotations

from chalicelib.aws.clients import client
from chalicelib.domain.messages import JobRequest, JobResult


class Topics:
    """Publishes the messages of GAS.

    Args:
        requests_arn: Topic of jobs that wait for a worker.
        results_arn: Topic of jobs that ended.
    """

    def __init__(self, requests_arn: str, results_arn: str) -> None:
        self.requests_arn = requests_arn
        self.results_arn = results_arn

    def request_job(self, request: JobRequest) -> None:
        """Tell the workers of a job."""
        client("sns").publish(TopicArn=self.requests_arn, Message=request.to_json())

    def announce_result(self, result: JobResult) -> None:
        """Tell everybody that a job ended; subscriptions filter on the attributes."""
        client("sns").publish(
            TopicArn=self.results_arn, Message=result.to_json(),
            MessageAttributes={name: {"DataType": "String", "StringValue": value}
                               for name, value in result.attributes.items()})
