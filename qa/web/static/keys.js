// Which keys do what, on every page: `?` shows it.

import { button, make } from "./base.js";

const KEYS = [
  ["Any page", [["?", "show these keys"], ["/", "go to the question or the search"], ["Esc", "close what is open"]]],
  ["Ask", [["Enter", "ask"], ["Shift Enter", "a new line"], ["↑", "the last question again, in an empty box"]]],
  ["Source", [["[", "previous quote"], ["]", "next quote"]]],
];

const key = (name) => name.split(" ").map((each) => make("kbd", {}, each));
const sheet = make(
  "dialog",
  { className: "keys", aria: { labelledby: "keys-title" } },
  make("h2", { id: "keys-title" }, "Keys"),
  ...KEYS.map(([where, keys]) =>
    make("section", {}, make("h3", {}, where), make("dl", {}, ...keys.flatMap(([name, does]) => [make("dt", {}, ...key(name)), make("dd", {}, does)]))),
  ),
  button("Close", () => sheet.close()),
);
document.body.append(sheet);
sheet.addEventListener("click", (event) => event.target === sheet && sheet.close()); // the dark around it

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.target.closest?.("input, textarea, select, [contenteditable]")) return;
  const search = document.querySelector("input[type=search]");
  if (event.key === "?" && !sheet.open) sheet.showModal();
  else if (event.key === "/" && search) search.focus();
  else return;
  event.preventDefault();
});
