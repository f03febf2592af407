"""A letter as an e-mail message (RFC 5322): plain text and HTML that say the same."""

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from html import escape
from string import Template

from auth_service.mail.letters import Letter

_PAGE = Template("""\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="format-detection" content="telephone=no,date=no,address=no,email=no,url=no"><title>$subject</title></head>
<body style="margin:0;padding:24px;background:#ffffff;color:#1a1a1a;font:16px/1.5 sans-serif">
<main style="max-width:560px;margin:0 auto">
<h1 style="font-size:20px;line-height:1.3">$subject</h1>
$content
</main>
</body>
</html>
""")
_BUTTON = Template("""\
<p><a href="$link" style="display:inline-block;padding:12px 20px;border-radius:4px;background:#1d4ed8;color:#ffffff">\
$label</a></p>
<p>Or open this address: <br><a href="$link" style="color:#1d4ed8;word-break:break-all">$link</a></p>""")


def message(letter: Letter, *, sender: str, recipient: str, message_id: str, now: datetime) -> EmailMessage:
    """`message_id` stays the same for every attempt. The library refuses line breaks in headers with a ValueError."""
    made = EmailMessage(policy=SMTP if recipient.isascii() else SMTPUTF8)
    made["From"] = sender
    made["To"] = recipient
    made["Subject"] = letter.subject
    made["Date"] = format_datetime(now)
    made["Message-ID"] = message_id
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody is away on holiday to this
    made.set_content(text_of(letter))
    made.add_alternative(html_of(letter), subtype="html")
    return made


def text_of(letter: Letter) -> str:
    action = (f"{letter.action.label}:\n{letter.action.link}",) if letter.action else ()
    return "\n\n".join((letter.greeting, *letter.paragraphs, *action, letter.closing)) + "\n"


def html_of(letter: Letter) -> str:
    before = [_paragraph(text) for text in (letter.greeting, *letter.paragraphs)]
    action = letter.action
    button = [_BUTTON.substitute(link=escape(action.link), label=escape(action.label))] if action else []
    content = "\n".join((*before, *button, _paragraph(letter.closing)))
    return _PAGE.substitute(subject=escape(letter.subject), content=content)


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"
