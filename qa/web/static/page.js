// The page around Gradio's question box and conversation: start-up progress, the source panel, copy buttons and keys.
// Whatever comes from a document goes in through textContent, or in a part of the page that the server has escaped.

import { follow, over, tendAsking } from "./asking.js";
import { SILENT, announce, button, download, get, inShort, make, post, react, show, sleep } from "./base.js";
import { aimedAt, arrives, begin, edit, leaves, opening, returns, tendConversation } from "./conversation.js";
import { cited, copy } from "./copy.js";
import { tendFilters } from "./filters.js";
import { markKept } from "./keep.js";
import { markShown } from "./selection.js";

// The place of a quote, and which document is meant where several have the same text.
const HASH = /^#cite=(([0-9a-f]{64})\/(\d{1,12})-(\d{1,12}))(?:&document=([\w.~%-]+))?$/;
const POLL_MS = 250;
const MOST = 2_000; // characters of a question: `MAX_QUESTION_CHARACTERS` in qa/limits.py
const LINE = 140; // characters of the source that are shown before and after a quote

// ---------------------------------------------------------------- the frame

const starting = document.getElementById("status");
const [progressText, progress] = starting.children;
const panel = document.getElementById("source");
const contents = panel.querySelector(".opened"); // what the server renders of a source
const testQueries = document.getElementById("test-queries");
react({
  ask: (pressed) => ask(pressed.textContent),
  close,
  go: (pressed) => go(pressed.dataset.to),
  link: (pressed) => copy(citeOf(pressed)?.href ?? location.href, pressed),
  context: showContext,
  edit: (pressed) => edit(questions().indexOf(pressed.parentElement), pressed.parentElement.textContent.trim()),
  judge: (pressed) => judge(pressed.closest(".answer"), pressed.closest(".thumbs"), pressed),
});

// ---------------------------------------------------------------- start-up

const STAGES = { library: "Opening the library", index: "Indexing documents", models: "Loading the models" };

async function watchStart() {
  try {
    const state = await get("/status");
    starting.dataset.stage = state.stage;
    if (state.stage === "ready") {
      starting.hidden = true;
      show("/parts/welcome", document.getElementById("first"));
      if (!state.may_change) return;
      import("./uploads.js");
      return void get("/feedback").then(offer, (error) => announce(error.message, true));
    }
    if (state.stage === "failed") {
      starting.classList.add("error");
      starting.setAttribute("role", "alert");
      starting.replaceChildren(make("strong", {}, "Pullquote cannot answer questions. "), state.error.message);
      return;
    }
    const words = [STAGES[state.stage], state.name && `: ${state.name}`, state.total > 1 && ` (${state.done} of ${state.total})`];
    const line = `${words.filter(Boolean).join("")}…`;
    if (progressText.textContent !== line) progressText.textContent = line;
    if (state.total) progress.value = state.done / state.total;
    else progress.removeAttribute("value");
  } catch {
    progressText.textContent = SILENT;
  }
  setTimeout(watchStart, POLL_MS);
}

// ---------------------------------------------------------------- asking

const box = () => document.querySelector("#question textarea");
const send = () => document.querySelector("#ask");
let busy = false; // a question is on its way, or its answer is
let held = false; // Enter was pressed meanwhile: ask what stands in the box once the answer is there
let answered = 0;
let sent = 0;

/** Make Gradio's radio buttons one group, explain each, and keep to what was chosen earlier in this tab. */
function tendStrictness(group) {
  const label = group.querySelector("[data-testid=block-info]");
  label.id = "strictness-label";
  group.setAttribute("aria-labelledby", label.id);
  group.setAttribute("role", "radiogroup");
  const choices = [...group.querySelectorAll("input")];
  for (const choice of choices) choice.title = `On average, ${Math.round(choice.value * 100)} % of the answers given should be right`;
  // Only between buttons of one name do the arrow keys go; Gradio gives each its own, again and again.
  const name = () => choices.filter((choice) => choice.name !== "strictness").forEach((choice) => (choice.name = "strictness"));
  new MutationObserver(name).observe(group, { subtree: true, attributeFilter: ["name"] });
  name();
  group.addEventListener("change", (event) => sessionStorage.setItem("strictness", event.target.value));
  const earlier = choices.find((choice) => choice.value === sessionStorage.getItem("strictness"));
  requestAnimationFrame(() => earlier?.click()); // Gradio, still at work, would put back its own
}

/** Put a text into the question box, as if typed. */
function type(words) {
  box().value = words;
  box().dispatchEvent(new Event("input", { bubbles: true }));
}

