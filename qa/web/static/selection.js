// What is selected in a document's text: a place in it, which is kept, or copied with its citation.

import { markKept } from "./keep.js";
import "./copy.js";

const tools = () => document.getElementById("selected-words"); // of the text beside them
let waiting = setTimeout(follow); // something may be selected already

/** Count characters as places do: one of two code units is one. */
const count = (words) => words.replace(/[\u{10000}-\u{10ffff}]/gu, "x").length;

/** Where the selected words begin and end in a text, without the white space around them; "" where there are none. */
function place(text) {
  const selected = getSelection();
  if (!selected.containsNode(text, true)) return "";
  const { startContainer, startOffset, endContainer, endOffset } = selected.getRangeAt(0);
  const [within, before] = [new Range(), new Range()];
  within.selectNodeContents(text);
  before.selectNodeContents(text);
  if (within.isPointInRange(startContainer, startOffset)) within.setStart(startContainer, startOffset);
  if (within.isPointInRange(endContainer, endOffset)) within.setEnd(endContainer, endOffset);
  before.setEnd(within.startContainer, within.startOffset);
  const words = `${within}`; // all that is there, seen or not: the text of the elements is the document's
  const start = count(`${before}${words}`) - count(words.trimStart());
  return words.trim() && `${start}-${start + count(words.trim())}`;
}

/** Show the tools while words are selected, or one of them is in use. */
function follow() {
  const found = tools() && place(tools().parentElement.querySelector(".text"));
  if (found) {
    const { sha256, document: id } = tools().dataset;
    tools().dataset.citation = `${sha256}/${found}?document=${id}`;
    tools().hidden = false;
    markShown();
  } else if (tools() && !tools().matches(":focus-within") && !document.querySelector("#keep:popover-open")) tools().hidden = true;
}

/** Show where the quotes of the text that is shown are kept, and what is selected in it. */
export function markShown() {
  if (tools()?.querySelector(".keep")) markKept(tools().parentElement, { citation: `${tools().dataset.sha256}/0-1` }).catch(() => {});
}

document.addEventListener("kept", markShown);
addEventListener("focus", markShown);
document.addEventListener("selectionchange", () => (clearTimeout(waiting), (waiting = setTimeout(follow, 100))));
