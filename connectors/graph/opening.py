"""What the registry opens where `LIAISON_MAIL=graph`; all is closed with the stack it is given."""

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import datetime

from connectors.graph.client import GraphClient
from connectors.graph.directory import GraphDirectory, SignIn
from connectors.graph.due import following_due, places_due
from connectors.graph.following import FindUser, Following
from connectors.graph.mail import GraphMail
from connectors.graph.places import Places
from connectors.graph.reader import MailReader
from connectors.graph.sign_outs import SignOuts
from connectors.tokens import Tokens
from insights.database import Database
from insights.mail.parsing.pool import MailParser
from insights.model import User
from insights.work import Due


def open_graph(stack: AsyncExitStack, graph_url: str, tokens: Tokens) -> GraphClient:
    """The connections to Graph; nothing is loaded before the first question."""
    graph = GraphClient(graph_url, tokens)
    stack.push_async_callback(graph.close)
    return graph


def open_following(
    stack: AsyncExitStack,
    graph: GraphClient,
    database: Database,
    now: Callable[[], datetime],
    find_user: FindUser,
    *,
    public_url: str,
) -> tuple[Following, Sequence[Due]]:
    """Which mailboxes Graph tells of, and what falls due for it; `database` is Liaison's own."""
    graph.rights.sign_outs = SignOuts(database, now)
    following = Following(graph, database, now, find_user, public_url=public_url)
    stack.push_async_callback(following.close)
    return following, following_due(following)


def open_graph_mail(
    stack: AsyncExitStack,
    graph: GraphClient,
    database: Database,
    organization_id: str,
    now: Callable[[], datetime],
    following: Following,
) -> tuple[GraphMail, Sequence[Due]]:
    """The Mail port, and what falls due for it."""
    places = Places(database, organization_id, now)
    parser = MailParser()
    for close in (parser.close, places.flush):
        stack.push_async_callback(close)
    reader = MailReader(graph, places, organization_id, now)
    return GraphMail(reader, parser, organization_id, following.version), places_due(places)


def open_graph_directory(
    graph: GraphClient, sign_in: SignIn, find_user: FindUser, following: Following | None
) -> GraphDirectory:
    """The Directory port: who signs in is proven by Entra, the rest is read from Graph.

    `following` is None where mail comes from elsewhere.
    """
    return GraphDirectory(graph, sign_in, find_user, following.stop if following else _follow_nobody)


async def _follow_nobody(user: User) -> None:
    """Nothing is followed."""
