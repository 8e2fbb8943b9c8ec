// What must run before the first paint and before any other script.

// The colour scheme: the system's by default, light or dark on request, kept per browser.
{
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  try { const kept = localStorage.getItem("theme"); if (kept) root.dataset.theme = kept; } catch { /* no storage */ }
  addEventListener("click", (event) => {
    if (!event.target.closest("[data-theme-toggle]")) return;
    const now = root.dataset.theme || (dark.matches ? "dark" : "light"), next = now === "dark" ? "light" : "dark";
    if (next === (dark.matches ? "dark" : "light")) delete root.dataset.theme; // as the system has it: follow it again
    else root.dataset.theme = next;
    try {
      if (root.dataset.theme) localStorage.setItem("theme", next);
      else localStorage.removeItem("theme");
    } catch { /* no storage */ }
  });
}

// How wide the panes of the inbox are, and which is folded away (js/panes.js).
try {
  const { folded, ...widths } = JSON.parse(localStorage.getItem("panes")) ?? {};
  for (const name of ["list", "panel"]) {
    if (Number.isInteger(widths[name])) document.documentElement.style.setProperty(`--${name}-w`, `min(${widths[name]}px, 36vw)`);
  }
  if (folded) document.documentElement.dataset.folded = folded;
} catch { /* no storage, or none of ours */ }

// Back, pressed before htmx runs: the browser changes the address without loading the page of it, and nobody else listens yet.
addEventListener("popstate", (event) => {
  if (event.state?.htmx) location.reload();
});
