"""The AWS emulator of the local stack: ministack, kept on this machine, with IAM enforced and its state on disk.

`python -m infra.local.emulator` is ministack with four differences: functions run in the bare interpreter, so
that they see what is in their zip and nothing of the virtual environment that ministack itself lives in; the names of
files in upload forms are read as UTF-8, which is what browsers send and S3 reads; batches of messages need the
right that they need on AWS; and each permission that a role uses, or lacks, is noted once, in `USED_PERMISSIONS`.
"""
from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ACCOUNT = "000000000000"
OPERATOR_KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
"""The emulator's administrator. These are its fixed words, not credentials of anything."""

USED_PERMISSIONS = "used-permissions.jsonl"
"""File in the directory of the emulator's state: `{"role", "action", "sid", "decision"}` in each line."""
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")


def environment(port: int, region: str, state: Path, temporary: Path, outer: Mapping[str, str]) -> dict[str, str]:
    """The emulator's environment; nothing else of the operator's own gets in, no AWS profile above all.

    Args:
        port: TCP port on 127.0.0.1.
        region: The AWS region it plays.
        state: Directory that outlives the emulator.
        temporary: Directory that does not.
        outer: The environment of this process.
    """
    return {
        **{name: outer[name] for name in _KEPT if name in outer},
        **OPERATOR_KEYS,
        "AWS_DEFAULT_REGION": region, "MINISTACK_REGION": region, "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1",
        "GAS_USED_PERMISSIONS": str(state / USED_PERMISSIONS),
        "AUTH": "true",
        "PERSIST_STATE": "1", "STATE_DIR": str(state / "state"),
        "S3_PERSIST": "1", "S3_DATA_DIR": str(state / "s3"),
        "TMPDIR": str(temporary),
        "LAMBDA_EXECUTOR": "local",
        "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0",
        # It would look after containers; there are none, and a stranger's Docker is not to be touched.
        "DOCKER_HOST": f"unix://{temporary}/no-docker.sock",
        "PYTHONNOUSERSITE": "1",
        "PYTHONUNBUFFERED": "1",
    }


def follow_port(state: Path, port: int) -> None:
    """Lets kept state be used at another port: queues are known by addresses that hold the port.

    Args:
        state: What `environment` was given.
        port: Where the emulator will listen now.
    """
    mark = state / "port"
    before = mark.read_text(encoding="ascii") if mark.exists() else str(port)
    if before != str(port):
        for file in (state / "state").glob("*.json"):
            kept = file.read_text(encoding="utf-8")
            moved = kept.replace(f"http://localhost:{before}/", f"http://localhost:{port}/")
            if moved != kept:
                file.write_text(moved, encoding="utf-8")
    state.mkdir(parents=True, exist_ok=True)
    mark.write_text(str(port), encoding="ascii")


def bare_interpreter() -> str:
    """The Python that this virtual environment was made from."""
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    return str(base) if base.exists() else sys.executable


def read_file_names_as_utf8() -> None:
    """Corrects ministack's reading of upload forms, which takes file names for Latin-1."""
    from ministack.services import s3

    parse = s3._parse_multipart_form

    def parse_with_utf8_names(content_type: str, body: bytes) -> list[tuple[Any, ...]]:
        return [(name, file_name and file_name.encode("latin-1").decode("utf-8", "replace"), headers, value)
                for name, file_name, headers, value in parse(content_type, body)]

    s3._parse_multipart_form = parse_with_utf8_names


def answer_ranges_of_versions() -> None:
    """Corrects ministack's answer to a range of one version of an object, which is all of the version."""
    from ministack.services import s3

    get = s3._get_object

    def get_range(bucket: str, key: str, headers: dict[str, str], query: dict[str, Any] | None = None) -> Any:
        status, found, body = get(bucket, key, headers, query)
        asked = headers.get("range", "")
        if status != 200 or not asked or "Content-Range" in found:
            return status, found, body
        wanted = s3._parse_range(asked, len(body))
        if wanted is None:
            error = s3._xml_body(s3._range_error_xml(bucket, key))
            return 416, {"Content-Type": "application/xml", "Content-Range": f"bytes */{len(body)}"}, error
        first, last = wanted
        part = body[first:last + 1]
        of_part = {"Content-Length": str(len(part)), "Content-Range": f"bytes {first}-{last}/{len(body)}"}
        return 206, {**found, **of_part}, part

    s3._get_object = get_range


def leave_addresses_of_the_site_to_it() -> None:
    """Takes from ministack what it answers itself at addresses that are the site's: /health and GET /logout.

    Its own health stays at /_ministack/health. GAS has no Cognito, whose sign-out the other one stands for.
    """
    from ministack import app

    app._HEALTH_PATHS = tuple(path for path in app._HEALTH_PATHS if path != "/health")
    answer = app._handle_cognito_get_request

    async def answer_others(method: str, path: str, headers: dict[str, Any], query: dict[str, Any]) -> Any:
        return None if path == "/logout" else await answer(method, path, headers, query)

    app._handle_cognito_get_request = answer_others


def ask_for_the_rights_that_aws_asks_for() -> None:
    """Corrects ministack's names of permissions: a batch of messages needs, on AWS, the right to the single call."""
    from ministack.core import iam_actions

    extract = iam_actions.extract_iam_action

    def extract_without_batches(*arguments: Any, **options: Any) -> str | None:
        action: str | None = extract(*arguments, **options)
        return action.removesuffix("Batch") if action and action.startswith("sqs:") else action

    iam_actions.extract_iam_action = extract_without_batches


def note_used_permissions(path: Path) -> None:
    """Note each permission that a role used once, with the statement that gives it, and each that it was denied."""
    from ministack.core import iam_evaluator

    evaluate, enforce = iam_evaluator.evaluate, iam_evaluator.enforce
    noted = set[tuple[str, ...]]()

    def note(principal: str, action: str, statement: str, decision: str) -> None:
        key = (principal.split("/")[1] if ":assumed-role/" in principal else "", action, statement, decision)
        if key[0] and key not in noted:
            noted.add(key)
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(dict(zip(("role", "action", "sid", "decision"), key, strict=True))) + "\n")

    def evaluate_and_note(context: Any, *policies: Any) -> Any:
        result = evaluate(context, *policies)
        if result.decision == "Allow":
            note(context.principal_arn, context.action, result.matched_sid, "Allow")
        return result

    def enforce_and_note(access_key: str, action: str, *arguments: Any, **options: Any) -> Any:
        denial = enforce(access_key, action, *arguments, **options)
        if denial is not None and hasattr(denial, "principal_arn"):
            note(denial.principal_arn, action, "", denial.decision)
        return denial

    iam_evaluator.evaluate, iam_evaluator.enforce = evaluate_and_note, enforce_and_note


def main() -> None:
    """Runs ministack until it is asked to end."""
    from ministack.app import main as serve

    read_file_names_as_utf8()
    answer_ranges_of_versions()
    leave_addresses_of_the_site_to_it()
    ask_for_the_rights_that_aws_asks_for()
    note_used_permissions(Path(os.environ["GAS_USED_PERMISSIONS"]))
    os.environ.pop("PYTHONPATH", None)  # of ours: the functions must not inherit it
    sys.executable = bare_interpreter()  # what ministack starts functions with
    serve()


if __name__ == "__main__":
    main()
