// Files go to the library: dropped or chosen, many at once and folders too, three under way at a time.

import { API, SILENT, announce, attempt, button, make, send } from "./base.js";

const AT_ONCE = 3;
const MOST_ROWS = 500;
const SAID = {
  added: "Added",
  replaced: "Replaced the earlier text",
  withdrawn: "Not added: this document was removed before. Put it back from the removed documents.",
  purged: "Not added: this document was erased before",
};

const panel = Object.assign(document.getElementById("add"), { hidden: false });
const [rows, summary, cancel] = [".uploads", ".sum", ".cancel"].map((name) => panel.querySelector(name));
const waiting = []; // files that are not sent yet
const running = new Set(); // requests
const counts = { added: 0, replaced: 0, "already there": 0, refused: 0, cancelled: 0 };
let total = 0;
let refreshed = 0;

/** The collection into which files go that are dropped or chosen now; what is chosen later holds for later files. */
const collectionNow = () => panel.querySelector("[name=collection]").value.trim();

/** Take files into the queue, and open the panel that shows what becomes of them. */
function enqueue(files) {
  panel.open ||= files.length > 0;
  waiting.push(...files);
  total += files.length;
  while (running.size < AT_ONCE && waiting.length) sendNext();
  tell();
}

function sendNext() {
  const { file, name, collection, column = "" } = waiting.shift();
  const request = new XMLHttpRequest(); // fetch tells nothing of what is sent
  const progress = make("progress", { max: 1, value: 0, aria: { label: `Sent of ${name}` } });
  const result = make("span", { className: "result" }, progress);
  const row = make("li", {}, make("span", { className: "name" }, name), result, button("✕", () => request.abort(), { title: "Cancel", aria: { label: `Cancel ${name}` } }));
  rows.prepend(row);
  if (rows.childElementCount > MOST_ROWS) ([...rows.querySelectorAll("li:not(.refused)")].pop() ?? rows.lastChild).remove();
  running.add(request);
  const finish = (status, words) => {
    running.delete(request);
    counts[status in counts ? status : "already there"] += 1;
    Object.assign(row, { className: status }).dataset.result = status === "unchanged" ? "duplicate" : status;
    row.querySelector("button").remove();
    result.textContent = words;
    if (request.status < 400) {
      const reply = JSON.parse(request.responseText || "[]");
      offer(row, reply, collection);
      if (reply[0]?.columns.length) askForColumn(row, reply[0].columns, { file, name, collection });
    }
    enqueue([]);
  };
  request.upload.onprogress = ({ loaded, total: size }) => (loaded < size ? (progress.value = loaded / size) : progress.removeAttribute("value"));
  request.onload = () => finish(...outcome(request));
  request.onerror = () => finish("refused", SILENT);
  request.onabort = () => finish("cancelled", "Cancelled");
  request.open("POST", `${API}/documents?${new URLSearchParams({ name, collection, text_column: column })}`);
  request.setRequestHeader("Content-Type", "application/octet-stream");
  request.send(file);
}

/** What became of a file, which may hold many documents, and how that is said. */
function outcome({ status, responseText }) {
  const reply = JSON.parse(responseText);
  if (status >= 400) return ["refused", reply.detail];
  const good = reply.filter((each) => !["refused", "skipped"].includes(each.status));
  if (reply[0]?.columns.length) return ["refused", "It is not clear which column holds the text"];
  if (!good.length) return ["refused", reply[0]?.error?.message ?? "The file has nothing that can be read"];
  const words = Object.entries(Object.groupBy(good, (each) => SAID[each.status] ?? "Already there"));
  const said = words.map(([each, found]) => (found.length > 1 ? `${each}: ${found.length} documents` : each));
  const bad = reply.filter((each) => each.status === "refused").map((each) => each.error.message);
  if (bad.length) said.push(`${bad.length} refused: ${bad.slice(0, 3).join(" ")}${bad.length > 3 ? " …" : ""}`);
  return [good[0].status, said.join(", ")];
}

