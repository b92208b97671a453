// A dossier's page: its entries are moved, written and removed, and it is downloaded as a report. htmx draws it anew.

import { API, announce, attempt, button, download, inShort, make, post, send } from "./base.js";

const path = `/dossiers/${document.getElementById("dossier").dataset.dossier}`;
const writing = document.getElementById("write");
const entry = (id) => `${path}/entries/${id}`;
const items = () => [...document.querySelectorAll("[data-entry]")];
const ids = () => items().map((item) => item.dataset.entry);
const isDirty = (field) => field?.matches(".words") && field.value !== field.defaultValue;
const refresh = () => htmx.ajax("GET", location.pathname, { target: "#dossier", select: "#dossier", swap: "outerHTML" }).catch(() => {});
let last = Promise.resolve(); // one change after the other: each begins with what the one before has left

/** Do something on the server, show what is so afterwards, and say so. */
function change(act, words = "", undo = null, form = null) {
  const done = async () => {
    await act();
    await refresh();
    if (words) announce(words, true, undo && { label: "Undo", run: undo });
  };
  return (last = last.then(() => attempt(done, form)));
}

/** Move an entry; `where` tells its new place, from 0, of its old one and of the ids of the others. */
const move = (id, where) =>
  change(async () => {
    const at = ids().indexOf(id);
    const to = where(at, ids().toSpliced(at, 1));
    if (to < 0 || to >= items().length || to === at) return;
    await send("PATCH", entry(id), { to: to + 1 });
    announce(`Moved to place ${to + 1} of ${items().length}`);
  });

const acts = {
  up: (id) => move(id, (at) => at - 1),
  down: (id) => move(id, (at) => at + 1),
  remove: async (id) => {
    const at = ids().indexOf(id);
    const undo = () => change(() => post(`${entry(id)}/restore`), "Restored.");
    await change(() => send("DELETE", entry(id)), "Removed from the dossier.", undo);
    (items()[at] ?? items().at(-1))?.querySelector("button").focus();
  },
  renew: (id) => renew(id, {}, "The quote now has the present words."),
  ask: askAgain,
  write: (id = "") => ((writing.dataset.above = id), writing.showPopover()),
};

/** Put a newer quote or search in place of an entry, which Undo brings back. */
async function renew(id, body, words) {
  let made;
  const undo = () => change(() => send("DELETE", entry(made)).then(() => post(`${entry(id)}/restore`)), "Restored.");
  await change(async () => (made = (await post(`${entry(id)}/renew`, body)).entry), words, undo);
}

/** Ask a kept question again, and show what is found: nothing is kept of it until somebody says so. */
async function askAgain(id) {
  const item = document.querySelector(`[data-entry="${id}"]`);
  const found = item.querySelector(".found");
  const pressed = item.querySelector("[data-act=ask]");
  pressed.disabled = true;
  found.replaceChildren(make("p", {}, "Asking…"));
  const answer = await post(`${entry(id)}/ask`, {}).catch((error) => ({ problem: error.message }));
  pressed.disabled = false;
  const said = answer.problem ?? answer.said;
  const isNear = answer.outcome === "weak" && !answer.unjudged && !answer.parts.some(({ outcome }) => outcome === "answered");
  found.replaceChildren(make("p", {}, `${said || "The documents answer this now:"}${isNear && answer.quotes.length ? " Nearest passages:" : ""}`));
  for (const quote of answer.quotes ?? []) {
    const at = () => ids().indexOf(id) + 2;
    const citation = `${quote.sha256}/${quote.start}-${quote.end}`;
    const keep = () => change(() => post(`${path}/entries`, { kind: "quote", citation, answer: answer.id, at: at() }), "Kept below the question.");
    const { title, locator } = quote.citation;
    const cited = make("p", { className: "source" }, `${title || quote.document}${locator && ` · ${locator}`} `, button("Keep this quote", keep));
    found.append(make("blockquote", { className: "quote", translate: false }, quote.text), cited);
  }
  const isNone = answer.id && answer.said && !answer.parts.some(({ outcome }) => outcome === "answered");
  if (isNone) found.append(button("Record this search instead", () => renew(id, { answer: answer.id }, "The new search is recorded.")));
}

const exporting = document.getElementById("export");
exporting.addEventListener("toggle", ({ newState }) => newState === "open" && htmx.ajax("GET", location.pathname, { target: "#outdated", select: "#outdated", swap: "outerHTML" }));

document.addEventListener("click", ({ target }) => acts[target.dataset.act]?.(target.closest("[data-entry]")?.dataset.entry));
document.addEventListener("keydown", (event) => {
  const item = event.target.closest("[data-entry]");
  const act = event.altKey && { ArrowUp: "up", ArrowDown: "down" }[event.key];
  if (event.key === "Enter" && event.target.matches("[data-kind=heading] .words")) event.target.blur();
  else if (item && act) acts[act](item.dataset.entry);
  else return;
  event.preventDefault();
});

// What is written is saved as one leaves it; what is being typed elsewhere meanwhile stays.
document.addEventListener("change", ({ target: field }) => {
  if (!isDirty(field)) return;
  const words = field.value;
  const id = field.closest("[data-entry]").dataset.entry;
  change(() => send("PATCH", entry(id), { words }).then(() => (field.defaultValue = words)), "Saved.");
});
document.body.addEventListener("htmx:beforeSwap", ({ detail }) => isDirty(document.activeElement) && (detail.shouldSwap = false));
addEventListener("beforeunload", () => document.activeElement.blur());
document.addEventListener("visibilitychange", () => document.hidden || change(() => {})); // another tab may have changed it
document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  event.preventDefault();
  if (form.id === "export") return void attempt(() => report(form, submitter).finally(() => (submitter.disabled = false)), form);
  const [{ above }, field] = [form.dataset, form.elements.words];
  const [kind, words] = [submitter.value, field.value];
  const put = (at) => post(`${path}/entries`, { kind, words, ...(at && { at }) });
  const hide = () => field.value === words && form.hidePopover(); // else it has come up for other words meanwhile
  change(() => put(ids().indexOf(above) + 1).then(hide), "Added. The report marks it as yours.", null, form);
});

async function report(form, pressed) {
  pressed.disabled = true;
  announce("Writing the report…");
  const reply = await fetch(`${API}${path}/export?${new URLSearchParams(new FormData(form))}`);
  if (!reply.ok) throw new Error((await reply.json()).detail);
  download(await reply.blob(), `${inShort(document.querySelector("h1").textContent)}.${form.elements.format.value}`);
  form.hidePopover();
  announce("Downloaded. Every quote in it was compared with its source.", true);
}

let dragged = null;
const unmark = () => items().forEach((item) => item.classList.remove("before", "after"));
document.addEventListener("dragstart", ({ target, dataTransfer }) => {
  dragged = target.matches?.(".handle") ? target.closest("[data-entry]") : null;
  if (dragged) dataTransfer.setDragImage(dragged, 0, 0);
});
document.addEventListener("dragover", (event) => {
  const item = dragged && event.target.closest?.("[data-entry]");
  if (!item) return;
  event.preventDefault();
  unmark();
  const { top, height } = item.getBoundingClientRect();
  item.classList.add(event.clientY > top + height / 2 ? "after" : "before");
});
document.addEventListener("drop", () => {
  const item = dragged && document.querySelector(".entries > :is(.before, .after)");
  if (!item || item === dragged) return;
  const isAfter = item.matches(".after");
  move(dragged.dataset.entry, (_, others) => others.indexOf(item.dataset.entry) + isAfter);
});
document.addEventListener("dragend", () => (unmark(), (dragged = null)));
