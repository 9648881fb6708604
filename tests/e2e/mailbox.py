"""The demo's people as clients of the HTTP API: tests choose their mails by what is in the mailbox."""

from collections.abc import Iterator
from typing import Any

from playwright.sync_api import APIRequestContext, Playwright

Json = dict[str, Any]


class Person:
    """Somebody of the demo with a token, and what that person's mailbox and CRM answer."""

    def __init__(self, user: Json, client: APIRequestContext) -> None:
        self.id: str = user["id"]
        self.name: str = user["name"]
        self.email: str = user["email"]
        self._client = client
        self._taken: set[str] = set()
        self._messages: list[Json] = []

    def close(self) -> None:
        """Close the connections."""
        self._client.dispose()

    def messages(self) -> list[Json]:
        """All messages of the mailbox, newest first, as they were when first asked for."""
        cursor = None
        while not self._messages or cursor:
            page = self._get("/demo/api/messages", limit=200, **({"cursor": cursor} if cursor else {}))
            self._messages += page["items"]
            cursor = page["next"]
        return self._messages

    def look_up(self, message: Json) -> Json:
        """What the pane is told about a message."""
        body = {"internet_message_id": message["internet_message_id"]}
        answer = self._client.post("/api/v1/emails/lookup", data=body)
        assert answer.ok, answer.text()
        email: Json = answer.json()
        return email

    def activities(self, table: str, record_id: str) -> list[Json]:
        """The first page of a record's timeline."""
        path = f"/api/v1/records/{table}/{record_id}/activities"
        items: list[Json] = self._get(path, days=36500, limit=200)["items"]
        return items

    def untracked_in_timeline(self) -> tuple[Json, Json]:
        """A message as `untracked` gives it that stands on the first page of its best record's timeline."""
        while True:
            message, email = self.untracked()
            record = email["suggestions"][0]["record"]
            items = self._get(f"/api/v1/records/{record['table']}/{record['id']}/activities")["items"]
            if email["item"]["id"] in {item["id"] for item in items}:
                return message, email

    def known(self) -> Iterator[tuple[Json, Json]]:
        """Messages of people whom the CRM knows, with what the pane is told."""
        for message in self.messages():
            if (email := self.look_up(message))["matched"]:
                yield message, email

    def correspondent(self) -> str:
        """The address of somebody outside whom the CRM knows as a contact."""
        for message in self.messages():
            for match in self.look_up(message)["matched"]:
                if match["record"]["table"] == "contact":
                    return str(match["address"])
        raise AssertionError("nobody in this mailbox is a contact")

    def untracked(self, *, held_by: "Person | None" = None) -> tuple[Json, Json]:
        """A message that may be tracked and fits a record, with its lookup; each is given out once."""
        copies = {message["id"] for message in (held_by or self).messages()}
        for message in self.messages():
            if message["id"] in self._taken or message["id"] not in copies:
                continue
            email = self.look_up(message)
            if email["item"]["may"] == ["track"] and email["suggestions"]:
                self._taken.add(message["id"])
                return message, email
        raise AssertionError("the demo has no such message left")

    def track(self, message: Json, record: Json) -> None:
        """Track a message regarding a record, as another device would."""
        regarding = {"table": record["table"], "id": record["id"]}
        answer = self._client.post(f"/api/v1/emails/{message['id']}/track", data={"regarding": regarding})
        assert answer.ok, answer.text()

    def change(self, path: str, **body: Any) -> Json:
        """Put something to the API, as another device would."""
        answer = self._client.put(path, data=body)
        assert answer.ok, answer.text()
        changed: Json = answer.json()
        return changed

    def _get(self, path: str, **query: str | int) -> Json:
        answer = self._client.get(path, params=dict(query))
        assert answer.ok, answer.text()
        body: Json = answer.json()
        return body


def read_people(playwright: Playwright, url: str) -> list[Person]:
    """Everybody of the demo, signed in."""
    public = playwright.request.new_context(base_url=url)
    people = []
    for user in public.get("/demo/api/users").json()["items"]:
        token = public.post("/demo/api/token", data={"user": user["id"]}).json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        people.append(Person(user, playwright.request.new_context(base_url=url, extra_http_headers=headers)))
    public.dispose()
    return people
