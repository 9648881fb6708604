// Who is in the open email, asked by the addresses that the mail client tells: for where the email itself is
// not to be looked at.

const MOST = 20;

const domainOf = (address) => address.slice(address.lastIndexOf("@") + 1).toLowerCase();

/** `who` is {matched, unknown} as the server tells them of an email, or null. */
export const initial = () => ({ who: null });

/** Looks people up. */
export function create({ store, api, actions }) {
  return {
    forget: () => store.update(initial()),
    /** Ask for the people of an item but for colleagues; the first who is known is opened, unless one is. */
    async look(item, signal) {
      const user = store.state.user ?? (await api.me()).user;
      const others = item.addresses().filter((address) => domainOf(address) !== domainOf(user.email));
      const addresses = others.slice(0, MOST);
      const pages = await Promise.all(
        addresses.map((email) => api.lookUpRecords({ email, limit: MOST }, signal)),
      );
      if (signal.aborted) return;
      const matched = pages.flatMap(({ items }, at) =>
        items.map((record) => ({ record, address: addresses[at] })),
      );
      const unknown = addresses.filter((_, at) => !pages[at].items.length);
      store.update({ who: { matched, unknown } });
      if (!store.state.timeline.record) actions.timeline.openRecord(matched[0]?.record ?? null);
    },
  };
}
