// The History page: conversations are renamed, deleted and put back. They are searched by htmx.

import { announce, button, make, send } from "./base.js";

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

/** Put a box in place of the name; Enter keeps what is typed, Escape what was there. */
function rename(item, pressed) {
  if (item.querySelector("form")) return;
  const link = item.querySelector(".name");
  const box = make("input", { name: "name", value: link.textContent, maxLength: 200, aria: { label: "Name of the conversation" } });
  const leave = () => {
    form.remove();
    link.hidden = false;
    pressed.focus();
  };
  const form = make(
    "form",
    {
      className: "rename",
      onsubmit: (event) => {
        event.preventDefault();
        change(() => send("PATCH", path(item.dataset.conversation), { name: box.value }));
      },
      onkeydown: (event) => {
        if (event.key === "Escape") leave();
      },
    },
    box,
    make("button", { type: "submit", className: "primary" }, "Keep"),
    button("Cancel", leave),
  );
  link.hidden = true;
  link.after(form);
  box.focus();
  box.select();
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

const actions = { rename, remove };
document.addEventListener("click", ({ target }) => {
  const pressed = target.closest("[data-act]");
  if (pressed) actions[pressed.dataset.act](pressed.closest("[data-conversation]"), pressed);
});
