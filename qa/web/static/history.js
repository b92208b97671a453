// The History page: conversations are renamed, deleted and put back. They are searched by htmx.

import { announce, send } from "./base.js";

const path = (id) => `/conversations/${id}`;

/** What is asked of the server fails in words; else the page shows what is there now. */
async function change(act) {
  try {
    await act();
    htmx.trigger("#find-conversations", "submit");
  } catch (error) {
    announce(error.message, true);
  }
}

async function remove(item) {
  const name = item.querySelector(".name").textContent;
  const id = item.dataset.conversation;
  await change(async () => {
    await send("DELETE", path(id));
    const run = () => change(() => send("POST", `${path(id)}/restore`).then(() => announce("It is back.", true)));
    announce(`“${name.length > 60 ? `${name.slice(0, 60)}…` : name}” is deleted.`, true, { label: "Undo", run });
  });
}

document.addEventListener("click", ({ target }) => target.matches("[data-remove]") && remove(target.closest("[data-conversation]")));
document.addEventListener("submit", (event) => {
  const { target: form } = event;
  if (!form.matches(".rename")) return;
  event.preventDefault();
  change(() => send("PATCH", path(form.closest("[data-conversation]").dataset.conversation), { name: form.elements.name.value }));
});
// The box of a name shows the name as it is, to be typed over.
const begin = ({ target: form, newState }) => {
  if (newState !== "open" || !form.matches(".rename")) return;
  form.reset();
  form.elements.name.select();
};
document.addEventListener("toggle", begin, true);
