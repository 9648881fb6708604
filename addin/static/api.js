// The HTTP API under /api/v1 as functions; every failure is a Problem with words for the screen.

import { t } from "./messages.js";

/** A problem detail of the server, or our own words when it could not be reached. */
export class Problem extends Error {
  constructor({ title, status = 0, detail = "", code = "" }) {
    super(detail || title);
    Object.assign(this, { title, status, detail, code });
  }
}

async function readProblem(response) {
  const details = await response.json().catch(() => ({}));
  return new Problem({
    title: details.title ?? t("error.answer"),
    status: response.status,
    detail: details.detail ?? t("error.status", { status: response.status }),
    code: details.code ?? "",
  });
}

/** The claims (JSON) that the next token has to satisfy, "" where the refusal asks for none. */
function readClaims(response) {
  const [, encoded] = /\bclaims="([\w+/=-]+)"/.exec(response.headers.get("WWW-Authenticate") ?? "") ?? [];
  return encoded ? atob(encoded.replaceAll("-", "+").replaceAll("_", "/")) : "";
}

/** Any failure as a Problem; an aborted request stays an AbortError. */
export function toProblem(error) {
  if (error instanceof Problem || error.name === "AbortError") return error;
  if (error.code)
    return new Problem({ title: t(error.code), detail: t(`${error.code}.do`), code: error.code });
  return new Problem({ title: t("error.offline"), detail: t("error.offline.do"), code: "offline" });
}

/** The part of a record that names it; null stays null. */
export function reference(record) {
  return record && { table: record.table, id: record.id };
}

/** The API for a token source; `signal` cancels what belongs to an item no longer shown. */
export function createApi(auth) {
  async function send(method, path, { body, signal } = {}, isRetry = false) {
    const token = await auth.token();
    const headers = { Authorization: `Bearer ${token}`, Accept: "application/json" };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const response = await fetch(`/api/v1${path}`, {
      method,
      headers,
      signal,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "omit",
    });
    if (response.status === 401 && !isRetry) {
      auth.forget(token, readClaims(response));
      return send(method, path, { body, signal }, true);
    }
    if (!response.ok) throw await readProblem(response);
    return response;
  }

  const ask = async (...request) => {
    try {
      return await (await send(...request)).json();
    } catch (error) {
      throw toProblem(error);
    }
  };
  const email = (id, verb) => `/emails/${encodeURIComponent(id)}/${verb}`;

  return {
    me: () => ask("GET", "/me"),
    /** The open item of the mail client; the answer also names the shared `mailbox` it lies in, or null. */
    async lookUpEmail(item, signal) {
      const mailbox = await item.owner();
      const body = { internet_message_id: item.internetMessageId, mailbox };
      return { ...(await ask("POST", "/emails/lookup", { body, signal })), mailbox };
    },
    lookUpRecords: (query, signal) => ask("POST", "/records/lookup", { body: query, signal }),
    createPerson: (person) => ask("POST", "/records", { body: person }),
    record: ({ table, id }, signal) =>
      ask("GET", `/records/${encodeURIComponent(table)}/${encodeURIComponent(id)}`, { signal }),
    activities: ({ table, id }, { days, cursor, signal }) => {
      const query = new URLSearchParams({ days, ...(cursor && { cursor }) });
      return ask(
        "GET",
        `/records/${encodeURIComponent(table)}/${encodeURIComponent(id)}/activities?${query}`,
        {
          signal,
        },
      );
    },
    track: (id, body) => ask("POST", email(id, "track"), { body }),
    untrack: (id) => ask("POST", email(id, "untrack")),
    retry: (id) => ask("POST", email(id, "retry")),
    setRegarding: (id, regarding) =>
      ask("PUT", email(id, "regarding"), { body: { regarding: reference(regarding) } }),
    link: (id, record) => ask("POST", email(id, "links"), { body: { record: reference(record) } }),
    failures: (cursor) =>
      ask("GET", `/emails/failures${cursor ? `?cursor=${encodeURIComponent(cursor)}` : ""}`),
    preferences: () => ask("GET", "/preferences"),
    savePreferences: (preferences) => ask("PUT", "/preferences", { body: preferences }),
    events: (signal) => send("GET", "/events", { signal }),
  };
}
