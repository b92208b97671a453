// Files go to the library: dropped or chosen, many at once and folders too, three under way at a time.

import { API, SILENT, announce, button, make } from "./base.js";

const AT_ONCE = 3;
const MOST_ROWS = 200; // of files that went well; those that did not are all shown, up to MOST_REFUSED
const MOST_REFUSED = 500;
const SAID = {
  added: "Added",
  replaced: "Replaced the earlier text",
  moved: "Already there, under another name",
  duplicate: "Already there",
  unchanged: "Already there, unchanged",
  withdrawn: "Not added: it was removed here before. Put it back from the removed documents.",
  purged: "Not added: it was erased here before",
};

const waiting = []; // files that are not sent yet
const underWay = new Set(); // requests
const counts = {};
let total = 0;
let refreshed = 0;

const panel = document.getElementById("add");
const rows = panel.querySelector(".uploads");
const summary = panel.querySelector(".sum");
const cancel = panel.querySelector(".cancel");

/** Take files into the queue, and open the panel that shows what becomes of them. */
function enqueue(files) {
  if (!files.length) return;
  panel.open = true;
  waiting.push(...files);
  total += files.length;
  while (underWay.size < AT_ONCE && waiting.length) sendNext();
  tell();
}

function sendNext() {
  const { file, name } = waiting.shift();
  const request = new XMLHttpRequest();
  const progress = make("progress", { max: 1, value: 0, aria: { label: `Sent of ${name}` } });
  const result = make("span", { className: "result" }, progress);
  const row = make("li", {}, make("span", { className: "name" }, name), result, button("✕", () => request.abort(), { title: "Cancel", aria: { label: `Cancel ${name}` } }));
  rows.prepend(row);
  underWay.add(request);
  const finish = (status, words) => {
    underWay.delete(request);
    counts[status] = (counts[status] ?? 0) + 1;
    row.className = status;
    row.querySelector("button").remove();
    result.textContent = words;
    trim(status);
    if (waiting.length) sendNext();
    tell();
  };
  request.upload.onprogress = ({ loaded, total: size }) => {
    progress.value = loaded / size;
    if (loaded === size) progress.removeAttribute("value"); // all is sent: now it is read
  };
  request.onload = () => finish(...outcome(request));
  request.onerror = () => finish("refused", SILENT);
  request.onabort = () => finish("cancelled", "Cancelled");
  const collection = panel.querySelector("[name=collection]").value.trim();
  request.open("POST", `${API}/documents?${new URLSearchParams({ name, ...(collection && { collection }) })}`);
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.send(file);
}

/** What became of a file, and how that is said. */
function outcome({ status, responseText }) {
  let reply;
  try {
    reply = JSON.parse(responseText);
  } catch {
    return ["refused", SILENT];
  }
  if (status >= 400) return ["refused", reply.detail];
  const found = Object.groupBy(reply, (each) => each.status);
  const refused = found.refused ?? found.skipped ?? [];
  const words = Object.entries(found).map(([each, results]) => `${SAID[each] ?? each}${results.length > 1 ? `: ${results.length} documents` : ""}`);
  if (refused.length === reply.length) return ["refused", refused[0]?.error?.message ?? "There is nothing in it to read"];
  return [reply[0].status, words.join(", ")];
}

/** Keep the list short enough for ten thousand files: the oldest go, those that went well first. */
function trim(status) {
  const alike = rows.querySelectorAll(status === "refused" ? ".refused" : "[class]:not(.refused)");
  if (alike.length > (status === "refused" ? MOST_REFUSED : MOST_ROWS)) alike[alike.length - 1].remove();
}

function tell() {
  const done = Object.values(counts).reduce((sum, each) => sum + each, 0);
  const running = underWay.size > 0;
  const names = { added: "added", refused: "refused", replaced: "replaced", cancelled: "cancelled" };
  const known = Object.keys(names).filter((each) => counts[each]);
  const others = done - known.reduce((sum, each) => sum + counts[each], 0);
  const parts = [...known.map((each) => `${counts[each]} ${names[each]}`), others && `${others} already there`].filter(Boolean);
  summary.textContent = `${done.toLocaleString("en")} of ${total.toLocaleString("en")} files${parts.length ? `: ${parts.join(", ")}` : ""}`;
  cancel.hidden = !running;
  if (!running || Date.now() - refreshed > 3000) refresh();
  if (!running) announce(`Done. ${summary.textContent}`);
}

/** The table shows what has come in. */
function refresh() {
  refreshed = Date.now();
  document.getElementById("find").hidden = false;
  htmx.trigger("#find", "submit");
}

cancel.onclick = () => {
  total -= waiting.length;
  waiting.length = 0;
  for (const request of underWay) request.abort();
};
addEventListener("beforeunload", (event) => underWay.size && event.preventDefault());

// ---------------------------------------------------------------- where files come from

const chosen = (input) => [...input.files].map((file) => ({ file, name: file.webkitRelativePath || file.name }));
for (const input of panel.querySelectorAll("[type=file]")) {
  input.onchange = () => {
    enqueue(chosen(input));
    input.value = "";
  };
}
document.addEventListener("click", (event) => {
  const choose = event.target.closest("[data-choose]");
  if (choose) document.getElementById(choose.dataset.choose).click();
});

/** Whatever is dropped, anywhere on the page: files, and folders with all that is in them. */
async function dropped(items) {
  const entries = [...items].map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile()).filter(Boolean);
  for (const entry of entries) await walk(entry, enqueue);
}

async function walk(entry, found) {
  if (entry instanceof File) return found([{ file: entry, name: entry.name }]);
  if (entry.isFile) {
    const file = await new Promise((resolve) => entry.file(resolve, () => resolve(null)));
    return file && found([{ file, name: entry.fullPath.slice(1) }]);
  }
  const reader = entry.createReader();
  for (let part; (part = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])))).length; ) {
    for (const each of part) await walk(each, found);
  }
}

const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
addEventListener("dragover", (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  document.body.classList.add("dropping");
});
addEventListener("dragleave", (event) => event.relatedTarget || document.body.classList.remove("dropping"));
addEventListener("drop", (event) => {
  document.body.classList.remove("dropping");
  if (!holdsFiles(event)) return;
  event.preventDefault();
  dropped(event.dataTransfer.items);
});