/** Put a question into the box, as if typed, and send it. */
function ask(question) {
  type(question);
  requestAnimationFrame(() => send().click());
}

/** Put the last question into the empty box again. */
function recall(event) {
  const last = questions().at(-1);
  if (!last) return;
  event.preventDefault();
  type(last.textContent.trim());
}

/** Whether a press of Enter or of Ask goes through; if not, it is held or has nothing to send. */
function admit(event) {
  const spare = MOST - box().value.length;
  if (spare < 0) {
    announce(`A question may have at most ${MOST.toLocaleString("en")} characters. Shorten this question by ${(-spare).toLocaleString("en")}.`, true);
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  if (box().value.trim() && !busy) {
    busy = true;
    document.body.classList.add("busy");
    follow(leaves(box().value), withdraw);
    awaitSign();
    return;
  }
  held = busy && Boolean(box().value.trim());
  event.preventDefault();
  event.stopImmediatePropagation();
}

/** Look every ten seconds whether something has come: it may wait in line, or the server may be gone. */
async function lookFor(hasCome, wait, giveUp) {
  for (let looks = 4; ; looks -= 1) {
    await sleep(10_000);
    const silent = hasCome() || (await get("/status").then(() => "", (error) => error.message));
    if (hasCome()) return;
    if (silent || looks === 1) return void giveUp(silent);
    wait();
  }
}

function awaitSign() {
  const mine = ++sent;
  lookFor(
    () => mine !== sent || !busy || Boolean(document.querySelector(".searching")),
    () => {},
    (silent) => {
      held = false;
      release();
      announce(`The question did not arrive. ${silent || "Ask it again."}`, true);
    },
  );
}

/** Whatever was on its way belongs to the conversation that ends. */
function startAnew() {
  held = false;
  release();
  begin();
  settle();
}

/** Into the question box, without a jump of the page; not on a phone, where a keyboard would cover half of it. */
function settle() {
  if (matchMedia("(hover: hover)").matches) box().focus({ preventScroll: true });
}

/** A question that was stopped while it waited in line still stands in the box. */
function withdraw() {
  held = false;
  release();
  returns();
  announce("Stopped. Your question is still in the box.", true);
  settle();
}

function release() {
  busy = false;
  over();
  document.body.classList.remove("busy");
  if (!held) return;
  held = false;
  send().click();
}

/** After every change of the conversation: finish new answers, and notice when one has arrived. */
function tend(conversation) {
  const messages = conversation.querySelectorAll("[data-testid=user], [data-testid=bot]");
  document.body.classList.toggle("empty", messages.length === 0);
  if (messages.length) opening(false);
  const title = questions()[0]?.textContent.trim() ?? "Ask";
  document.title = `${inShort(title)} · Pullquote`;
  for (const message of messages) {
    // Gradio labels a message with its own HTML, which a screen reader would read out.
    message.removeAttribute("aria-label");
    if (message.dataset.testid !== "user") continue;
    message.setAttribute("role", "heading"); // a screen reader goes from question to question
    message.setAttribute("aria-level", "1");
    if (!message.querySelector(".edit")) message.append(drawn("pencil"));
  }
  conversation.querySelectorAll(".answer:not(.finished)").forEach(finish);
  const count = conversation.querySelectorAll(".answer").length;
  const waiting = conversation.querySelector(".searching");
  if (waiting) document.dispatchEvent(new CustomEvent("asked"));
  if (count !== answered || waiting) {
    const grown = count > answered;
    answered = count;
    if (grown || waiting) (aimedAt(questions()) ?? questions().at(-1))?.scrollIntoView({ block: "start" });
    if (!waiting && busy) {
      const isStopped = conversation.querySelector(".message-row:last-child .stopped");
      arrives(!isStopped);
      if (isStopped) settle();
      release();
    }
  }
}

/** What the server's HTML cannot carry through Gradio's sanitiser: roles, buttons, carriage returns. */
function finish(answer) {
  answer.classList.add("finished");
  answer.querySelectorAll("i.cr").forEach((element) => element.replaceWith("\r"));
  const all = answer.querySelector("a.show-all");
  all?.replaceWith(button(all.textContent, (event) => showAll(answer, event.currentTarget), { className: "show-all" }));
  const byDate = answer.querySelector("a.by-date");
  byDate?.replaceWith(button(byDate.textContent, (event) => orderByDate(answer, event.currentTarget), { aria: { pressed: "false" } }));
  answer.querySelectorAll(".error").forEach((element) => element.setAttribute("role", "alert"));
  for (const card of answer.querySelectorAll(".card")) {
    const tools = drawn("of-card", card.querySelector(".number").textContent);
    const { hash } = card.querySelector("a.cite");
    card.dataset.citation = hash.replace("#cite=", "");
    tools.querySelector(".thumbs").dataset.quote = HASH.exec(hash)[1];
    card.append(tools);
  }
  answer.querySelector(".not-in-corpus:not(.in-part) > :is(h2, p):not(.gap, :has(+ p))")?.after(drawn("of-nothing"));
  const trace = answer.querySelector(".trace");
  trace?.append(drawn(answer.querySelector(".not-in-corpus") ? "of-none" : "of-answered"));
  if (trace && answerId(answer)) seen.observe(answer);
  else answer.querySelectorAll(".thumbs, .keep").forEach((each) => each.remove()); // there is nothing to judge, or nothing is kept
}

/** What the server has drawn for all cards, for one: "#" stands for the number of its quote. */
function drawn(name, number = "") {
  const tools = document.getElementById(name).content.cloneNode(true);
  for (const each of tools.querySelectorAll("[aria-label]")) each.ariaLabel = each.ariaLabel.replace("#", number);
  return tools;
}

const citeOf = (pressed) => pressed.closest(".card")?.querySelector("a.cite");
const questions = () => [...document.querySelectorAll("#conversation [data-testid=user]")];

/** Put an answer's quotes, or its documents, in the order of their dates, or back in the order in which they came. */
function orderByDate(answer, pressed) {
  const ordered = answer.classList.toggle("ordered");
  pressed.setAttribute("aria-pressed", String(ordered));
  const parts = [...answer.querySelectorAll(":scope > .card, :scope > .document")];
  const date = (part) => part.querySelector("time")?.dateTime ?? "undated";
  parts.forEach((part, at) => (part.dataset.came ??= at));
  parts.sort((one, other) => (ordered && date(one).localeCompare(date(other))) || one.dataset.came - other.dataset.came);
  answer.querySelector(":scope > details.more, :scope > .order").before(...parts);
}

/** Show, or hide again, what stands in the source right before and after a quote: no part of it. */
async function showContext(pressed) {
  const card = pressed.closest(".card");
  const open = pressed.getAttribute("aria-expanded") === "true";
  card.querySelectorAll(".context").forEach((line) => line.remove());
  pressed.setAttribute("aria-expanded", String(!open));
  if (open) return;
  const found = await cited(pressed);
  const before = found.before.trimEnd().split("\n").at(-1);
  const after = found.after.trimStart().split("\n")[0];
  const line = (words) => make("p", { className: "context" }, words);
  const isCut = [before, after].map((words) => words.length > LINE);
  if (before) card.querySelector(".quote").before(line(isCut[0] ? `…${before.slice(-LINE).replace(/^\S*/, "")}` : before));
  if (after) card.querySelector(".quote").after(line(isCut[1] ? `${after.slice(0, LINE).replace(/\S*$/, "")}…` : after));
}

/** Ask the server for all that answers; it comes in place of the answer, or an error below it. */
function showAll(answer, pressed) {
  const words = pressed.textContent;
  pressed.disabled = true;
  pressed.textContent = "reading on…";
  announce("Reading on for all quotes that answer");
  const messages = [...document.querySelectorAll("#conversation [data-testid=bot]")];
  const number = messages.findIndex((message) => message.contains(answer));
  const written = document.querySelector("#all-of textarea, #all-of input");
  written.value = String(number);
  written.dispatchEvent(new Event("input", { bubbles: true }));
  requestAnimationFrame(() => document.querySelector("#show-all").click());
  // The button comes back where nothing else does: the line may be full, or the server gone.
  lookFor(
    () => !pressed.isConnected, // whatever came has replaced it
    () => {},
    (silent) => {
      pressed.disabled = false;
      pressed.textContent = words;
      announce(`No answer has arrived yet. ${silent || "You can try it again."}`, true);
    },
  );
}

// ---------------------------------------------------------------- thumbs

const answerId = (answer) => answer.id.replace(/^answer-/, "");

/**
 * A thumb is kept, replaces the other, or is taken back; what is shown afterwards is what the library holds.
 * Taken back is only the thumb that one sees: another tab may have put the other in its place.
 */
async function judge(answer, group, pressed) {
  if (group.getAttribute("aria-busy") === "true") return;
  group.setAttribute("aria-busy", "true");
  judgements += 1;
  const taken = pressed.getAttribute("aria-pressed") === "true";
  try {
    if (taken) {
      showThumbs(answer, await get(`/feedback/answers/${answerId(answer)}`));
      if (pressed.getAttribute("aria-pressed") !== "true") return void announce("You judged this in another tab. That judgement is shown now.", true);
    }
    const thumb = taken ? null : pressed.className;
    showThumbs(answer, await post("/feedback", { answer: answerId(answer), quote: group.dataset.quote ?? null, thumb }));
    announce(taken ? "Taken back" : "Judgement kept");
  } catch (error) {
    announce(`Your judgement was not kept. ${error.message}`, true);
  } finally {
    judgements += 1;
    group.removeAttribute("aria-busy");
  }
}

let judgements = 0; // begun and ended: what was asked for before shows what was kept before

async function showKept(answer) {
  const before = judgements;
  markKept(answer, { answer: answerId(answer) }).catch(() => {});
  const kept = await get(`/feedback/answers/${answerId(answer)}`);
  if (judgements === before) showThumbs(answer, kept);
  else await showKept(answer);
}

// The same question may have been judged before, and quotes of it kept. Of a long conversation, only what is seen is asked for.
const inView = new Set();
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) inView.delete(target);
    else if (!inView.has(target)) {
      inView.add(target);
      showKept(target).catch((error) => announce(`Earlier judgements cannot be shown. ${error.message}`, true));
    }
  }
});

