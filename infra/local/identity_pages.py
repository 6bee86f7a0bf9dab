"""The development identity provider's few pages: plain HTML, no script, nothing fetched from elsewhere."""
from __future__ import annotations

from collections.abc import Sequence
from html import escape

from infra.local.people import Person

_STYLE = """
:root { color-scheme: light dark; }
body { font: 100%/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 34rem; padding: 2rem 1rem; }
h1 { font-size: 1.5rem; line-height: 1.2; }
ul { list-style: none; padding: 0; }
li { margin: .5rem 0; }
button { font: inherit; width: 100%; text-align: left; padding: .75rem 1rem; border: 1px solid #767676;
  border-radius: .375rem; background: Canvas; color: CanvasText; cursor: pointer; }
button:hover { border-color: currentColor; text-decoration: underline; }
button:focus-visible, a:focus-visible { outline: 3px solid #1f6feb; outline-offset: 2px; }
.name { display: block; font-weight: 600; }
.notice { border-left: .25rem solid #b35900; padding-left: .75rem; }
"""

_NOTICE = ("This is the sign-in of a development copy of GAS. The people are invented, there are no "
           "passwords, and it stands in for Globus on this machine only.")


def page(title: str, body: str, part: str = "development sign-in") -> str:
    """A whole HTML document around a body that is already escaped.

    Args:
        part: Of the local service, for the title.
    """
    return (f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escape(title)} · {part}</title>\n<style>{_STYLE}</style>\n</head>\n"
            f"<body>\n<main>\n<h1>{escape(title)}</h1>\n{body}\n</main>\n</body>\n</html>\n")


def choice_page(interaction: str, people: Sequence[Person], scopes: Sequence[str]) -> str:
    """Who signs in? One button a person and one to refuse.

    Args:
        interaction: The single-use token of this login, sent back by the form.
        people: Who can be chosen.
        scopes: What the application asks for.
    """
    choices = "\n".join(
        f'<li><button name="identity" value="{escape(person.sub)}">'
        f'<span class="name">{escape(person.name)}</span> {escape(person.provider)}</button></li>'
        for person in people)
    asked = ", ".join(f"<code>{escape(scope)}</code>" for scope in scopes)
    return page("Sign in to GAS as…", f"""<p class="notice">{escape(_NOTICE)}</p>
<p>GAS asks for: {asked}.</p>
<form method="post" action="/v2/oauth2/authorize">
<input type="hidden" name="interaction" value="{escape(interaction)}">
<ul>
{choices}
</ul>
<p><button name="identity" value="refuse">Refuse: do not sign in</button></p>
</form>""")


def refusal_page(message: str) -> str:
    """A request that must not be answered with a redirect, because nobody vouches for where it would go.

    Args:
        message: What is wrong, for the developer who reads it.
    """
    return page("This sign-in cannot go on", f"<p>{escape(message)}</p>")


def logout_page(back: str, name: str) -> str:
    """Signed out; the way back to the application.

    Args:
        back: Where the application asked to be returned to, or "" when it did not or may not.
        name: What the application calls itself.
    """
    name = name or "the application"
    link = f'<p><a href="{escape(back)}">Continue to {escape(name)}</a></p>' if back else ""
    return page("You are signed out", f"<p>The development sign-in has ended your session.</p>\n{link}")
