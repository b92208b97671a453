// Which conversation the page shows. Its id is in the address and in this tab; what was said comes from the server. What is
// being typed, and a question whose answer has not come yet, wait in this tab: a reload or a restart loses neither.

import { announce, button, get, make, sleep } from "./base.js";

const TAB = sessionStorage;
const LOOK_MS = 5000;
const AGAIN_MS = 1000;
const GIVE_UP_MS = 20_000;

let shown = ""; // the id of the conversation that is shown; none where nothing is kept
let next = ""; // that of the branch which the question in the box begins
let edited = null; // which question it takes the place of
let carrier; // Gradio's box, which goes to the server with every question
let page; // what page.js lends: the question box, ask, whether a question is on its way

let question; // the id by which the server knows the next question while it is being answered

const editing = make("p", { id: "editing", hidden: true });

const newId = () => btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(12)))).replaceAll("+", "-").replaceAll("/", "_");
const inAddress = () => new URLSearchParams(location.search).get("conversation");

/** Tell the server where the next question is asked, and its id. */
function carry() {
  const where = edited === null ? { conversation: shown } : { conversation: next, edited, of: shown };
  carrier.value = JSON.stringify({ ...where, question });
  carrier.dispatchEvent(new Event("input", { bubbles: true }));
}

function take(id) {
  shown = id;
  if (id) TAB.setItem("conversation", id);
  carry();
}

/** Have the server show a conversation. Until it comes, its outline stands there. */
function open(id) {
  take(id);
  opening(true);
  setTimeout(opening, GIVE_UP_MS, false);
  requestAnimationFrame(() => document.querySelector("#open-kept").click());
}

export const opening = (is) => document.body.classList.toggle("opening", is);
opening(Boolean(inAddress()) || (TAB.getItem("kept") && TAB.getItem("kept") === TAB.getItem("conversation")));

/** Return the question that the address names, once. */
export function aimedAt(questions) {
  const aim = /^#question-(\d+)$/.exec(location.hash);
  if (!aim || !questions.length) return undefined;
  history.replaceState(history.state, "", location.pathname + location.search);
  const found = questions[aim[1] - 1];
  found?.classList.add("aimed");
  return found;
}

/** Begin: with the conversation that the address names, or the one that this tab had, or a new one. */
export async function tendConversation(composer, box, lent) {
  carrier = box;
  page = lent;
  composer.prepend(editing);
  page.box().addEventListener("input", () => TAB.setItem("draft", page.box().value));
  if (TAB.getItem("draft")) page.type(TAB.getItem("draft"));
  const [named, asked] = [inAddress(), TAB.getItem("asked")];
  const wanted = named ?? TAB.getItem("conversation") ?? newId();
  renew();
  document.addEventListener("asked", renew); // the question is with the server
  take(wanted); // at once: a question may be asked while the server is starting
  const kept = await find(wanted);
  if (!kept?.id) opening(false);
  if (!kept) {
    take("");
  } else if (kept.id) {
    if (!page.busy()) open(kept.id); // else the question that was asked meanwhile brings it
    name();
  } else if (named) {
    announce("This conversation no longer exists.", true);
    take(newId());
    history.replaceState(null, "", `/${location.hash}`);
  }
  watch();
  if (asked && asked === TAB.getItem("asked")) resume(JSON.parse(asked), kept); // else another was asked meanwhile
}

/** Ask the server for a conversation: what it is, {} where there is none, null where none is kept. */
async function find(id) {
  for (;;) {
    try {
      const { stage, may_change: kept } = await get("/status");
      if (!kept || stage === "failed") return null;
      if (stage === "ready") return (await get(`/conversations?id=${id}`)).conversations[0] ?? {};
    } catch (error) {
      if (error.code) return {};
    }
    await sleep(AGAIN_MS / 4);
  }
}

// ---------------------------------------------------------------- as it goes

function renew() {
  question = newId();
  carry();
}

/** A question leaves the box: should its answer never come, it is asked again. Returns its id. */
export function leaves(words) {
  TAB.setItem("asked", JSON.stringify({ conversation: shown, question: words, edited }));
  TAB.removeItem("draft");
  editing.hidden = true;
  return question;
}

/** The question never left the line, and stands in the box as before. */
export function returns() {
  TAB.removeItem("asked");
  TAB.setItem("draft", page.box().value);
  editing.hidden = edited === null;
  renew();
}

/** The answer is there. Where it is kept, the address names the conversation from now on. */
export function arrives(isKept) {
  TAB.removeItem("asked");
  if (edited !== null) {
    edited = null;
    history.pushState(null, "", isKept ? `/?conversation=${next}` : "/");
    take(next);
  }
  if (isKept) name();
}

function name() {
  TAB.setItem("kept", shown);
  if (shown && inAddress() !== shown) history.replaceState(history.state, "", `/?conversation=${shown}${location.hash}`);
}

/** A new conversation: the one that was shown stays where it is, one step back. */
export function begin() {
  TAB.removeItem("asked");
  stopEditing();
  if (!shown) return;
  take(newId());
  history.pushState({ conversation: shown }, "", "/");
}

/** Ask again what was on its way when the page or the server went. */
function resume(asked, kept) {
  TAB.removeItem("asked");
  if (asked.conversation !== shown || kept?.last?.trim() === asked.question.trim()) return;
  const whole = () => document.querySelectorAll("#conversation .answer").length >= (kept?.questions ?? 0);
  const again = () => {
    if (!whole()) return void setTimeout(again, 100);
    if (asked.edited !== null) edit(asked.edited, asked.question);
    page.ask(asked.question);
  };
  again();
}

addEventListener("popstate", () => {
  const named = inAddress() ?? history.state?.conversation;
  if (!named || named === shown || !carrier) return;
  stopEditing();
  open(named);
});

// ---------------------------------------------------------------- asked otherwise

/** Put a question back into the box; what is sent takes its place, in a branch. The conversation stays as it is. */
export function edit(number, question) {
  edited = number;
  next = shown && newId();
  carry();
  page.type(question);
  page.box().focus();
  editing.hidden = false;
  editing.replaceChildren(
    `Editing question ${number + 1}. ${shown ? "The present conversation stays in History. " : ""}`,
    button("Cancel", () => (stopEditing(), page.type("")), { className: "cancel" }),
  );
}

function stopEditing() {
  edited = null;
  editing.hidden = true;
  carry();
}

// ---------------------------------------------------------------- a server that went away

const banner = make("div", { id: "away", hidden: true, role: "alert" });
document.body.append(banner);
let run; // which run of the server the page belongs to
const whichRun = async () => (await (await fetch("/gradio_api/app_id")).json()).app_id;

async function watch() {
  try {
    const now = await whichRun();
    run ??= now;
    const ended = page.busy() && (now !== run || !banner.hidden); // an answer on its way ends with its server
    if (ended || now === undefined) return void location.reload(); // undefined: the visitor is signed out
    run = now;
    banner.hidden = true;
  } catch {
    if (banner.hidden) {
      banner.hidden = false;
      banner.textContent = "The server does not answer. Nothing is lost: this page goes on when the server answers again.";
    }
  }
  setTimeout(watch, banner.hidden ? LOOK_MS : AGAIN_MS);
}
