// The sandbox's own interface.
import { byId } from "./parts.js";

const error = byId("error");

/** Asks it. What fails is shown, and thrown. */
export async function ask(method, path, body) {
  const options = { method };
  if (body !== undefined) {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  let said = "The sandbox does not answer.";
  try {
    const answer = await fetch(`/sandbox/api/${path}`, options);
    const text = await answer.text();
    if (answer.ok) {
      error.hidden = true;
      return text ? JSON.parse(text) : null;
    }
    said = JSON.parse(text).error;
  } catch {
    // Said below.
  }
  error.textContent = said;
  error.hidden = false;
  throw new Error(said);
}
