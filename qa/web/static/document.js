// A document's page: find in its text, correct what is known of it, remove, restore and erase it.

import { announce, announceNext, send } from "./base.js";

const text = document.getElementById("text");
const side = () => document.getElementById("side");
const wide = matchMedia("(min-width: 64rem)");
const unfold = () => wide.matches && side().querySelectorAll("details.wide").forEach((each) => (each.open = true));

// ---------------------------------------------------------------- changes

/** Ask the server for a change, show what is so afterwards, and say so. */
async function change(method, path, value, words, undo = null) {
  try {
    await send(method, `${side().dataset.document.replace("/api/v1", "")}${path}`, value);
  } catch (error) {
    announce(error.message, true);
    return false;
  }
  htmx.trigger(document.body, "changed");
  if (words) announce(words, true, undo);
  return true;
}

const restore = () => change("POST", "/restore", undefined, "It is back: questions are answered from it again.");

const actions = {
  remove: () => change("DELETE", "", undefined, "Removed. No question is answered from it.", { label: "Undo", run: restore }),
  restore,
  reset: ({ field }) => change("PATCH", "", { [field]: null }, "Taken back."),
};

document.addEventListener("click", (event) => {
  const pressed = event.target.closest("[data-do]");
  if (pressed) actions[pressed.dataset.do](pressed.dataset);
});

document.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  if (form.matches(".find")) step(1);
  if (form.matches(".about")) {
    const fields = [...form.elements].filter((field) => field.name && field.value !== field.defaultValue);
    const before = Object.fromEntries(fields.map((field) => [field.name, field.defaultValue]));
    const undo = { label: "Undo", run: () => change("PATCH", "", before, "It is as it was.") };
    await change("PATCH", "", Object.fromEntries(fields.map((field) => [field.name, field.value])), "Saved. Citations say so, too.", undo);
  }
  if (form.matches(".purge") && (await change("POST", "/purge", { title: form.elements.title.value }))) {
    announceNext(`“${side().dataset.title}” is erased for good.`);
    location.href = "/documents";
  }
});

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form?.matches(".about")) form.classList.toggle("changed", [...form.elements].some((field) => field.name && field.value !== field.defaultValue));
  if (form?.matches(".find")) find(event.target.value);
});
document.addEventListener("reset", (event) => event.target.classList.remove("changed"));
document.addEventListener("htmx:afterSwap", unfold);
unfold();

// ---------------------------------------------------------------- find

let places = []; // where the words stand
let at = 0;

/** Mark every place of the words, in any case; the text itself is not touched. */
function find(words) {
  places = [];
  const sought = words.toLowerCase();
  if (sought.trim()) {
    const nodes = [];
    const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
    let length = 0;
    while (walker.nextNode()) {
      nodes.push({ node: walker.currentNode, start: length });
      length += walker.currentNode.length;
    }
    const folded = text.textContent.replace(/[^]/g, (sign) => (sign.toLowerCase().length === 1 ? sign.toLowerCase() : sign));
    let first = 0;
    for (let found = folded.indexOf(sought); found >= 0 && places.length < 5000; found = folded.indexOf(sought, found + sought.length)) {
      const range = new Range();
      while (first + 1 < nodes.length && nodes[first + 1].start <= found) first += 1;
      let last = first;
      while (last + 1 < nodes.length && nodes[last + 1].start < found + sought.length) last += 1;
      range.setStart(nodes[first].node, found - nodes[first].start);
      range.setEnd(nodes[last].node, found + sought.length - nodes[last].start);
      places.push(range);
    }
  }
  CSS.highlights?.set("found", new Highlight(...places));
  at = -1;
  if (places.length) step(1);
  else show(sought.trim() ? "Not found" : "");
}

function step(by) {
  if (!places.length) return;
  at = (at + by + places.length) % places.length;
  CSS.highlights?.set("current", new Highlight(places[at]));
  places[at].startContainer.parentElement.scrollIntoView({ block: "center" });
  show(`${at + 1} of ${places.length}`);
}

function show(words) {
  if (!places.length) CSS.highlights?.delete("current");
  side().querySelector(".found").textContent = words;
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.shiftKey && event.target.closest(".find")) {
    event.preventDefault();
    step(-1);
  }
});
