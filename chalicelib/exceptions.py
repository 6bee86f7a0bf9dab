"""Every error of the GAS domain.

Code raises these. `chalicelib/web/http/errors.py` turns them into pages and problem+json; `JobFailure.reason` is what
a failed job's record keeps.
"""
from __future__ import annotations

from chalicelib.domain.job_reason import JobReason


class GasError(Exception):
    """A problem in the user's words.

    Args:
        message: What is wrong, one sentence.
        hint: As in `JobReason`.
    """

    code = "gas_error"
    default_message = "Something went wrong."
    default_hint = ""

    def __init__(self, message: str = "", hint: str = "") -> None:
        self.message = message or self.default_message
        self.hint = hint or self.default_hint
        super().__init__(self.message)


class NotFoundError(GasError):
    """It does not exist, or is another user's: both get the same answer."""

    code = "not_found"
    default_message = "This page does not exist."
    default_hint = "It may have been deleted, or it belongs to another account."


class JobNotFoundError(NotFoundError):
    """There is no such job, or it is another user's."""

    code = "job_not_found"
    default_message = "Job not found."


class FileNotAvailableError(NotFoundError):
    """The job is the user's, but the file asked for is not (or not yet, or no longer) there."""

    code = "file_not_available"
    default_message = "This file is not available."
    default_hint = "The job may not have finished, or it failed before the file was written."


class NotSignedInError(GasError):
    """The route needs a signed-in user."""

    code = "not_signed_in"
    default_message = "You are not signed in."
    default_hint = "Sign in with Globus and try again."


class ForbiddenError(GasError):
    """The user is signed in and may not do this."""

    code = "forbidden"
    default_message = "You do not have permission to do this."


class CsrfRejectedError(ForbiddenError):
    """A POST came without the token of the session: a forged or a very old form."""

    code = "csrf_rejected"
    default_message = "This form has expired."
    default_hint = "Go back, reload the page and submit it again."


class SignInFailedError(GasError):
    """Globus refused, or its answer does not belong to the login that this browser began."""

    code = "sign_in_failed"
    default_message = "Sign-in with Globus failed."
    default_hint = "Try again. If the problem persists, contact support with the request ID."


class SignInCancelledError(SignInFailedError):
    """The user refused at Globus."""

    code = "sign_in_cancelled"
    default_message = "You cancelled the Globus sign-in."
    default_hint = "Nothing has changed. You can sign in at any time."


class BadRequestError(GasError):
    """The request's own fault.

    Args:
        field: The form field or query parameter at fault, or "".
    """

    code = "bad_request"
    default_message = "The request is not valid."

    def __init__(self, message: str = "", hint: str = "", field: str = "") -> None:
        super().__init__(message, hint)
        self.field = field


class ConflictError(GasError):
    """The thing is in a state in which this cannot be done."""

    code = "conflict"
    default_message = "This is not possible right now."


class AccountErasingError(ConflictError):
    """The account is being deleted: nothing can be done with it any more, and nothing new started."""

    code = "account_erasing"
    default_message = "This account is being deleted, as you requested."
    default_hint = "This takes a few minutes. You can then sign in to a new, empty account."


class PremiumRunsError(ConflictError):
    """Premium that is paid for has to end first."""

    code = "premium_runs"
    default_message = "You have an active Premium subscription."
    default_hint = "Cancel it in your profile before deleting your account."


class JobNotCancellableError(ConflictError):
    """The job has ended, so it cannot be cancelled."""

    code = "job_not_cancellable"
    default_message = "This job has already finished."
    default_hint = "Only waiting and running jobs can be cancelled."


class FilesOnTheMoveError(ConflictError):
    """Archive, thaw or delete is moving the job's files; one of them does so at a time."""

    code = "files_on_the_move"
    default_message = "The files of this job are currently being moved."
    default_hint = "Try again in a few minutes."


class BeingToldError(ConflictError):
    """Another run is currently sending this email; the outcome is known a little later."""

    code = "being_told"
    default_message = "This email is currently being sent."


class ArchiveMismatchError(GasError):
    """A copy does not have the checksum of its original: the original stays."""

    code = "archive_mismatch"
    default_message = "The copy of a results file differs from its original."


class ExpeditedUnavailableError(GasError):
    """The archive currently has no capacity for Expedited retrievals."""

    code = "expedited_unavailable"
    default_message = "The archive has no capacity for expedited retrievals."


class RetrievalNotReadyError(GasError):
    """The archive has not retrieved the bytes yet."""

    code = "retrieval_not_ready"
    default_message = "The archive has not retrieved this file yet."


class PaymentServiceError(GasError):
    """The payment service does not respond, or refuses."""

    code = "payment_service"
    default_message = "The payment service is not responding."
    default_hint = "Your existing subscription is not affected. Try again in a few minutes."


class TooManyRequestsError(GasError):
    """Throttled, by AWS or by us.

    Args:
        retry_after: Seconds to wait.
    """

    code = "too_many_requests"
    default_message = "Too many requests."
    default_hint = "Wait a moment and try again. Nothing was lost."

    def __init__(self, message: str = "", hint: str = "", retry_after: int = 5) -> None:
        super().__init__(message, hint)
        self.retry_after = retry_after


class LeaseLostError(GasError):
    """The job is no longer this worker's: cancelled, deleted, or taken over after the lease ran out."""

    code = "lease_lost"
    default_message = "The job is no longer held by this worker."


class JobTakenError(GasError):
    """Another worker holds the job's lease, or the job is to be tried again later."""

    code = "job_taken"
    default_message = "Another worker is annotating this job."


class RecordTooLargeError(GasError):
    """A record would be larger than DynamoDB takes: asking again would be refused again."""

    code = "record_too_large"
    default_message = "The record is larger than the database takes."


class StorageUnavailableError(GasError):
    """S3 did not take a file, or did not give it, however often it was asked; it may do so later."""

    code = "storage_unavailable"
    default_message = "The file storage is not responding."


class InvalidMessageError(GasError):
    """A message from a queue is none of those that the queue carries, or one of its fields is wrong."""

    code = "invalid_message"


class MissingSettingsError(GasError):
    """A part of GAS was started without what it needs to know: a fault of the deployment."""

    code = "missing_settings"
    default_hint = "infra/functions.yaml and infra/worker.yaml set them; deploy both stacks again."


class WorkerOutOfDiskError(GasError):
    """This worker has no room for the job's files; another one, or this one later, may have."""

    code = "worker_out_of_disk"
    default_message = "The worker has too little free disk for this file."


class ReferenceUnavailableError(GasError):
    """A reference that should be available is missing or damaged: the operator must fix it."""

    code = "reference_unavailable"
    default_message = "A reference is currently unavailable."


class JobFailure(GasError):  # noqa: N818 - the field says "failure", not "failure error"
    """A job ends FAILED, or a file is refused before it becomes one."""

    def __init__(self, reason: JobReason) -> None:
        super().__init__(reason.message, reason.hint)
        self.code = reason.code
        self.reason = reason
