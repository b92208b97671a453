// A question on its way: how far it has come, for how long, and a button that stops it.

import { attempt, button, get, make, send, sleep } from "./base.js";

const POLL_MS = 250;
const WORDS = {
  "": "Waiting for the server",
  waiting: "Waiting until Pullquote has started",
  searching: "Searching the documents",
  quoting: "Comparing the quotes with their sources",
};
const inLine = (before) => `Waiting: ${before} question${before > 1 ? "s" : ""} before yours`;
const stage = make("span", { role: "status" });
const seconds = make("span", { className: "seconds" });
const stop = button("Stop", () => attempt(end), { title: "Stop looking for an answer" });
const line = make("p", { id: "asking", hidden: true }, stage, seconds, stop);
let question = null; // the one that is on its way

/** Put the line where the answer is going to stand. */
export const tendAsking = (conversation) => conversation.after(line);

/** Show how far a question has come, until it is `over`; `withdrawn` is called if it was stopped while it waited in line. */
export async function follow(id, withdrawn) {
  const mine = (question = { id, withdrawn, since: Date.now() });
  say("Asking");
  stop.disabled = line.hidden = false;
  let reply = null; // that the server has not given yet
  while (question === mine) {
    const whole = Math.floor((Date.now() - mine.since) / 1000);
    seconds.textContent = whole ? `${whole} s` : "";
    reply ??= get(`/asked/${id}`)
      .catch((error) => ({ trouble: error.message }))
      .then((step) => {
        reply = null;
        if (question === mine && !stop.disabled) say(step.trouble ?? (step.before ? inLine(step.before) : WORDS[step.stage]) ?? `Reading passages: ${step.done} of ${step.total}`);
      });
    await sleep(POLL_MS);
  }
}

export function over() {
  question = null;
  line.hidden = true;
  seconds.textContent = "";
}

function say(words) {
  if (stage.textContent !== words) stage.textContent = words;
}

/** Have the server stop: at its next check the answer comes, which says so. */
async function end() {
  const mine = question;
  stop.disabled = true;
  say("Stopping");
  const { begun } = await send("DELETE", `/asked/${mine.id}`).catch((error) => ((stop.disabled = false), Promise.reject(error)));
  if (!begun && question === mine) mine.withdrawn();
}
