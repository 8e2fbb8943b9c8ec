// Files beside the text: chosen, dropped on the box or pasted, each is sent at once and stands below the text then.

const box = () => document.getElementById("composer");
const shelf = () => document.getElementById("files");
const token = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["X-CSRF-Token"] ?? "";
const kind = () => document.querySelector("#composer input[name=kind]:checked")?.value ?? "";

async function send(files) {
  const form = document.getElementById("attach-form"), place = document.getElementById("draft"), said = place?.textContent;
  if (!form || !files.length) return;
  if (place) place.textContent = shelf().dataset.sending;
  for (const file of files) {
    const body = new FormData();
    body.append("kind", kind());
    body.append("part", document.getElementById("reply-part")?.value ?? "0");
    body.append("files", file, file.name || "picture.png");
    const headers = { "HX-Request": "true", Accept: "text/html", "X-CSRF-Token": token };
    const answer = await fetch(form.action, { method: "POST", body, headers }).catch(() => null);
    if (form !== document.getElementById("attach-form")) return; // another conversation, or it was sent meanwhile
    if (answer?.ok || answer?.status === 422) put(await answer.text());
    else if (place) { place.textContent = shelf().dataset[answer?.status === 413 ? "large" : "away"]; return; }
  }
  if (place) place.textContent = said;
}

function put(text) {
  const made = document.createElement("template");
  made.innerHTML = text;
  const fresh = made.content.querySelector("#files"), old = shelf();
  if (!fresh || !old) return;
  for (const field of old.querySelectorAll("input[name^=alt-]")) { // what is being typed stays
    const same = fresh.querySelector(`#${field.id}`);
    if (same) same.value = field.value;
  }
  old.replaceWith(fresh);
  htmx.process(fresh);
  changed();
}

const changed = () => { document.getElementById("reply-text")?.toggleAttribute("required", shelf()?.dataset.number === "0"); document.dispatchEvent(new Event("files")); };

document.addEventListener("click", (event) => {
  if (!event.target.closest("#attach > summary")) return;
  event.preventDefault();
  document.getElementById("attach-file").click();
});
document.addEventListener("change", (event) => {
  if (event.target.id !== "attach-file") return;
  send([...event.target.files]);
  event.target.value = "";
});
document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (event.target.id !== "reply-text" || !files.length) return;
  event.preventDefault();
  send(files);
});
for (const name of ["dragover", "drop"]) {
  document.addEventListener(name, (event) => {
    if (!box()?.contains(event.target) || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    box().classList.toggle("is-over", name === "dragover");
    if (name === "drop") send([...event.dataTransfer.files]);
  });
}
document.addEventListener("dragleave", (event) => { if (event.target === box()) box().classList.remove("is-over"); });
document.addEventListener("htmx:afterSettle", (event) => { if (event.detail.target?.id === "files" || event.target.id === "files") changed(); });
