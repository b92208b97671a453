// The Documents page: what htmx cannot do. Documents are selected, put into collections and removed.

import { announce, get, send } from "./base.js";

const AT_ONCE = 1000; // ids that the server takes

const bar = document.getElementById("selection");
const picked = () => [...document.querySelectorAll("#found [name=pick]:checked")].map((box) => box.value);
let all = null; // the ids of all that is found, where all is selected
const refresh = () => htmx.ajax("GET", location.href, { target: "#found", select: "#found", swap: "outerHTML", selectOOB: "#choices,#collections" }).catch(() => {});
const path = (id) => `/documents/${encodeURIComponent(id)}`;

function tell() {
  if (!bar) return;
  const boxes = document.querySelectorAll("#found [name=pick]");
  const ids = all ?? picked();
  const total = Number(document.querySelector("#found table")?.dataset.total ?? 0);
  bar.hidden = !ids.length;
  bar.querySelector("span").textContent = `${ids.length.toLocaleString("en")} selected`;
  bar.querySelector("[data-select=all]").hidden = all || ids.length < boxes.length || total === ids.length;
  bar.querySelector("[data-select=all]").textContent = `Select all ${total.toLocaleString("en")}`;
}

/** Do something with documents, so many at a time, and say what came of it. */
async function change(ids, size, act, words, undo) {
  let done = 0;
  try {
    for (; done < ids.length; done += size) {
      if (ids.length > size) announce(`${done.toLocaleString("en")} of ${ids.length.toLocaleString("en")}…`, true);
      await act(ids.slice(done, done + size));
    }
    actions.none();
    announce(words, true, undo && { label: "Undo", run: undo });
  } catch (error) {
    announce(`${done ? `${done} are done, the others not. ` : ""}${error.message}`, true);
  }
  refresh();
}

const put = (ids, collection, words) => change(ids, AT_ONCE, (part) => send("POST", "/documents/collection", { ids: part, collection }), words);
const restore = (ids) => change(ids, 1, ([id]) => send("POST", `${path(id)}/restore`), "Restored.");

const actions = {
  all: async () => {
    const filters = [...document.getElementById("find").elements].map(({ name }) => name).filter((name) => name && name !== "state");
    const asked = new URLSearchParams([...new URLSearchParams(location.search)].filter(([name]) => filters.includes(name)));
    all = (await get(`/documents?${asked}`)).map(({ id }) => id);
    tell();
  },
  none: () => {
    all = null;
    for (const box of document.querySelectorAll("#found input:checked")) box.checked = false;
    tell();
  },
  remove: () => {
    const ids = all ?? picked();
    const words = `${ids.length === 1 ? "One document" : `${ids.length} documents`} removed. Answers no longer quote ${ids.length === 1 ? "it" : "them"}.`;
    change(ids, 1, ([id]) => send("DELETE", path(id)), words, () => restore(ids));
  },
  sample: async () => {
    const [{ status }] = await send("POST", "/documents/sample");
    announce(status === "withdrawn" ? "This document was removed before: put it back from the removed documents." : "Added", true);
    refresh();
  },
  ask: ({ name }) => {
    sessionStorage.setItem("chosen", JSON.stringify([{ name: "collection", value: name, label: name }])); // as filters.js keeps them
    location.href = "/";
  },
};

for (const each of ["adding", "added"]) document.addEventListener(each, refresh); // by uploads.js
document.addEventListener("click", (event) => {
  const pressed = event.target.closest("[data-select]");
  if (pressed) Promise.resolve(actions[pressed.dataset.select](pressed.dataset)).catch((error) => announce(error.message, true));
});
document.addEventListener("change", ({ target }) => {
  if (target.name === "pick-all") for (const box of document.querySelectorAll("#found [name=pick]")) box.checked = target.checked;
  if (target.name?.startsWith("pick")) ((all = null), tell());
});
document.addEventListener("submit", async (event) => {
  const { target: form } = event;
  if (!form.matches(".collect, .rename")) return;
  event.preventDefault();
  const name = form.elements.collection.value.trim();
  if (form.matches(".collect")) put(all ?? picked(), name, name ? `Now in “${name}”.` : "Now in no collection.");
  else {
    await send("PATCH", `/collections/${encodeURIComponent(form.dataset.name)}`, { name }).catch((error) => announce(error.message, true));
    location.search = new URLSearchParams({ collection: name });
  }
});
let kept = []; // what stays selected while the table is drawn anew
document.body.addEventListener("htmx:beforeSwap", ({ target }) => target.id === "found" && (kept = picked()));
document.body.addEventListener("htmx:afterSwap", ({ target }) => {
  if (target.id !== "found") return;
  all = null;
  for (const box of document.querySelectorAll("#found [name=pick]")) box.checked = kept.includes(box.value);
  document.getElementById("find").hidden = !document.querySelector("#found [data-held]");
  tell();
});
