// What the pages' scripts have in common: elements, the server's interface, what htmx does on each page, and the message.

export const API = "/api/v1";

/** An element with properties and children; strings become text. */
export function make(tag, properties = {}, ...children) {
  const { aria = {}, ...rest } = properties;
  const element = Object.assign(document.createElement(tag), rest);
  for (const [name, value] of Object.entries(aria)) element.setAttribute(`aria-${name}`, value);
  element.append(...children);
  return element;
}

export const SILENT = "The server does not answer. Is it still running?";
const SIGNED_OUT = "You are signed out, because the token has changed. Load this page again.";
const GONE = { token_needed: SIGNED_OUT, document_not_found: "This library does not have this text: it was never added, or it was erased for good." };

async function request(path, options) {
  let response, body;
  try {
    response = await fetch(API + path, { keepalive: options?.body?.length < 10_000, ...options }); // also as the page is left
    body = response.status === 204 ? null : await response.json();
  } catch {
    throw new Error(SILENT);
  }
  if (!response.ok) throw Object.assign(new Error(GONE[body.code] ?? body.detail ?? response.statusText), { code: body.code });
  return body;
}

export const get = (path) => request(path);
export const send = (method, path, value) =>
  request(path, { method, ...(value !== undefined && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) }) });
export const post = (path, value) => send("POST", path, value);

export const sleep = (milliseconds) => new Promise((after) => setTimeout(after, milliseconds));

/** A name, cut to what a message has room for. */
export const inShort = (name) => (name.length > 60 ? `${name.slice(0, 60)}…` : name);

export const button = (label, action, properties = {}) => make("button", { type: "button", onclick: action, ...properties }, label);

/** Do what may fail: that is told in words, in the form where there is one, or below. */
export async function attempt(act, form = null) {
  try {
    await act();
  } catch (error) {
    const problem = form?.querySelector(".problem");
    if (problem) problem.textContent = error.message;
    else announce(error.message, true);
  }
}

/** Have buttons do what their `data-does` names. */
export const react = (does) =>
  document.addEventListener("click", ({ target }) => {
    const pressed = target.closest("[data-does]");
    attempt(async () => does[pressed?.dataset.does]?.(pressed));
  });

/** Give the browser a file to keep. */
export function download(data, name) {
  const href = URL.createObjectURL(data);
  make("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}

// An empty field is no part of the address.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  for (const [name, value] of [...detail.parameters]) if (!value) detail.parameters.delete(name);
});
/** Show in an element what the server renders. What goes wrong is told below; a request that another replaced is nothing. */
export const show = (path, target) => htmx.ajax("GET", path, { source: target, target }).catch(() => {});
document.addEventListener("htmx:sendError", () => announce(SILENT, true));
document.addEventListener("htmx:responseError", ({ detail: { xhr } }) => announce(xhr.status === 401 ? SIGNED_OUT : JSON.parse(xhr.response).detail, true));

/** A form that comes up begins anew; a name in it is there to be typed over. */
function begin({ target: form, newState }) {
  if (newState !== "open" || !form.matches("form")) return;
  form.reset();
  form.querySelector(".problem")?.replaceChildren();
}
document.addEventListener("beforetoggle", begin, true);
document.addEventListener("focusin", ({ target }) => target.matches("form[popover] [name=name]") && target.select());

// ---------------------------------------------------------------- the message

const message = make("div", { className: "unseen", role: "status" });
document.body.append(message);
let fading;

/**
 * Say something: to a screen reader, or, where it is visible, to everyone. One with an action, such as
 * { label: "Undo", run }, stays until that is used or something else is said.
 */
export function announce(words, visible = false, action = words.endsWith(SIGNED_OUT) ? { label: "Load again", run: () => location.reload() } : null) {
  clearTimeout(fading);
  message.className = visible ? "notice" : "unseen";
  message.replaceChildren(make("span", {}, words));
  if (action) message.append(button(action.label, () => (unsay(), action.run())));
  else fading = setTimeout(unsay, visible ? 6000 : 1500);
}

function unsay() {
  message.className = "unseen";
  message.replaceChildren();
}

/** Say something on the page that is opened next. */
export const announceNext = (words) => sessionStorage.setItem("announced", words);

const left = sessionStorage.getItem("announced");
sessionStorage.removeItem("announced");
if (left) announce(left, true);
