// The demo's mailboxes over HTTP: people, their tokens, their messages.

async function read(response) {
  if (response.ok) return response.json();
  const problem = await response.json().catch(() => ({}));
  throw Object.assign(new Error(problem.detail ?? problem.title ?? `Status ${response.status}`), {
    status: response.status,
  });
}

const given = (query) => new URLSearchParams(Object.entries(query).filter(([, value]) => value !== null));

/** Everybody of the demo's organisation. */
export async function readPeople() {
  return (await read(await fetch("/demo/api/users", { credentials: "omit" }))).items;
}

/**
 * The mailboxes of `person`: {token(), all(), page(address, cursor), message(address, id)}; an address of null is
 * the own one. Asked again, `token` is a new one.
 */
export function openMailbox(person) {
  let token = null;
  let isGiven = false;
  const signIn = () =>
    fetch("/demo/api/token", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ user: person.id }),
      credentials: "omit",
    })
      .then(read)
      .then((answer) => answer.token);

  const get = async (path, query = {}) => {
    token ??= signIn();
    const headers = { Authorization: `Bearer ${await token}` };
    return read(await fetch(`/demo/api/${path}?${given(query)}`, { headers, credentials: "omit" }));
  };

  return {
    token() {
      if (isGiven || !token) token = signIn();
      isGiven = true;
      return token;
    },
    all: async () => (await get("mailboxes")).items,
    page: (mailbox, cursor = null) => get("messages", { limit: 50, mailbox, cursor }),
    message: (mailbox, id) => get(`messages/${encodeURIComponent(id)}`, { mailbox }),
  };
}
