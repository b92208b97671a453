// What is selected in a document's text: a place in it, which is kept, or copied with its citation.

import { markKept } from "./keep.js";

const tools = () => document.getElementById("selected-words"); // of the text beside them
let waiting = setTimeout(follow); // something may be selected already

/** Count characters as places do: one of two code units is one. */
const count = (words) => words.replace(/[\u{10000}-\u{10ffff}]/gu, "x").length;

/** Where the selected words begin and end in a text, without the white space around them; "" where there are none. */
function place(text) {
  const selected = getSelection();
  if (!selected.containsNode(text, true)) return "";
  const [within, before] = [selected.getRangeAt(0).cloneRange(), new Range()];
  before.selectNodeContents(text); // of which the selection may go beyond
  if (!before.isPointInRange(within.startContainer, within.startOffset)) within.setStart(text, 0);
  if (!before.isPointInRange(within.endContainer, within.endOffset)) within.setEnd(text, text.childNodes.length);
  before.setEnd(within.startContainer, within.startOffset);
  const words = `${within}`; // all that is there, seen or not: the text of the elements is the document's
  const start = count(`${before}${words}`) - count(words.trimStart());
  return words.trim() && `${start}-${start + count(words.trim())}`;
}

/** Show the tools once it is known what is selected, and whether that is kept. */
async function follow() {
  const [shown, mine] = [tools(), waiting];
  const found = shown && place(shown.parentElement.querySelector(".text"));
  if (!found) return;
  shown.dataset.citation = `${shown.dataset.sha256}/${found}?document=${shown.dataset.document}`;
  await markShown();
  if (mine === waiting) shown.hidden = false; // else something else was selected meanwhile
}

/** Show where the quotes of the text that is shown are kept, and what is selected in it. */
export async function markShown() {
  if (tools()?.querySelector(".keep")) await markKept(tools().parentElement, { citation: `${tools().dataset.sha256}/0-1` }).catch(() => {});
}

document.addEventListener("kept", markShown);
addEventListener("focus", markShown);
document.addEventListener("selectionchange", () => {
  const isInUse = getSelection().isCollapsed && document.querySelector("#selected-words:focus-within, #keep:popover-open");
  if (tools() && !isInUse) tools().hidden = true;
  clearTimeout(waiting);
  waiting = setTimeout(follow, 100);
});