/** Another tab may have judged the same questions; what cannot be read stays as it is, until it is pressed. */
function rereadThumbs() {
  for (const answer of inView) {
    if (answer.isConnected) showKept(answer).catch(() => {});
    else inView.delete(answer);
  }
}

function showThumbs(answer, kept) {
  for (const group of answer.querySelectorAll(".thumbs")) {
    const thumb = group.dataset.quote ? kept.quotes[group.dataset.quote] : kept.answer;
    for (const each of group.querySelectorAll("button")) each.setAttribute("aria-pressed", String(each.className === thumb));
  }
  answer.querySelector(".kept").textContent = kept.answer ? "Judgement kept" : "";
  offer(kept);
}

/** Once there are test queries, they can be had as a file. */
function offer({ queries }) {
  testQueries.hidden = queries === 0;
  testQueries.querySelector(".number").textContent = queries;
  testQueries.querySelector(".words").textContent = queries === 1 ? " judged question" : " judged questions";
}

// ---------------------------------------------------------------- saving

/** The server writes the conversation's file, or why there is none, into a box of Gradio's; from there it goes to the browser. */
async function save() {
  const written = document.querySelector("#saved textarea");
  written.value = "";
  for (let waited = 0; !written.value; waited += 50) {
    if (waited > 15_000) return void announce(`The conversation was not saved. ${SILENT}`, true);
    await sleep(50);
  }
  if (!written.value.startsWith("<")) return void announce(written.value, true);
  download(new Blob([written.value], { type: "text/html" }), `pullquote-${new Date().toLocaleDateString("sv")}.html`);
  announce("Saved");
}

