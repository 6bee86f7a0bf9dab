"""File names and object keys: `<user_id>/<job_id>/<file name>` in both buckets."""
from __future__ import annotations

import re
from dataclasses import dataclass

from chalicelib.domain.job_reason import JobReason
from chalicelib.exceptions import JobFailure

VCF_EXTENSIONS = (".vcf", ".vcf.gz", ".vcf.bgz", ".vcf.xz", ".vcf.zst", ".bcf")
TBI, CSI = ".tbi", ".csi"
"""How the names of indexes end."""
LONGEST_NAME = 255
"""Longest file name in characters: what file systems allow, and what keeps a key under S3's 1,024 bytes."""
LAYER_FOLDER = "layer/"
"""Folder of a job with the file of the user's own annotations."""
METADATA_FIELD = "x-amz-meta-"
"""Prefix of the form fields that S3 stores as an object's metadata."""

NOT_IN_NAMES = re.compile(r"[/\\\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Slashes, control characters, and those that change the direction in which a name is shown (Unicode's UAX #9)."""
REASONS = {
    "no_name": ("The upload contains no file.", "Choose a file and upload it."),
    "name_too_long": ("The file name is too long ({length} characters; the maximum is {limit}).",
                      "Rename the file and upload it again."),
    "bad_name": ("The file name contains a slash, backslash or control character.",
                 "Rename the file and upload it again."),
    "wrong_layer_extension": ("“{name}” does not have a VCF or BED file extension.",
                              "For your own annotations, GAS accepts files ending in {extensions}."),
    "wrong_extension": ("“{name}” does not have a VCF file extension.", "GAS accepts files ending in {extensions}."),
}
"""Why a name is refused, by the code of the reason: message and hint. The upload page has the same sentences."""
JOB_ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
"""Pattern of a job id: the canonical form of a UUID."""


def is_job_id(text: object) -> bool:
    """True for a text of the form that job ids have."""
    return isinstance(text, str) and re.fullmatch(JOB_ID, text) is not None


@dataclass(frozen=True)
class InputKey:
    """The key of an input file, or of what comes with it, taken apart."""

    user_id: str
    job_id: str
    file_name: str

    @property
    def layer_name(self) -> str | None:
        """The name of a file with the user's own annotations; None for another file."""
        return self.file_name.removeprefix(LAYER_FOLDER) if self.file_name.startswith(LAYER_FOLDER) else None

    @property
    def key(self) -> str:
        """The key as S3 holds it."""
        return f"{key_prefix(self.user_id, self.job_id)}{self.file_name}"

    @classmethod
    def parse(cls, key: str) -> InputKey | None:
        """The parts of `key`, or None for a key that no upload of ours has.

        The file name is "" where a form was sent without a file.
        """
        user_id, _, rest = key.partition("/")
        job_id, _, file_name = rest.partition("/")
        if not user_id or not is_job_id(job_id) or not key.startswith(key_prefix(user_id, job_id)):
            return None
        return cls(user_id, job_id, file_name)


def key_prefix(user_id: str, job_id: str) -> str:
    """Everything of one job lies under this prefix, in both buckets."""
    return f"{user_id}/{job_id}/"


def layer_prefix(user_id: str, job_id: str) -> str:
    """A file with the user's own annotations for a job lies under this prefix, in the bucket of inputs."""
    return key_prefix(user_id, job_id) + LAYER_FOLDER


def in_archive_bucket(archive_id: str) -> bool:
    """True for a key of the archive bucket, False for an id of a Glacier vault, which has no slash."""
    return "/" in archive_id


def companion_key(prefix: str, archive_id: str, name: str) -> str:
    """Where the archive bucket has what goes with an archived results file, as its index.

    It follows from the archive id, which no other copy has: a key of the archive bucket, beside which the companion
    lies, or an id of a Glacier vault, which gives the folder its name.

    Args:
        prefix: Of the job, as `key_prefix` gives it.
        archive_id: The id of the results file's copy.
        name: The companion's file name.
    """
    folder = archive_id.rpartition("/")[0] if in_archive_bucket(archive_id) else f"{prefix}{archive_id}"
    return f"{folder}/companions/{name}"


def check_file_name(name: str) -> None:
    """Check an input file's name.

    Raises:
        JobFailure: With the reason, for a name that is not one of a VCF file.
    """
    check_name(name, VCF_EXTENSIONS, "wrong_extension")


def check_name(name: str, extensions: tuple[str, ...], wrong: str) -> None:
    """Check the name of a file that a user sends.

    Args:
        extensions: How it may end.
        wrong: Code of the reason for a name that ends differently.

    Raises:
        JobFailure: With the reason.
    """
    if not name:
        raise _refused("no_name")
    if len(name) > LONGEST_NAME:
        raise _refused("name_too_long", length=len(name), limit=LONGEST_NAME)
    if NOT_IN_NAMES.search(name):
        raise _refused("bad_name")
    if not name.lower().endswith(extensions):
        raise _refused(wrong, name=name, extensions=", ".join(extensions))


def _refused(code: str, **values: str | int) -> JobFailure:
    message, hint = REASONS[code]
    return JobFailure(JobReason(code, message.format(**values), hint.format(**values)))


def base_name(input_file_name: str) -> str:
    """The input file's name without its VCF extension: what the results are named after."""
    lower = input_file_name.lower()
    for extension in sorted(VCF_EXTENSIONS, key=len, reverse=True):
        if lower.endswith(extension) and len(input_file_name) > len(extension):
            return input_file_name[: -len(extension)]
    return input_file_name
