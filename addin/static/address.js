// The address of a record: `/t/{table}:{id}`, the link that cards and chats carry; `/tab` is the page without one.

const PREFIX = "/t/";
const HOME = "/tab";

/** The path of a record's page, or of the page without a record. */
export function pathOf(record) {
  return record ? `${PREFIX}${encodeURIComponent(record.table)}:${encodeURIComponent(record.id)}` : HOME;
}

/** {table, id} that a path names, both empty if it is no record's; null for the page without a record. */
export function readPath(path) {
  if (!path.startsWith(PREFIX)) return null;
  try {
    const [table, ...rest] = decodeURIComponent(path.slice(PREFIX.length)).split(":");
    const id = rest.join(":");
    return table && id ? { table, id } : { table: "", id: "" };
  } catch {
    return { table: "", id: "" }; // percent signs that stand for no text name no record either
  }
}
