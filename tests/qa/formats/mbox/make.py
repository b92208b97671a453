"""Write the mailboxes in this folder: `python tests/qa/formats/mbox/make.py`."""

from __future__ import annotations

import mailbox
from email.message import EmailMessage
from pathlib import Path

HERE = Path(__file__).parent


def message(sender: str, subject: str, text: str, message_id: str = "", *, attach: str = "") -> EmailMessage:
    """Return an e-mail of 4 April 2008."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, "desk@example.org", subject
    made["Date"] = "Fri, 04 Apr 2008 10:00:00 +0900"
    if message_id:
        made["Message-ID"] = f"<{message_id}>"
    made.set_content(text)
    if attach:
        made.add_attachment(attach.encode(), maintype="text", subtype="plain", filename="note.txt")
        made.set_boundary("b")
    return made


MESSAGES = [
    message("Pak Yong-su <pak@example.org>", "Trucks", "Six trucks came on Thursday.\n", "1@example.org"),
    message(
        "Kim Jong <kim@example.org>",
        "Re: Trucks",
        "From Hyesan came two more.\n\n"
        "On Fri, Apr 4, 2008 at 10:00 AM, Pak Yong-su <pak@example.org> wrote:\n"
        "> Six trucks came on Thursday.\n",
        "2@example.org",
        attach="The bridge at Hyesan is closed.",
    ),
    message("Lee Sun <lee@example.org>", "철", "고철 값이 올랐다.\nFrom this week on it is dearer.\n"),
]


def written(path: Path, messages: list[EmailMessage]) -> None:
    """Write a mailbox, as Python does."""
    path.unlink(missing_ok=True)
    box = mailbox.mbox(path)
    for each in messages:
        made = mailbox.mboxMessage(each)
        made.set_from("desk@example.org", (2008, 4, 4, 10, 0, 0, 4, 95, 0))
        box.add(made)
    box.close()


if __name__ == "__main__":
    written(HERE / "desk.mbox", MESSAGES)
    windows = (HERE / "desk.mbox").read_bytes().replace(b"\n", b"\r\n")
    (HERE / "windows.mbox").write_bytes(windows)
