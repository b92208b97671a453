// The keys of every page; `?` shows which do what.

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.target.closest?.("input, textarea, select, [contenteditable]")) return;
  const search = document.querySelector("input[type=search]");
  if (event.key === "?") document.getElementById("keys").showPopover();
  else if (event.key === "/" && search) search.focus();
  else return;
  event.preventDefault();
});
