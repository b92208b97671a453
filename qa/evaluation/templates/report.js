"use strict";
// Without this script the page still shows everything; with it the list can be searched, filtered and sorted,
// and keys go from question to question.
{
  const FIRST = 200; // rows that are drawn before somebody asks for all
  const find = (id) => document.getElementById(id);
  const [form, search, verdict, reason, count, more, tip] = ["filters", "search", "verdict", "reason", "count", "more", "tip"].map(find);
  const body = find("rows");
  const numbers = new Intl.NumberFormat("en");
  let rows = [...body.rows].map((element) => ({
    element,
    text: element.cells[1].textContent.toLocaleLowerCase(),
    verdicts: element.dataset.v.split(" "),
    reason: element.dataset.r ?? "",
  }));
  let listed = rows;
  let all = false;

  const number = (row) => row.element.id.slice(1);

  function filter() {
    const words = search.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    listed = rows.filter(
      (row) =>
        words.every((word) => row.text.includes(word)) &&
        (!verdict.value || row.verdicts.includes(verdict.value)) &&
        (!reason?.value || row.reason === reason.value),
    );
    const shown = new Set(all ? listed : listed.slice(0, FIRST));
    for (const row of rows) row.element.hidden = !shown.has(row);
    more.hidden = shown.size === listed.length;
    more.firstElementChild.textContent = `Show all ${numbers.format(listed.length)}`;
    count.textContent =
      listed.length === rows.length
        ? `${numbers.format(rows.length)} questions`
        : `${numbers.format(listed.length)} of ${numbers.format(rows.length)} questions`;
  }

  function sort(header) {
    const column = header.cellIndex;
    const down = header.getAttribute("aria-sort") === "ascending";
    for (const other of header.parentElement.cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = (row) => row.element.cells[column].textContent;
    const compare =
      header.dataset.sort === "number"
        ? (a, b) => parseFloat(a) - parseFloat(b) || 0
        : new Intl.Collator("en", { numeric: true }).compare;
    const keyed = rows.map((row) => [key(row), row]);
    keyed.sort(([a], [b]) => (down ? compare(b, a) : compare(a, b)));
    rows = keyed.map(([, row]) => row);
    body.append(...rows.map((row) => row.element));
    filter();
  }

  /** The question on show, or null on the overview. */
  const current = () => /^#q(\d+)$/.exec(location.hash)?.[1] ?? null;

  /** The number of the question `step` places on in the list as it is filtered and sorted. */
  function neighbour(step) {
    const at = listed.findIndex((row) => number(row) === current());
    const open = listed.length ? listed : rows;
    const next = at < 0 ? (step > 0 ? 0 : -1) : at + step;
    return number(open.at(next % open.length));
  }

  function arrived() {
    tip.hidden = true;
    const here = current();
    if (here !== null && find(`q${here}`)) {
      const page = find(`q${here}`);
      page.querySelector(".previous").hash = `#q${neighbour(-1)}`;
      page.querySelector(".next").hash = `#q${neighbour(1)}`;
      const at = listed.findIndex((row) => number(row) === here);
      if (at >= 0) page.querySelector("nav span").textContent = `${numbers.format(at + 1)} of ${numbers.format(listed.length)}`;
      page.focus({ preventScroll: true });
      scrollTo(0, 0);
    } else if (/^#r\d+$/.test(location.hash)) {
      const row = find(location.hash.slice(1));
      if (!row) return;
      row.hidden = false;
      row.scrollIntoView({ block: "center" });
      row.querySelector("a").focus({ preventScroll: true });
    }
  }

  addEventListener("hashchange", arrived);
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, select, textarea, .scroll")) return;
    const step = { j: 1, ArrowRight: 1, k: -1, ArrowLeft: -1 }[event.key];
    if (step && (current() !== null || event.key.length === 1)) location.hash = `#q${neighbour(step)}`;
    else if (event.key === "Escape" && current() !== null) location.hash = `#r${current()}`;
    else if (event.key === "/" && current() === null) search.focus();
    else return;
    event.preventDefault();
  });

  for (const control of [search, verdict, reason]) control?.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  more.firstElementChild.addEventListener("click", () => {
    all = true;
    filter();
  });
  for (const header of document.querySelectorAll("th[data-sort]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    button.addEventListener("click", () => sort(header));
    header.append(button);
  }
  for (const link of document.querySelectorAll("a[data-reason]"))
    link.addEventListener("click", () => {
      reason.value = link.dataset.reason;
      verdict.value = "";
      filter();
    });

  const strip = document.querySelector(".strip");
  strip?.addEventListener("pointerover", (event) => {
    const dot = event.target.closest("a");
    tip.hidden = !dot;
    if (!dot) return;
    const cells = find(`r${dot.getAttribute("href").slice(2)}`).cells;
    tip.textContent = `${cells[1].textContent} (${cells[2].textContent}, ${cells[4].textContent})`;
    const box = dot.getBoundingClientRect();
    tip.style.left = `${Math.max(8, Math.min(box.left, innerWidth - tip.offsetWidth - 8))}px`;
    tip.style.top = `${box.bottom + 8}px`;
  });
  strip?.addEventListener("pointerleave", () => (tip.hidden = true));
  addEventListener("scroll", () => (tip.hidden = true), { passive: true });

  form.hidden = false;
  filter();
  arrived();
}
