// Copying: words as they are, or a quote with its citation, which the server reads afresh from its source.

import { announce, get, make, react } from "./base.js";

/** What the server has of the place that a button is about. */
export const cited = (pressed) => get(`/citations/${pressed.closest("[data-citation]").dataset.citation.replace("&", "?")}`);

react({
  copy: (pressed) => copy(pressed.dataset.words, pressed),
  cite: async (pressed) => copy((await cited(pressed)).clipboard, pressed),
});

/** Put words into the clipboard, and say so, also on the button. */
export async function copy(words, pressed) {
  try {
    await navigator.clipboard.writeText(words);
  } catch {
    // No permission, or not a secure page: the old way.
    const area = make("textarea", { value: words, className: "unseen" });
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    pressed.focus();
    if (!done) return void announce("The browser refused to copy.", true);
  }
  announce("Copied");
  pressed.classList.add("done");
  setTimeout(() => pressed.classList.remove("done"), 1500);
}