/** Say what of a file a person may want otherwise, and let them: a text that stands elsewhere, another collection. */
function offer(row, reply, collection) {
  const good = reply.filter((each) => each.document && each.status !== "gone");
  const say = (words, ...buttons) => row.append(make("p", {}, words, ...buttons));
  for (const note of new Set(reply.flatMap((each) => each.notes.filter((words) => words.startsWith("Read as "))))) say(note);
  const same = good.filter((each) => each.also_at.length && each.status !== "replaced");
  for (const each of same.slice(0, 3)) say(`The same text as ${each.also_at.join(", ")}${each.collection && `, which is in the collection “${each.collection}”`}.`);
  const kept = collection ? good.filter((each) => each.collection !== collection) : [];
  if (kept.length) {
    const where = [...new Set(kept.map((each) => (each.collection ? `the collection “${each.collection}”` : "no collection")))].join(", ");
    const ids = kept.map((each) => each.document);
    say(`The document stays in ${where}. `, action(`Move to “${collection}”`, "Moved.", "POST", "/documents/collection", { ids, collection }));
  }
  for (const { former } of good.filter((each) => each.former)) {
    say(`Its former text is still in another file, and is quoted as ${former}. `, action("Remove the former text", "Removed. It can be restored.", "DELETE", `/documents/${encodeURIComponent(former)}`));
  }
}

/** Ask which column of a table holds the text, and send the file again with it. */
function askForColumn(row, columns, sent) {
  const again = (column) => {
    row.remove();
    counts.refused -= 1;
    total -= 1;
    enqueue([{ ...sent, column }]);
  };
  row.append(make("p", {}, "Which column holds the text?"));
  for (const { name, value } of columns) row.append(make("p", {}, button(name, () => again(name)), ` ${value}`));
}

/** A button that asks the server once, and then says that it is done. */
function action(label, done, method, path, body) {
  const asked = button(label, () =>
    attempt(async () => {
      await send(method, path, body);
      asked.replaceWith(done);
      document.dispatchEvent(new Event("added"));
    }),
  );
  return asked;
}

function tell() {
  const known = Object.entries(counts).filter(([, count]) => count);
  const done = known.reduce((sum, [, count]) => sum + count, 0);
  const words = known.map(([name, count]) => `${count.toLocaleString("en")} ${name}`).join(", ");
  summary.textContent = `${done.toLocaleString("en")} of ${total.toLocaleString("en")} files${words && `: ${words}`}`;
  cancel.hidden = !running.size;
  if (!running.size) announce(`Done. ${summary.textContent}`, !panel.offsetParent); // for all where the panel is not seen
  if (running.size && Date.now() - refreshed < 3000) return;
  refreshed = Date.now(); // the page shows what has come in
  document.dispatchEvent(new Event(running.size ? "adding" : "added"));
}

cancel.onclick = () => {
  total -= waiting.length;
  waiting.length = 0;
  for (const request of running) request.abort();
};
addEventListener("beforeunload", (event) => running.size && event.preventDefault());

for (const input of panel.querySelectorAll("[type=file]")) {
  input.onchange = () => {
    const collection = collectionNow();
    enqueue([...input.files].map((file) => ({ file, name: file.webkitRelativePath || file.name, collection })));
    input.value = "";
  };
}
panel.addEventListener("click", ({ target }) => target.dataset.choose && document.getElementById(target.dataset.choose).click());

/** What was dropped: a file, or a folder with all that is in it. */
async function take(entry, collection) {
  if (entry instanceof File) return enqueue([{ file: entry, name: entry.name, collection }]);
  if (entry.isFile) return entry.file((file) => enqueue([{ file, name: entry.fullPath.slice(1), collection }]));
  const reader = entry.createReader();
  const read = () => new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
  for (let part = await read(); part.length; part = await read()) for (const each of part) await take(each, collection);
}

const isOver = (event) => {
  const holdsFiles = Boolean(event.dataTransfer?.types.includes("Files")) && (event.type !== "dragleave" || Boolean(event.relatedTarget));
  document.body.classList.toggle("dropping", holdsFiles && event.type !== "drop");
  if (holdsFiles) event.preventDefault();
  return holdsFiles;
};
addEventListener("dragover", isOver);
addEventListener("dragleave", isOver);
addEventListener("drop", (event) => {
  if (!isOver(event)) return;
  const collection = collectionNow();
  for (const entry of [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile())) if (entry) take(entry, collection);
});