// ---------------------------------------------------------------- the source

let opener = null; // where the focus goes back to

/** The hash is the one source of truth: a click on a citation, a deep link and "back" all come through here. */
function route() {
  const match = HASH.exec(location.hash);
  if (!match) return void hide();
  const [hash, place, sha256, , , documentId] = match;
  const link = `a.cite[href="${hash}"]`;
  if (opener?.hash !== hash) opener = opener?.closest(".answer")?.querySelector(link) ?? document.querySelector(link) ?? opener;
  document.querySelectorAll("a.cite.active").forEach((other) => other.classList.remove("active"));
  if (opener?.hash === hash) opener.classList.add("active");
  const cites = [...document.querySelectorAll("#conversation a.cite")].map((cite) => HASH.exec(cite.hash));
  const quotes = new Set(cites.filter((cite) => cite[2] === sha256).map((cite) => `${cite[3]}-${cite[4]}`));
  const query = `quotes=${[...quotes]}${documentId ? `&document=${documentId}` : ""}`;
  show(`/parts/sources/${place}?${query}`, contents);
}

contents.addEventListener("htmx:afterSwap", ({ target }) => {
  if (target !== contents) return;
  panel.hidden = false;
  document.body.classList.add("reading");
  const text = panel.querySelector(".text");
  const mark = text.querySelector("mark.current") ?? text;
  ticking.disconnect();
  ticking.observe(text);
  mark.scrollIntoView({ block: "center" });
  mark.focus({ preventScroll: true });
  panel.querySelector(".keep")?.setAttribute("data-answer", (opener?.hash === location.hash && opener.closest(".answer")?.id) || "");
  markShown();
});

// Beside the scroll bar stands where the quotes are, whatever the width.
const ticking = new ResizeObserver(([{ target: text }]) => {
  const marks = text.querySelectorAll("mark[tabindex]"); // the first of each quote
  const top = text.getBoundingClientRect().top - text.scrollTop;
  panel.querySelectorAll(".ticks span").forEach((tick, at) => (tick.style.top = `${(100 * (marks[at].getBoundingClientRect().top - top)) / text.scrollHeight}%`));
});

