"""Every place that compares addresses: relating mail to records goes by one key, all else by another."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOME = "insights/mail/addresses.py"

RELATES = {
    "cards/untracked.py": "names of records beside a mail's recipients",
    "connectors/dataverse/addresses.py": "the addresses of a record",
    "connectors/dataverse/matches.py": "records with an address",
    "connectors/dataverse/parties.py": "contacts, leads and accounts of a party; users by the whole address",
    "connectors/dataverse/people.py": "whether a person is a contact or lead already",
    "connectors/dataverse/search.py": "records by address",
    "connectors/dataverse/spelling.py": "conditions that find such records",
    "connectors/embedded/crm/addresses.py": "the addresses of a record",
    "connectors/embedded/crm/emails.py": "the same of the embedded CRM",
    "connectors/embedded/crm/indexes.py": "the index of all addresses",
    "connectors/embedded/crm/matches.py": "records with an address",
    "connectors/embedded/crm/narrowing.py": "the index, whose finds are compared as the CRM does",
    "connectors/embedded/crm/people.py": "whether a person is a contact or lead already",
    "connectors/embedded/crm/search.py": "records by address",
    "connectors/embedded/crm/users.py": "the index, whose finds are compared whole",
    "connectors/embedded/demo/moving.py": "moves entries of the participants' index",
    "connectors/embedded/mail/reads.py": "mail with an address in From, To or Cc",
    "connectors/embedded/mail/removing.py": "entries of the participants' index",
    "connectors/embedded/mail/again.py": "entries of the participants' index",
    "connectors/embedded/mail/incoming.py": "the participants' index",
    "connectors/embedded/mail/unfolding.py": "what the version before folded",
    "connectors/graph/listing.py": "mail with an address in From, To or Cc",
    "connectors/graph/requests.py": "searches for such mail",
    "insights/capture/emails.py": "who of a mail is known to the CRM",
    "insights/capture/items.py": "why a mail is on a timeline; its direction by the whole address",
    "insights/capture/timeline.py": "mail with a record's addresses",
    "insights/capture/untracked.py": "records a mail could be about",
    "insights/records.py": "whether a text is an address at all",
}
IS_WHOSE = {
    "connectors/dataverse/crm.py": "the memory of users",
    "connectors/dataverse/parties.py": "users of a mail",
    "connectors/dataverse/spelling.py": "users and mailboxes by address",
    "connectors/dataverse/users.py": "who has an address, whose a mailbox row is",
    "connectors/embedded/agenda/agenda.py": "which calendar is read",
    "connectors/embedded/agenda/clocks.py": "whose clock is asked for",
    "connectors/embedded/agenda/importing.py": "which calendar is written",
    "connectors/embedded/agenda/reads.py": "which attendee the mailbox's owner is",
    "connectors/embedded/agenda/store.py": "which calendar is read and written",
    "connectors/embedded/crm/emails.py": "users of a mail",
    "connectors/embedded/crm/users.py": "who has an address, whose a mailbox row is",
    "connectors/embedded/demo/seeding.py": "whether anybody but the demo's own people is there",
    "connectors/embedded/mail/changes.py": "which mailbox a cursor is of",
    "connectors/embedded/demo/calendars.py": "which calendar is written",
    "connectors/embedded/mail/importing.py": "whether anybody will read a mailbox",
    "connectors/embedded/mail/reads.py": "which mailbox is read",
    "connectors/embedded/mail/shares.py": "who may read it",
    "connectors/embedded/mail/store.py": "which mailbox is written",
    "connectors/embedded/mail/unfolding.py": "whose a mailbox of the version before is",
    "connectors/graph/changes.py": "which mailbox a cursor is of",
    "connectors/graph/collecting.py": "which mailbox a cursor is of, whose requests are counted together",
    "connectors/graph/agenda.py": "whose requests are counted together",
    "connectors/graph/messages.py": "whether sender and author differ",
    "connectors/graph/outside.py": "folders of a mailbox",
    "connectors/graph/places.py": "which mailbox a message is in",
    "connectors/graph/probes.py": "whose requests are counted together",
    "connectors/graph/reader.py": "which shared mailbox was opened",
    "connectors/graph/recent.py": "which mailbox was listed",
    "connectors/graph/rights.py": "whether a mailbox is its reader's own",
    "insights/agenda.py": "whether a mailbox is its reader's own",
    "insights/capture/items.py": "which mail is outgoing",
    "insights/capture/mailboxes.py": "whether a mailbox is its reader's own",
}
FOLDING = {"lower", "casefold", "upper", "swapcase"}
ADDRESS_WORDS = ("address", "email", "mailbox", "sender", "recipient")
FOLDED_OTHERWISE = {
    "connectors/dataverse/crm.py": "ids of users, which are GUIDs",
    "connectors/embedded/demo/notices.py": "addresses that the demo makes up",
    "connectors/dataverse/emails.py": "which rows a query with these spellings would have found",
}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for name in ("addin", "bot", "cards", "connectors", "insights", "manifests", "cli", "app.py", "urls.py"):
        place = ROOT / name
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def users_of(function: str) -> set[str]:
    return {
        name
        for name, tree in sources()
        if name != HOME
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id == function
    }


def test_who_relates_and_who_asks_whose_it_is_is_listed_with_the_reason() -> None:
    assert users_of("relation_key") | users_of("RelationKey") == set(RELATES)
    assert users_of("mailbox_key") | users_of("MailboxKey") == set(IS_WHOSE)


def test_no_address_is_compared_in_another_way() -> None:
    found = {
        name
        for name, tree in sources()
        if name != HOME
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in FOLDING
        and any(word in ast.unparse(node.func.value).lower() for word in ADDRESS_WORDS)
    }
    assert found == set(FOLDED_OTHERWISE)


def test_no_two_addresses_are_compared_bare() -> None:
    def is_address(node: ast.expr) -> bool:
        return isinstance(node, ast.Attribute) and node.attr in {"email", "address", "sender"}

    found = [
        (name, ast.unparse(node))
        for name, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare) and is_address(node.left) and any(map(is_address, node.comparators))
    ]
    assert found == []
