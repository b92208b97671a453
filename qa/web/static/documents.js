// The Documents page: what htmx cannot do.

// An empty field is no part of the address.
document.body.addEventListener("htmx:configRequest", ({ detail }) => {
  for (const [name, value] of [...detail.parameters]) if (!value) detail.parameters.delete(name);
});