/** The border of the panel is dragged, or moved by the arrow keys. */
function widen(share) {
  const within = Math.min(65, Math.max(30, Math.round(share)));
  border.setAttribute("aria-valuenow", within);
  document.body.style.setProperty("--source", `${within}vw`);
}

const border = document.getElementById("border");
border.addEventListener("pointerdown", ({ pointerId }) => border.setPointerCapture(pointerId));
border.addEventListener("pointermove", ({ buttons, clientX }) => buttons && widen(100 - (100 * clientX) / innerWidth));
border.addEventListener("keydown", ({ key }) => {
  const by = { ArrowLeft: 2, ArrowRight: -2 }[key];
  if (by) widen(Number(border.getAttribute("aria-valuenow")) + by);
});

function hide() {
  htmx.trigger(contents, "htmx:abort"); // what is still on its way
  if (panel.hidden) return;
  panel.hidden = true;
  document.body.classList.remove("reading");
  document.querySelectorAll("a.cite.active").forEach((link) => link.classList.remove("active"));
  opener?.closest("details")?.setAttribute("open", ""); // what is folded away takes no focus
  (opener?.isConnected ? opener : box())?.focus();
  opener = null;
}

function close() {
  history.pushState(null, "", location.pathname + location.search);
  hide();
}

/** Open another place in the same document. */
function go(to) {
  history.replaceState(null, "", location.hash.replace(/\d+-\d+/, to));
  route();
}

// ---------------------------------------------------------------- keys and clicks

addEventListener("focus", rereadThumbs);
document.addEventListener("kept", rereadThumbs);
addEventListener("hashchange", route);
addEventListener("popstate", () => {
  if (!location.hash) hide();
});

document.addEventListener(
  "click",
  (event) => {
    const cite = event.target.closest?.("a.cite");
    if (cite) {
      event.preventDefault();
      opener = cite;
      if (location.hash === cite.hash) route();
      else location.hash = cite.hash;
    } else if (event.target.closest?.("#ask")) {
      admit(event);
    } else if (event.target.closest?.("#new-conversation")) {
      startAnew();
    } else if (event.target.closest?.("#save")) {
      save();
    }
  },
  true,
);

document.addEventListener(
  "keydown",
  (event) => {
    if (event.key === "Escape" && document.querySelector(":popover-open")) return; // which it closes
    if (event.target === box()) {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) admit(event);
      if (event.key === "Escape" && !panel.hidden) close();
      if (event.key === "ArrowUp" && !box().value) recall(event);
      return;
    }
    if (event.metaKey || (event.ctrlKey && !event.altKey)) return; // Alt or AltGr makes [ and ] on many keyboards
    if (event.key !== "Escape" && event.target.matches?.("input:not([type=checkbox], [type=radio])")) return;
    if (event.key === "Escape" && !panel.hidden) close();
    else if (event.key === "/") box()?.focus();
    else if (event.key === "[") panel.querySelector(".previous")?.click();
    else if (event.key === "]") panel.querySelector(".next")?.click();
    else if (event.key === "Enter" && event.target.matches?.("#source mark")) event.target.click();
    else return;
    event.preventDefault();
  },
  true,
);

// Gradio draws its part later, once.
document.body.classList.add("empty");
const arrival = new MutationObserver(() => {
  const conversation = document.getElementById("conversation");
  const strictness = document.getElementById("strictness");
  const options = document.querySelector("#options textarea, #options input");
  const place = document.querySelector("#place textarea, #place input");
  if (!place || !conversation || !box() || !strictness?.querySelector("input") || !options) return;
  arrival.disconnect();
  document.body.classList.add("drawn");
  box().setAttribute("enterkeyhint", "send");
  // Gradio may have measured the box before the style was there.
  requestAnimationFrame(() => box().dispatchEvent(new Event("input", { bubbles: true })));
  new MutationObserver(() => tend(conversation)).observe(conversation, { childList: true, subtree: true, characterData: true });
  tend(conversation);
  tendAsking(conversation);
  if (!HASH.test(location.hash)) settle();
  tendStrictness(strictness);
  tendFilters(document.getElementById("composer"), options, ask);
  // Gradio, still at work, would empty its boxes again.
  requestAnimationFrame(() => tendConversation(document.getElementById("composer"), place, { box, type, ask, busy: () => busy }));
});
arrival.observe(document.body, { childList: true, subtree: true });

watchStart();
route();
