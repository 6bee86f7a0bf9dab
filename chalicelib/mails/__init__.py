"""The emails that GAS sends: a link to the job or the site, never the data."""
from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from chalicelib.domain.profiles import Profile
from chalicelib.domain.result_files import ARCHIVED_FILES


class MailKind(StrEnum):
    """The emails that GAS sends, each named after its template."""

    ENDED = "ended"
    ARCHIVE_WARNING = "archive_warning"
    ALL_RESTORED = "all_restored"
    PREMIUM_ENDED = "premium_ended"


@dataclass(frozen=True)
class Mail:
    """An email, in plain text and in HTML that says the same. `to` is an address that `ascii_address` gave."""

    to: str
    subject: str
    text: str
    html: str


@cache
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, trim_blocks=True,
                       lstrip_blocks=True, autoescape=select_autoescape(["html"]), finalize=_on_one_line)


def _on_one_line(value: Any) -> Any:
    """Names of files come from users: a line's end in one must not end the subject or begin a paragraph."""
    if not isinstance(value, str):
        return value
    return " ".join("".join(character if character.isprintable() else " " for character in value).split())


def compose(kind: MailKind, profile: Profile, site_url: str, **values: Any) -> Mail:
    """Write an email from the templates `<kind>.txt` (its first line is the subject) and `mail.html`.

    Args:
        site_url: Where browsers find the site, without a slash at the end.
        values: What the template of this kind names, as `job`.
    """
    environment = _environment()
    rendered = environment.get_template(f"{kind.value}.txt").render(
        profile=profile, site_url=site_url, utc=utc, archived_files=ARCHIVED_FILES, **values)
    subject, _, text = rendered.partition("\n")
    # One source for both forms: paragraphs are separated by empty lines, and a paragraph that is an address is a link.
    paragraphs = [" ".join(part.split()) for part in text.strip().split("\n\n")]
    html = environment.get_template("mail.html").render(subject=subject, paragraphs=paragraphs, site_url=site_url)
    return Mail(to=profile.email, subject=subject, text=text.strip() + "\n", html=html)


def utc(time: int) -> str:
    """A time for an email, whose reader's time zone is unknown: "24 November 2026, 14:05 UTC"."""
    moment = datetime.fromtimestamp(time, UTC)
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"
