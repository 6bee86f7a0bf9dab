"""The mails that the local service has sent, to read: the emulator keeps them, and nothing leaves this machine."""
from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape

import requests

from infra.local.identity_pages import page

PATH = "/outbox"
_PART = "mails of local GAS"
_ADDRESS = re.compile(r"https?://[^\s<>\"]+")
_FRAME = "border: 1px solid #767676; border-radius: .375rem; width: 100%; height: 24rem; background: #fff"


@dataclass(frozen=True)
class SentMail:
    """A mail as the emulator keeps it.

    Attributes:
        mail_id: SES's name of it.
        sent: Epoch seconds.
    """

    mail_id: str
    sent: float
    sender: str
    to: str
    subject: str
    text: str
    html: str


def read_outbox(emulator: str) -> list[SentMail]:
    """Every mail that was sent, the latest first.

    Args:
        emulator: Address of the emulator.

    Raises:
        requests.RequestException: It does not answer.
    """
    answer = requests.get(f"{emulator}/_ministack/ses/messages", timeout=10)
    answer.raise_for_status()
    mails = [SentMail(mail_id=kept["MessageId"], sent=kept["Timestamp"], sender=kept["Source"],
                      to=", ".join(kept["To"]), subject=kept["Subject"], text=kept["BodyText"],
                      html=kept.get("BodyHtml") or "")
             for of_account in answer.json()["messages"].values() for kept in of_account]
    return sorted(mails, key=lambda mail: mail.sent, reverse=True)


def outbox_page(path: str, mails: Sequence[SentMail]) -> str | None:
    """The page at a path below `PATH`: the list, or one mail; None when there is no such mail."""
    if path in (PATH, f"{PATH}/"):
        return _list_page(mails)
    wanted = path.removeprefix(f"{PATH}/")
    found = next((mail for mail in mails if mail.mail_id == wanted), None)
    return _mail_page(found) if found is not None else None


def _list_page(mails: Sequence[SentMail]) -> str:
    if not mails:
        return page("Sent mails", "<p>No mail has been sent yet. GAS sends one when an annotation has ended, for "
                                  "instance. Load this page again to look for new ones.</p>", _PART)
    entries = "\n".join(
        f'<li><a href="{PATH}/{escape(mail.mail_id)}">{escape(mail.subject)}</a><br>'
        f"to {escape(mail.to)}, {_time(mail)}</li>" for mail in mails)
    return page("Sent mails", f"<p>{len(mails)} sent by this copy of GAS, the latest first. They are kept here and "
                              f"went nowhere.</p>\n<ul>\n{entries}\n</ul>", _PART)


def _mail_page(mail: SentMail) -> str:
    # The frame's document is cut off from this page, and runs nothing; links work in the text.
    html = (f'<h2 id="html">As HTML</h2>\n<iframe sandbox title="The mail as HTML" style="{_FRAME}" '
            f'srcdoc="{escape(mail.html)}"></iframe>' if mail.html else "<p>It has no HTML part.</p>")
    return page(mail.subject, f"""<p><a href="{PATH}">All sent mails</a></p>
<p>From {escape(mail.sender)}<br>To {escape(mail.to)}<br>{_time(mail)}</p>
<h2>As text</h2>
<p style="white-space: pre-wrap; overflow-wrap: anywhere">{_linked(mail.text)}</p>
{html}""", _PART)


def _time(mail: SentMail) -> str:
    moment = datetime.fromtimestamp(mail.sent, UTC)
    return f'<time datetime="{moment:%Y-%m-%dT%H:%M:%SZ}">{moment:%-d %b %Y, %H:%M:%S} UTC</time>'


def _linked(text: str) -> str:
    """Text with its addresses as links, everything else escaped."""
    pieces, end = [], 0
    for found in _ADDRESS.finditer(text):
        address = escape(found.group())
        pieces += [escape(text[end:found.start()]), f'<a href="{address}">{address}</a>']
        end = found.end()
    return "".join([*pieces, escape(text[end:])])
