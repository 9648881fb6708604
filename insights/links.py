"""Links to our own pages that stand in chats and mails: `/t/{id}` opens a record for who may read it."""

from urllib.parse import quote, unquote, urlsplit

from insights.model import RecordRef

PREFIX = "/t/"


def record_link(base_url: str, ref: RecordRef) -> str:
    """The link to a record; it names table and id and nothing else."""
    return f"{base_url}{PREFIX}{quote(f'{ref.table}:{ref.id}', safe=':')}"


def application_id_uri(base_url: str, app_id: str) -> str:
    """The application id URI of the registration, for which Outlook and Teams ask a token."""
    return f"api://{urlsplit(base_url).netloc}/botid-{app_id}"


def sign_in_link(base_url: str, claims: str = "") -> str:
    """The page on which somebody signs in for the bot; `claims` is what Entra asks for beyond that."""
    asked = f"&claims={quote(claims, safe='')}" if claims else ""
    return f"{base_url}/addin/sign-in?for=teams{asked}"


def read_record_link(base_url: str, link: str) -> RecordRef | None:
    """The record a link of ours leads to, None for any other link."""
    try:
        ours, given = urlsplit(base_url), urlsplit(link)
    except ValueError:
        return None
    if (ours.scheme, ours.netloc.lower()) != (given.scheme, given.netloc.lower()):
        return None
    if not given.path.startswith(PREFIX):
        return None
    return read_record_id(unquote(given.path.removeprefix(PREFIX)))


def read_record_id(text: str) -> RecordRef | None:
    """A record written as `table:id`, None for anything else."""
    table, colon, row_id = text.partition(":")
    return RecordRef(table, row_id) if table and colon and row_id else None
