// The filters: a dialog to choose them in, a chip for each that is set, and the box that carries them to the server.

import { button, make, show } from "./base.js";

const KEPT = "chosen"; // in this tab, over a reload
const NAMES = { since: "From", until: "To" };
const titled = (name) => NAMES[name] ?? (name[0].toUpperCase() + name.slice(1)).replaceAll("_", " ");
const DATES = ["since", "until"];
const inWords = (day) => new Date(day).toLocaleDateString("en-GB", { dateStyle: "long", timeZone: "UTC" });

let chosen = []; // { name, value, label } of each filter that is set
let carrier; // Gradio's box, which goes to the server with every question

const opener = button("Filters", open, { id: "open-filters", title: "Ask only some of the documents", aria: { haspopup: "dialog" } });
const chips = make("div", { id: "filter-chips", role: "group", aria: { label: "Filters" } });
const dialog = make("dialog", { id: "filters", aria: { labelledby: "filters-title" } });

/** Put the filters' parts in their places, take up what this tab had, and answer the cards' links. */
export function tendFilters(composer, options, ask) {
  carrier = options;
  document.body.append(dialog);
  composer.append(opener);
  composer.prepend(chips);
  dialog.addEventListener("htmx:afterSwap", () => dialog.open || dialog.showModal());
  dialog.addEventListener("submit", apply);
  dialog.addEventListener("click", ({ target }) => (target === dialog || target.matches(".cancel")) && dialog.close());
  document.addEventListener("asked", () => carry()); // the question is with the server
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a.clear-filters, a.ignore-dates, a.ignore-history, a.ask-again");
    if (!link) return;
    event.preventDefault();
    if (link.matches(".ignore-dates")) carry({ dates: "ignore" }); // with this question, and no other
    else if (link.matches(".ignore-history")) carry({ history: "ignore" });
    else if (link.matches(".clear-filters")) change([]);
    const answers = [...document.querySelectorAll("#conversation .answer")];
    const questions = document.querySelectorAll("#conversation [data-testid=user]");
    ask(questions[answers.indexOf(link.closest(".answer"))].textContent.trim());
  });
  // Gradio, still at work, would empty its box again.
  requestAnimationFrame(() => change(JSON.parse(sessionStorage.getItem(KEPT) ?? "[]")));
}

/** Put into the box what goes to the server with the next question. */
function carry(once = {}) {
  const filters = {};
  for (const { name, value } of chosen) {
    if (DATES.includes(name)) filters[name] = value;
    else (filters[name] ??= []).push(value);
  }
  carrier.value = JSON.stringify({ filters, ...once });
  carrier.dispatchEvent(new Event("input", { bubbles: true }));
}

function change(filters) {
  chosen = filters;
  sessionStorage.setItem(KEPT, JSON.stringify(chosen));
  carry();
  const remove = (filter) => {
    change(chosen.filter((other) => other !== filter));
    (chips.querySelector("button") ?? opener).focus();
  };
  chips.replaceChildren(
    ...chosen.map((filter) => {
      const words = `${titled(filter.name)}: ${filter.label}`;
      return make("span", { className: "chip" }, words, button("✕", () => remove(filter), { aria: { label: `Remove the filter ${words}` } }));
    }),
  );
  chips.hidden = !chosen.length;
  opener.classList.toggle("set", !chips.hidden);
}

/** Open the dialog with what the library has now. */
function open() {
  const query = new URLSearchParams(chosen.map(({ name, value }) => [name, value]));
  show(`/parts/filters?${query}`, dialog);
}

function apply(event) {
  const fields = [...event.target.elements].filter(({ name, type, checked, value }) => name && (type === "checkbox" ? checked : value));
  const { since, until } = event.target.elements;
  if (since.value && until.value && since.value > until.value) {
    event.preventDefault();
    dialog.querySelector(".problem").textContent = "The first date is later than the second: swap them.";
    return;
  }
  change(fields.map(({ name, value, dataset }) => ({ name, value, label: dataset.title ?? (DATES.includes(name) ? inWords(value) : value) })));
}
