// Quotes are kept in dossiers: by a button among a quote's tools, in the dossier used last, or in one of a menu.

import { announce, attempt, get, inShort, post, react, send, show } from "./base.js";

const menu = document.getElementById("keep");
const kept = new WeakMap(); // where what the tools are about is kept
let chosen; // the tools that the menu is about

/** Do something; then every card shows what is kept. */
const change = (act, form = null) => attempt(() => act().then(() => document.dispatchEvent(new Event("kept"))), form);

const citationOf = (tools) => tools.closest("[data-citation]")?.dataset.citation;

/** The answer and the quote that tools are about; without a quote, that nothing was found. */
const about = (tools) => {
  const answer = (tools.closest(".answer")?.id ?? tools.dataset.answer)?.replace(/^answer-/, "");
  const citation = citationOf(tools);
  return { ...(answer && { answer }), ...(citation && { citation }) };
};

react({
  /** Keep what the tools are about, or show where it is kept. */
  keep: ({ parentElement: tools }) => (kept.get(tools)?.length ? tools.lastChild.click() : change(() => keep(tools))),
  /** Fill the menu, which comes up beside the tools. */
  choose: ({ parentElement: tools }) => ((chosen = tools), show(`/parts/keep?${new URLSearchParams(about(tools))}`, menu)),
});

async function keep(tools, dossier = null) {
  const what = about(tools);
  dossier ??= (await get("/dossiers?limit=1")).dossiers[0]?.id;
  if (!dossier) return void tools.lastChild.click();
  const { name, entry } = await post(`/dossiers/${dossier}/entries`, { kind: what.citation ? "quote" : "question", ...what });
  announce(`Kept in “${inShort(name)}”.`, true, { label: "Undo", run: () => change(() => drop(dossier, entry)) });
}

async function drop(dossier, entry) {
  const path = `/dossiers/${dossier}/entries/${entry}`;
  const { name } = await send("DELETE", path);
  const run = () => change(() => post(`${path}/restore`).then(() => announce("Restored.", true)));
  announce(`Taken out of “${inShort(name)}”.`, true, { label: "Undo", run });
}

menu.addEventListener("click", ({ target: { dataset } }) => {
  if (!dataset.dossier) return;
  menu.hidePopover();
  change(() => (dataset.entry ? drop(dataset.dossier, dataset.entry) : keep(chosen, dataset.dossier)));
});
menu.addEventListener("submit", (event) => {
  event.preventDefault();
  const { target: form } = event;
  change(() => post("/dossiers", { name: form.elements.name.value }).then(({ id }) => (menu.hidePopover(), keep(chosen, id))), form);
});

/** Show which quotes of an answer, or of the source, are kept, and where: `query` says of what. */
export async function markKept(scope, query) {
  const found = await get(`/dossiers/kept?${new URLSearchParams(query)}`);
  for (const tools of scope.querySelectorAll(".keep")) {
    const [citation, { label }] = [citationOf(tools), tools.dataset];
    const held = (citation ? found.quotes[/[0-9a-f]{64}\/\d+-\d+/.exec(citation)[0]] : found.question) ?? [];
    const [put] = tools.children;
    kept.set(tools, held);
    put.textContent = held.length ? "Kept" : label;
    put.title = held.length ? `In ${held.map(({ name }) => `“${inShort(name)}”`).join(", ")}` : "Keep in the dossier used last";
    put.ariaLabel = put.ariaLabel?.replace(/^[^:]*/, put.textContent) ?? null; // it begins with what is seen
    put.setAttribute("aria-pressed", String(held.length > 0));
  }
}
