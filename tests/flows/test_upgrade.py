"""An installation of the version before starts with everything in place and its pending work intact."""

import asyncio
import base64
import pickle
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.bot import open_bot
from bot.drawings import Place
from connectors.embedded.crm.importing import import_rows
from connectors.embedded.mail.importing import import_messages
from connectors.registry import open_stores
from insights import features
from insights.capture import tracks
from insights.database import Database
from insights.mail.identity import email_id
from insights.migrate import REVISIONS, upgrade_schema
from insights.model import TrackState
from insights.settings import Settings
from insights.views import FeaturesBody, FeatureSwitches
from insights.workflows import Workflow, Workflows
from tests.bot.conftest import Chat, buttons, texts
from tests.flows.liaison import COMPANY, Liaison, letter
from tests.standins.connector import CARD, Sent, running_connector

PRESSED, EVES = ("<0@mail.example>", "<1@mail.example>"), "<eves@mail.example>"
DAN = {"systemuserid": "dan", "fullname": "Dan", "internalemailaddress": "dan@ours.example"}
DANS_OTHER = {"systemuserid": "dan2", "fullname": "Dan", "internalemailaddress": "dan+ext@ours.example"}
EVE = {"systemuserid": "eve", "fullname": "Eve", "internalemailaddress": "eve+sales@ours.example"}


def execute(liaison: Liaison, url: str, database: str, *statements: str, **values: object) -> None:
    """Run statements on a database of the installation; `SCHEMA.` stands for its schema."""
    address = url.replace("+asyncpg", "+psycopg") or f"sqlite:///{liaison.data / database}.sqlite"
    engine = sa.create_engine(address)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement.replace("SCHEMA.", f"{database}." if url else "")), values)
    engine.dispose()


async def interrupt(liaison: Liaison, url: str, keys: list[str]) -> None:
    """Leave the job store as a server of the version before did that was killed after the presses."""
    workflows = Workflows(data_dir=liaison.data, database_url=url)

    async def step(_key: str) -> str:
        return ""

    async def failed(_key: str, cause: str) -> str:
        raise AssertionError(cause)

    workflows.register(Workflow("track", (step,), failed))
    workflows.start()
    await workflows.wait_ready()
    for key in keys:
        await workflows.run("track", key)
    await workflows.stop()
    for key in keys:
        inputs = base64.b64encode(pickle.dumps({"args": (key,), "kwargs": {}})).decode()
        execute(
            liaison,
            url,
            "jobs",
            "UPDATE SCHEMA.workflow_status SET status = 'PENDING', serialization = 'py_pickle'"
            " WHERE workflow_uuid = :id",
            "UPDATE SCHEMA.workflow_input SET inputs = :inputs WHERE workflow_uuid = :id",
            "DELETE FROM SCHEMA.operation_outputs WHERE workflow_uuid = :id",
            id=f"track:{key}",
            inputs=inputs,
        )


