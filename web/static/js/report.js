// A report: printing, copying its link, and choosing subjects to compare with as one parameter.

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
});

for (const field of document.querySelectorAll("[data-copy]")) {
  field.addEventListener("focus", () => field.select());
  field.focus();
}
