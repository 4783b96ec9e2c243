"""Mails about alarms quote names and texts of others: nothing in them is markup."""

import asyncio
import email
import email.policy
from email.message import EmailMessage

from ml_connector.app.alarms.channels import AlarmChannel, send
from ml_connector.secret import Secret

NAME = '<img src="http://evil.example/x.png"><b>TEE</b>\x1b[8m'


class Mailbox:
    """A mail server that takes whatever it is given."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail\r\n")
        while line := (await reader.readline()).strip().upper():
            if line == b"DATA":
                writer.write(b"354 go on\r\n")
                self.letters.append(await self._letter(reader))
            writer.write(b"221 bye\r\n" if line == b"QUIT" else b"250 yes\r\n")
            if line == b"QUIT":
                break
        writer.close()

    async def _letter(self, reader: asyncio.StreamReader) -> EmailMessage:
        raw = await reader.readuntil(b"\r\n.\r\n")
        letter = email.message_from_bytes(raw, policy=email.policy.default)
        assert isinstance(letter, EmailMessage)
        return letter


async def test_a_mail_is_plain_text() -> None:
    mailbox = Mailbox()
    async with await asyncio.start_server(mailbox.talk, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        url = f"mailto://127.0.0.1:{port}/?from=us@example.com&to=them@example.com&mode=insecure"
        channel = AlarmChannel(field="alarms.urls.1", url=Secret(url))
        refused = await send(channel, title=f"Parked: {NAME}\r\nBcc: x@evil.example", body=NAME)

    [letter] = mailbox.letters
    parts = [part for part in letter.walk() if not part.is_multipart()]

    assert refused == ""
    assert [part.get_content_type() for part in parts] == ["text/plain"]
    assert '<img src="http://evil.example/x.png"><b>TEE</b>␛[8m' in parts[0].get_content()
    assert letter["to"] == "them@example.com"
    assert letter["bcc"] is None
