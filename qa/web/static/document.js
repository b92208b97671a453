// A document's page: find in its text, correct what is known of it, remove, restore and erase it.

import { announce, announceNext, send } from "./base.js";

const text = document.getElementById("text");
const side = () => document.getElementById("side");
const unfold = () => matchMedia("(min-width: 64rem)").matches && side().querySelectorAll("details.wide").forEach((each) => (each.open = true));
document.addEventListener("htmx:afterSwap", unfold);
unfold();

const unsaved = () => side().querySelector("form.about.changed"); // with what is not saved
const mayLose = () => !unsaved() || confirm("Your changes to this document are not saved. Leave the page and lose the changes?");

/** Ask the server for a change, show what is so afterwards, and say so. What is so afterwards takes the place of what was typed. */
async function change(method, path, value, words, undo = null) {
  if (!mayLose()) return false;
  unsaved()?.reset();
  try {
    await send(method, `/documents/${side().dataset.document}${path}`, value);
  } catch (error) {
    announce(error.message, true);
    return false;
  }
  htmx.trigger(document.body, "changed");
  announce(words, true, undo && { label: "Undo", run: undo });
  return true;
}

const restore = () => change("POST", "/restore", undefined, "Restored. Answers quote this document again.");
const actions = {
  restore,
  remove: () => change("DELETE", "", undefined, "Removed. Answers no longer quote this document.", restore),
  reset: ({ field }) => change("PATCH", "", { [field]: null }, "Taken back."),
};
const isChanged = (field) => field.name && field.value !== field.defaultValue;
const values = (fields, key) => Object.fromEntries(fields.map((field) => [field.name, field[key]]));

document.addEventListener("click", ({ target }) => actions[target.dataset.do]?.(target.dataset));
document.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  if (form.matches(".find")) step(1);
  if (form.matches(".about")) {
    const fields = [...form.elements].filter(isChanged);
    const [before, after] = [values(fields, "defaultValue"), values(fields, "value")];
    form.classList.remove("changed"); // this saves them
    const isSaved = await change("PATCH", "", after, "Saved. Citations now show the change.", () => change("PATCH", "", before, "The former value is back."));
    form.classList.toggle("changed", !isSaved);
  }
  const words = `“${side().dataset.title}” is erased for good.`;
  if (form.matches(".purge") && (await change("POST", "/purge", { title: form.elements.title.value }, words))) {
    announceNext(words);
    location.href = "/documents";
  }
});
document.addEventListener("input", ({ target }) => {
  if (target.form?.matches(".about")) target.form.classList.toggle("changed", [...target.form.elements].some(isChanged));
  if (target.form?.matches(".find")) find(target.value.toLowerCase());
});
addEventListener("beforeunload", (event) => unsaved() && event.preventDefault());
document.addEventListener("reset", ({ target }) => target.classList.remove("changed"));

let folded; // the text in small letters, as long as it is
let places = []; // where the words stand
let at = -1;

/** Mark every place of the words, in any case; the text itself is not touched. */
function find(words) {
  folded ??= text.textContent.replace(/[^]/g, (sign) => (sign.toLowerCase().length === 1 ? sign.toLowerCase() : sign));
  const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
  let start = 0; // of the walker's node
  const point = (offset) => {
    while (start + (walker.currentNode.length ?? 0) < offset) {
      start += walker.currentNode.length ?? 0;
      walker.nextNode();
    }
    return [walker.currentNode, offset - start];
  };
  places = [];
  if (words.trim()) walker.nextNode();
  for (let found = words.trim() ? folded.indexOf(words) : -1; found >= 0 && places.length < 5000; found = folded.indexOf(words, found + words.length)) {
    const range = new Range();
    range.setStart(...point(found + 1));
    range.setStart(range.startContainer, range.startOffset - 1);
    range.setEnd(...point(found + words.length));
    places.push(range);
  }
  CSS.highlights?.set("found", new Highlight(...places));
  CSS.highlights?.delete("current");
  at = -1;
  side().querySelector(".found").textContent = words.trim() && "Not found";
  step(1);
}

function step(by) {
  if (!places.length) return;
  at = (at + by + places.length) % places.length;
  CSS.highlights?.set("current", new Highlight(places[at]));
  places[at].startContainer.parentElement.scrollIntoView({ block: "center" });
  side().querySelector(".found").textContent = `${at + 1} of ${places.length}`;
}

const isBackwards = ({ key, shiftKey, target }) => key === "Enter" && shiftKey && target.closest(".find");
document.addEventListener("keydown", (event) => isBackwards(event) && (event.preventDefault(), step(-1)));
