// The lists of conversations and of dossiers: each is renamed, deleted and put back; a dossier is begun. htmx draws them.

import { announce, attempt, inShort, post, send } from "./base.js";

const changed = () => htmx.trigger(document.body, "changed"); // the page shows what is there now
const item = (target) => target.closest("[data-path]");

async function remove({ dataset: { path } }, name) {
  await send("DELETE", path);
  changed();
  const run = () => attempt(() => post(`${path}/restore`).then(() => (changed(), announce("Restored.", true))));
  announce(`“${inShort(name)}” is deleted.`, true, { label: "Undo", run });
}

document.addEventListener("click", ({ target }) => {
  if (target.matches("[data-remove]")) attempt(() => remove(item(target), item(target).querySelector(".name").textContent));
});
document.addEventListener("submit", (event) => {
  const { target: form } = event;
  const name = form.elements.name?.value;
  if (!form.matches(".rename, .begin")) return;
  event.preventDefault();
  if (form.matches(".rename")) attempt(() => send("PATCH", item(form).dataset.path, { name }).then(changed), form);
  else attempt(async () => (location.href = `/dossiers/${(await post("/dossiers", { name })).id}`), form);
});
