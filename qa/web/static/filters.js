// The filters: a dialog to choose them in, a chip for each that is set, and the box that carries them to the server.

import { button, get, inWords, make } from "./base.js";

const KEPT = "filters"; // in this tab, over a reload
const NAMES = { since: "From", until: "To", publisher: "Publisher", series: "Series", language: "Language", collection: "Collection", document: "Document" };
const CHOICES = { publisher: "publishers", series: "series", language: "languages", collection: "collections" };

let set = {}; // the filters that are set, as the server takes them
let carrier; // Gradio's box, which goes to the server with every question

const opener = button("Filters", show, { id: "open-filters", title: "Ask only some of the documents", aria: { haspopup: "dialog" } });
const chips = make("div", { id: "filter-chips", role: "group", aria: { label: "Filters" } });
const fields = make("div", { className: "fields" });
const problem = make("p", { className: "problem", role: "alert" });
const form = make(
  "form",
  { method: "dialog" },
  make("h2", { id: "filters-title" }, "Ask only some of the documents"),
  fields,
  problem,
  make(
    "p",
    { className: "actions" },
    button("Clear all", () => form.querySelectorAll("input, select").forEach((field) => (field.value = ""))),
    make("span", {}, button("Cancel", () => dialog.close()), make("button", { type: "submit", className: "primary" }, "Apply")),
  ),
);
const dialog = make("dialog", { id: "filters", aria: { labelledby: "filters-title" } }, form);

/** Put the filters' parts in their places, take up what this tab had, and answer the cards' links. */
export function tendFilters(composer, options, ask) {
  carrier = options;
  document.body.append(dialog);
  composer.append(opener);
  composer.prepend(chips);
  form.addEventListener("submit", apply);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close()); // beside it
  document.addEventListener("asked", () => carry()); // the question is with the server
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a.clear-filters, a.ignore-dates, a.ignore-history");
    if (!link) return;
    event.preventDefault();
    if (link.matches(".ignore-dates")) carry({ dates: "ignore" }); // with this question, and no other
    else if (link.matches(".ignore-history")) carry({ history: "ignore" });
    else change({});
    const answers = [...document.querySelectorAll("#conversation .answer")];
    const questions = document.querySelectorAll("#conversation [data-testid=user]");
    ask(questions[answers.indexOf(link.closest(".answer"))].textContent.trim());
  });
  // Gradio, still at work, would empty its box again.
  requestAnimationFrame(() => change(JSON.parse(sessionStorage.getItem(KEPT) ?? "{}")));
}

/** Put into the box what goes to the server with the next question. */
function carry(once = {}) {
  carrier.value = JSON.stringify({ filters: set, ...once });
  carrier.dispatchEvent(new Event("input", { bubbles: true }));
}

function change(filters) {
  set = filters;
  sessionStorage.setItem(KEPT, JSON.stringify(set));
  carry();
  const without = (name) => Object.fromEntries(Object.entries(set).filter(([other]) => other !== name));
  const remove = (name) => {
    change(without(name));
    (chips.querySelector("button") ?? opener).focus();
  };
  chips.replaceChildren(
    ...Object.entries(set).map(([name, value]) =>
      make("span", { className: "chip" }, `${NAMES[name]}: ${value}`, button("✕", () => remove(name), { aria: { label: `Remove the filter ${NAMES[name]}: ${value}` } })),
    ),
  );
  chips.hidden = !chips.childElementCount;
  opener.classList.toggle("set", !chips.hidden);
}

/** Open the dialog with what the library has now. */
async function show() {
  problem.textContent = "";
  try {
    const facets = await get("/filters");
    const dated = (name) => make("input", { type: "date", name, value: set[name] ?? "" });
    const rows = [field("since", dated("since")), field("until", dated("until"))];
    for (const [name, key] of Object.entries(CHOICES)) rows.push(field(name, choice(name, facets[key])));
    const titles = make("datalist", { id: "document-ids" });
    const one = make("input", { name: "document", value: set.document ?? "", placeholder: "Any", autocomplete: "off" });
    one.setAttribute("list", titles.id);
    one.oninput = async () => {
      const found = await get(`/documents?limit=20&q=${encodeURIComponent(one.value.slice(0, 500))}`);
      titles.replaceChildren(...found.map(({ id, title }) => make("option", { value: id }, title)));
    };
    one.onfocus = one.oninput;
    rows.push(field("document", one, titles));
    fields.replaceChildren(...rows);
    const range = facets.first && `The documents are dated from ${inWords(facets.first)} to ${inWords(facets.last)}.`;
    const undated = facets.undated && `${facets.undated} of them without a date: left out where dates are set.`;
    fields.append(make("p", { className: "hint" }, [range, undated].filter(Boolean).join(" ")));
  } catch (error) {
    fields.replaceChildren();
    problem.textContent = error.message;
  }
  dialog.showModal();
}

const field = (name, ...parts) => make("label", { className: name }, make("span", {}, NAMES[name]), ...parts);

/** What there is to choose from, and what is set even if it is there no more. */
function choice(name, values) {
  const known = values.map(([value, count]) => make("option", { value }, `${value} (${count})`));
  if (set[name] && !values.some(([value]) => value === set[name])) known.push(make("option", { value: set[name] }, `${set[name]} (0)`));
  const select = make("select", { name, disabled: !known.length }, make("option", { value: "" }, known.length ? "Any" : "None known"), ...known);
  select.value = set[name] ?? "";
  return select;
}

function apply(event) {
  const chosen = Object.fromEntries([...new FormData(form)].filter(([, value]) => value.trim()));
  if (chosen.since && chosen.until && chosen.since > chosen.until) {
    event.preventDefault();
    problem.textContent = "Nothing lies between these dates: swap them.";
    return;
  }
  if (fields.childElementCount) change(chosen);
}
