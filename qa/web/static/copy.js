// Copying: words as they are, or a quote with its citation, which the server reads afresh from its source.

import { API, announce, get, make, react } from "./base.js";

/** Where the server has the place that a button is about. */
const place = (pressed) => `/citations/${pressed.closest("[data-citation]").dataset.citation.replace("&", "?")}`;
export const cited = (pressed) => get(place(pressed));

react({
  copy: (pressed) => copy(pressed.dataset.words, pressed),
  cite: async (pressed) => {
    const rich = new URL(API + place(pressed), location);
    rich.searchParams.set("format", "html");
    const [{ clipboard }, html] = await Promise.all([cited(pressed), fetch(rich).then((reply) => reply.text())]);
    copy(clipboard, pressed, html);
  },
});

/** Put words into the clipboard, also as rich text where there is HTML, and say so, also on the button. */
export async function copy(words, pressed, html = "") {
  const forms = { "text/plain": words, ...(html && { "text/html": html }) };
  try {
    await navigator.clipboard.write([new ClipboardItem(Object.fromEntries(Object.entries(forms).map(([type, text]) => [type, new Blob([text], { type })])))]);
  } catch {
    // No permission, or not a secure page: the old way.
    const area = make("textarea", { value: words, className: "unseen" });
    document.body.append(area);
    area.select();
    area.oncopy = (event) => {
      for (const [type, text] of Object.entries(forms)) event.clipboardData.setData(type, text);
      event.preventDefault();
    };
    const done = document.execCommand("copy");
    area.remove();
    pressed.focus();
    if (!done) return void announce("The browser refused to copy.", true);
  }
  announce("Copied");
  pressed.classList.add("done");
  setTimeout(() => pressed.classList.remove("done"), 1500);
}
