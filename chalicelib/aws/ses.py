"""SES: mails to users."""
from __future__ import annotations

from chalicelib.aws.clients import client
from chalicelib.mails import Mail


def ascii_address(address: str) -> str | None:
    """An email address as SES takes it: its domain in Punycode.

    SES has no SMTPUTF8, so that a mailbox name must be ASCII:
    https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Destination.html

    Returns:
        The address, or None if SES cannot send to it.
    """
    mailbox, at, domain = address.strip().rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        return None
    if not at or not mailbox.isascii() or not mailbox.isprintable() or not ascii_domain:
        return None
    return f"{mailbox}@{ascii_domain}"


class Mailer:
    """Sends mails.

    Args:
        sender: From address, verified in SES.
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
