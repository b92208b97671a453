"""Write the e-mails in this folder: `PYTHONPATH=. python tests/qa/formats/mail/make.py`."""

from __future__ import annotations

from email import policy
from email.message import EmailMessage
from pathlib import Path

HERE = Path(__file__).parent
SEEDS = HERE.parents[3] / "seeds"


def new(subject: str, sender: str, date: str = "Fri, 04 Apr 2008 23:30:00 +0900") -> EmailMessage:
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"], message["Subject"], message["Date"] = (
        sender,
        "pak@example.org",
        subject,
        date,
    )
    message["Message-ID"] = "<1@example.org>"
    return message


def save(message: EmailMessage, name: str) -> None:
    if message.is_multipart():
        for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
            part.set_boundary(f"===={number}====")  # a random boundary would change the file each time
    (HERE / name).write_bytes(message.as_bytes())


PLAIN = """\
Yes, six trucks came on Thursday.

On Fri, Apr 4, 2008 at 10:00 AM, Kim Jong
<kim@example.org> wrote:
> Did the trucks come?
>
> On 3 April 2008, Lee Sun wrote:
>> Watch the bridge at Hyesan.
>> It is empty at night.
>
> And who drove them?

Soldiers drove them.

> Kim

Regards,
--\x20
Pak Yong-su
Border Desk
"""

OUTLOOK = """\
I agree with Kim.

-----Original Message-----
From: Kim Jong [mailto:kim@example.org]
Sent: Friday, April 4, 2008 10:00 AM
To: Pak Yong-su; Lee Sun
Subject: RE: trucks

The price doubled.

From: Lee Sun
Sent: Thursday, April 3, 2008 9:00 AM
To: Kim Jong
Subject: trucks

Scrap costs more each day.
"""

HTML = """<html><head><style>p {color: red}</style></head><body><div dir="ltr"><p>It rained<br>all day.</p>
<ul><li>one</li><li>two</li></ul><div>Pak</div></div>
<div class="gmail_quote"><div class="gmail_attr">On Fri, 4 Apr 2008 at 10:00, Kim Jong
&lt;kim@example.org&gt; wrote:<br></div><blockquote class="gmail_quote"><div>Did it rain?</div>
<blockquote type="cite"><p>Inner words.</p></blockquote></blockquote></div>
<p style="display:none">HIDDEN</p></body></html>"""

KOREAN = """\
네, 트럭이 왔습니다.

2008년 4월 3일 (목) 오전 10:00, 김철수 <kim@example.org>님이 작성:
> 트럭이 왔습니까?
"""

CHINESE = """\
卡车来了。

张三 <z@example.org> 于2008年4月3日周四 10:00写道：
> 卡车来了吗？
"""


def main() -> None:
    message = new("Re: trucks", "Pak Yong-su <pak@example.org>")
    message.set_content(PLAIN, cte="quoted-printable")
    save(message, "thread.eml")

    message = new("RE: trucks", "Pak Yong-su <pak@example.org>")
    message.set_content(OUTLOOK)
    save(message, "outlook.eml")

    message = new("Rain", "Pak Yong-su <pak@example.org>")
    message.set_content(HTML, subtype="html", cte="base64")
    save(message, "html.eml")

    message = new("Re: 트럭", "박용수 <pak@example.org>")
    message.set_content(KOREAN, charset="euc-kr", cte="base64")
    save(message, "korean.eml")

    message = new("回复：卡车", "李四 <l@example.org>")
    message.set_content(CHINESE, charset="gb18030", cte="base64")
    save(message, "chinese.eml")

    (path,) = SEEDS.glob("*.txt")
    message = new("Fwd: brief", "Pak Yong-su <pak@example.org>")
    message.set_content("The brief is attached, and its map.")
    message.add_alternative("<p>The brief is <b>attached</b>, and its map.</p>", subtype="html")
    message.add_attachment(path.read_text("utf-8"), filename="brief.txt")
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="map.png")
    inner = new("An older one", "Lee Sun <lee@example.org>", "Thu, 03 Apr 2008 09:00:00 +0900")
    inner.set_content("Watch the bridge.")
    message.add_attachment(inner)
    save(message, "attached.eml")

    (HERE / "bare.eml").write_bytes(
        b"Subject: =?utf-8?b?8J-Y?= r\xc3\xa9sum\xc3\xa9 =?bogus?q?x?=\nFrom: \xff <>\nDate: some day\n"
        b'Content-Type: text/plain; charset="no-such"\n\ncaf\xc3\xa9 at noon'
    )
    (HERE / "cut-off.eml").write_bytes((HERE / "attached.eml").read_bytes()[:1300])
    (HERE / "empty.eml").write_bytes(b"Subject: nothing\n\n")
    (HERE / "text.eml").write_bytes(b"This is no e-mail.\n\nIt has no headers.\n")


if __name__ == "__main__":
    main()
