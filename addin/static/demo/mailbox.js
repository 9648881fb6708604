// The demo's mailboxes over HTTP: people, their tokens, their messages.

async function read(response) {
  if (response.ok) return response.json();
  const problem = await response.json().catch(() => ({}));
  throw Object.assign(new Error(problem.detail ?? problem.title ?? `Status ${response.status}`), {
    status: response.status,
  });
}

/** Everybody of the demo's organisation. */
export async function readPeople() {
  return (await read(await fetch("/demo/api/users", { credentials: "omit" }))).items;
}

/** The mailbox of `person`: {token(), page(cursor), message(id)}; asked again, `token` is a new one. */
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

  const get = async (path) => {
    token ??= signIn();
    const headers = { Authorization: `Bearer ${await token}` };
    return read(await fetch(`/demo/api/messages${path}`, { headers, credentials: "omit" }));
  };

  return {
    token() {
      if (isGiven || !token) token = signIn();
      isGiven = true;
      return token;
    },
    page: (cursor) => get(`?${new URLSearchParams({ limit: 50, ...(cursor && { cursor }) })}`),
    message: (id) => get(`/${encodeURIComponent(id)}`),
  };
}