async def test_pending_presses_end_and_mailboxes_keep_their_owners(
    liaison: Liaison, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await liaison.stop()
    monkeypatch.setenv("LIAISON_DATABASE_URL", database_url)
    liaison.environment["LIAISON_DATABASE_URL"] = database_url
    liaison.import_crm(COMPANY | {"systemusers": [*COMPANY["systemusers"], DAN, DANS_OTHER, EVE]})
    liaison.import_mail("ann@ours.example", [letter(number) for number in (0, 1, 2)])
    liaison.import_mail("eve+sales@ours.example", [letter("eves", to="eve+sales@ours.example")])
    liaison.import_mail("dan@ours.example", [letter("dans", to="dan+ext@ours.example")])  # as it was then
    await liaison.start()
    await liaison.turn_on("auto_capture")
    opened = [await liaison.get("ann", "/api/v1/emails", internet_message_id=name) for name in PRESSED]
    await liaison.stop()

    ids = [each["item"]["id"] for each in opened]
    now = datetime.now(UTC)
    for own_id in ids:
        execute(
            liaison,
            database_url,
            "liaison",
            "INSERT INTO SCHEMA.tracks (email_id, state, user_id, attempt, requested_at, changed_at)"
            " VALUES (:id, 'pending', 'ann', 1, :now, :now)",
            id=own_id,
            now=now if database_url else now.strftime("%Y-%m-%d %H:%M:%S.%f"),
        )
    await interrupt(liaison, database_url, [f"{own_id}/1" for own_id in ids])
    execute(
        liaison,
        database_url,
        "mailbox",
        *(f"DROP TABLE SCHEMA.{name}" for name in ("meetings", "events", "tasks", "calendars")),
        "DROP TABLE SCHEMA.folded_keys",
        "DROP TABLE SCHEMA.tombstones",
        "DROP INDEX SCHEMA.ix_messages_mailbox_id_version_email_id",
        "ALTER TABLE SCHEMA.messages DROP COLUMN version",
        "ALTER TABLE SCHEMA.messages DROP COLUMN is_read",
        "UPDATE SCHEMA.alembic_version SET version_num = '0002'",
        "UPDATE SCHEMA.mailboxes SET address_key = 'eve@ours.example'"
        " WHERE address_key = 'eve+sales@ours.example'",
    )

    await liaison.start()
    await liaison.wait_for_state("ann", PRESSED, "tracked")
    await liaison.get("eve", "/api/v1/emails", internet_message_id=EVES, status=404)  # eve@ may be another
    await liaison.get("dan", "/api/v1/emails", internet_message_id="<dans@mail.example>", status=404)
    await asyncio.to_thread(liaison.import_mail, EVE["internalemailaddress"], [])
    mine = await liaison.get("eve", "/api/v1/emails", internet_message_id=EVES)
    assert mine["item"]["state"] == "untracked"
    rest = await liaison.get("ann", "/api/v1/emails", internet_message_id="<2@mail.example>")
    assert rest["item"]["state"] == "untracked"
    assert "what is pending begins anew" in liaison.log.read_text()


async def test_cards_of_the_version_before_go_on_changing_and_their_buttons_work(
    database_url: str, tmp_path: Path
) -> None:
    """Lists of email were all that could be redrawn, in tables of their own, up to revision 0009."""
    now = datetime.now(UTC)
    settings = Settings(data_dir=tmp_path, database_url=database_url)
    async with open_stores(settings, lambda: now) as (services, stores):
        await import_rows(await stores.database("crm"), COMPANY, now=now)
        organization_id = await services.crm.organization_id()
        raws = [letter(number, at=now).as_bytes() for number in range(3)]
        await import_messages(
            await stores.database("mailbox"), organization_id, raws, "ann@ours.example", now=now
        )
    email_ids = [email_id(organization_id, f"<{number}@mail.example>") for number in (2, 0, 1)]
    async with running_connector() as connector:
        places = {each: Place(connector.url, "a:ann", each) for each in ("of all", "of one")}
        lists = {each: f"{number}1eb5a51-0000-4000-8000-000000000000" for number, each in enumerate(places)}
        await make_version_before(settings, lists, places, email_ids, now)
        cards = {
            each: Sent(each, "a:ann", {"attachments": [{"contentType": CARD, "content": {}}]})
            for each in places
        }
        connector.chats["a:ann"] = list(cards.values())
        async with open_stores(settings, lambda: now) as (services, _):
            root = await services.crm.user("root")
            assert root
            switches = FeatureSwitches(auto_capture="on")
            await features.change_features(services, root, FeaturesBody(accept_terms=True, features=switches))
            async with open_bot(services, is_local=True) as bot:
                chat, about = Chat(bot, connector), {"id": f"{lists['of all']}/{email_ids[0]}"}
                await chat.press("ann", cards["of all"], {"verb": "track", "data": about})
                assert [pressed["data"]["id"] for pressed in buttons(cards["of all"].card, "track")] == [
                    f"{lists['of all']}/{each}" for each in email_ids[1:]
                ]
                assert buttons(cards["of all"].card, "page")
                await connector.wait_for(lambda: "Tracking pending" in texts(cards["of one"].card))
                assert texts(cards["of one"].card)[0] == "Fabrikam"
                key = f"{email_ids[0]}/1"
                await services.database.write(tracks.finish, key, TrackState.FAILED, now, cause="not_allowed")
                for card in cards.values():
                    await connector.wait_for(lambda card=card: buttons(card.card, "retry"))
                await chat.press(
                    "ann", cards["of all"], {"verb": "page", "data": {"id": f"{lists['of all']}/"}}
                )
                assert not buttons(cards["of all"].card, "page")


async def make_version_before(
    settings: Settings, lists: dict[str, str], places: dict[str, Place], email_ids: list[str], now: datetime
) -> None:
    """The own database as revision 0009 had it; in Ann's chat a list of all emails, and one of a record's."""
    if settings.database_url:
        database = Database("liaison", data_dir=settings.data_dir, url=settings.database_url)
        await database.write(sa.Connection.exec_driver_sql, "DROP SCHEMA liaison CASCADE")
        await database.close()
    for path in settings.data_dir.glob("liaison.sqlite*"):
        path.unlink()
    database = Database("liaison", data_dir=settings.data_dir, url=settings.database_url)
    await database.write(fill_version_before, lists, places, email_ids, now)
    await database.close()


def fill_version_before(
    connection: sa.Connection,
    lists: dict[str, str],
    places: dict[str, Place],
    email_ids: list[str],
    now: datetime,
) -> None:
    upgrade_schema(connection, "liaison", REVISIONS, to="0009")
    names = ("listings", "listed_emails", "places")
    listings, listed, standing = (
        sa.Table(name, sa.MetaData(), autoload_with=connection, resolve_fks=False) for name in names
    )
    for each, list_id in lists.items():
        is_first = each == "of one"
        record = {"record_table": "account", "record_id": "fabrikam"} if is_first else {}
        shown = {"id": list_id, "user_id": "ann", "is_first": is_first, "language": "en", "shown_at": now}
        connection.execute(sa.insert(listings).values(shown | record))
        rows = [
            {"listing_id": list_id, "position": number, "email_id": own_id}
            for number, own_id in enumerate(email_ids)
        ]
        connection.execute(sa.insert(listed), rows)
        place = places[each]
        where = {name: getattr(place, name) for name in ("key", *Place.__slots__)}
        where |= {"listing_id": list_id, "change_id": 0, "shown_at": now}
        connection.execute(sa.insert(standing).values(where))
