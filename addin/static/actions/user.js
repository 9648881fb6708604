// Who is signed in, and what is on for them.

export const initial = () => ({ user: null, feature: null });

/** Nothing to do but to know it. */
export function create({ store, api }) {
  async function load(asked) {
    try {
      const me = await asked;
      store.update({ user: me.user, feature: me.features.auto_capture });
    } catch (problem) {
      console.info("who this is was not told, the next look asks again", problem.title);
    }
  }

  return {
    begin: ({ me }) => load(me),
    refresh: () => (store.state.user ? undefined : load(api.me())),
  };
}
