"""SES: mails to users."""
from __future__ import annotations

from dataclasses import dataclass

from chalicelib.aws.clients import client


@dataclass(frozen=True)
class Mail:
    """A mail, in plain text and in HTML that says the same."""

    to: str
    subject: str
    text: str
    html: str


class Mailer:
    """Sends mails.

    :param sender: From address, verified in SES
    """

    def __init__(self, sender: str) -> None:
        self.sender = sender

    def send(self, mail: Mail) -> None:
        """Hand a mail to SES."""
        client("sesv2").send_email(
            FromEmailAddress=f"GAS <{self.sender}>", Destination={"ToAddresses": [mail.to]},
            Content={"Simple": {
                "Subject": {"Data": mail.subject, "Charset": "UTF-8"},
                "Body": {"Text": {"Data": mail.text, "Charset": "UTF-8"},
                         "Html": {"Data": mail.html, "Charset": "UTF-8"}}}})
