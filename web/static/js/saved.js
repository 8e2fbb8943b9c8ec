// Saved replies in the box to write in: a press puts one where the cursor is; a shortcut and a space become one.

const box = () => document.getElementById("reply-text");

function put(field, text, from, to) {
  field.focus();
  field.setRangeText(text, from, to, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert]"), field = box();
  if (!button || !field) return;
  button.closest("details").open = false;
  put(field, button.dataset.insert, field.selectionStart, field.selectionEnd);
});

// the menu opens with its search, and asks anew each time; Enter there takes the first one found
document.addEventListener("toggle", (event) => {
  if (event.target.id !== "saved" || !event.target.open) return;
  const search = document.getElementById("saved-q");
  search.value = "";
  search.focus();
  htmx.trigger(search, "opened");
}, true);
document.addEventListener("keydown", (event) => {
  if (event.target.id !== "saved-q" || event.key !== "Enter") return;
  event.preventDefault();
  document.querySelector("#saved-list [data-insert]")?.click();
});

const TYPED = /(?:^|\s)(\/([\p{L}\p{N}][\p{L}\p{N}_-]{0,29})\s)$/u;

document.addEventListener("input", async (event) => {
  const field = box();
  if (!field || event.target !== field || event.isComposing) return;
  const typed = TYPED.exec(field.value.slice(0, field.selectionEnd));
  if (!typed) return;
  const address = `/inbox/${field.closest("[data-conversation]").dataset.conversation}/saved?q=${encodeURIComponent(typed[2])}`;
  const answer = await fetch(address, { headers: { "HX-Request": "true", Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok) return;
  const made = document.createElement("template");
  made.innerHTML = await answer.text();
  const found = [...made.content.querySelectorAll("[data-shortcut]")].find((one) => one.dataset.shortcut === typed[2].toLowerCase());
  const at = field.value.lastIndexOf(typed[1], field.selectionEnd); // more may have been typed meanwhile
  if (found && box() === field && at >= 0) put(field, found.dataset.insert, at, at + typed[1].length);
});
