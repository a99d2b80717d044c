// The search, which goes over conversations and requests.
import { byId } from "./parts.js";

export const search = byId("search");

/** True if one of these has what is searched for in it. */
export function found(...texts) {
  const wanted = search.value.trim().toLowerCase();
  return texts.some((text) => text?.toLowerCase().includes(wanted));
}
