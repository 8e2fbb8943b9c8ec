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
    body.append("files", await upright(file), file.name || "picture.png");
    const headers = { "HX-Request": "true", Accept: "text/html", "X-CSRF-Token": token };
    const answer = await fetch(form.action, { method: "POST", body, headers }).catch(() => null);
    if (form !== document.getElementById("attach-form")) return; // another conversation, or it was sent meanwhile
    if (answer?.ok || answer?.status === 422) put(await answer.text());
    else if (answer?.status === 401) document.dispatchEvent(new Event("signedout"));
    else if (place) { place.textContent = shelf().dataset[answer?.status === 413 ? "large" : "away"]; return; }
  }
  if (place) place.textContent = said;
}

// A photo that lies on its side is turned here: the hub takes its metadata away, and not every platform turns pictures.
async function upright(file) {
  if (file.type !== "image/jpeg" || turn(new DataView(await file.slice(0, 131072).arrayBuffer())) < 2) return file;
  try {
    const picture = await createImageBitmap(file), canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [picture.width, picture.height];
    canvas.getContext("2d").drawImage(picture, 0, 0);
    return (await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92))) ?? file;
  } catch { return file; }
}

function turn(data) { // the orientation in a JPEG's Exif; 0 where there is none
  try {
    for (let at = 2; data.getUint8(at) === 0xff && data.getUint8(at + 1) !== 0xda; at += 2 + data.getUint16(at + 2)) {
      if (data.getUint8(at + 1) !== 0xe1 || data.getUint32(at + 4) !== 0x45786966) continue;
      const start = at + 10, little = data.getUint16(start) === 0x4949, first = start + data.getUint32(start + 4, little);
      for (let n = 0, entry = first + 2; n < data.getUint16(first, little); n++, entry += 12) {
        if (data.getUint16(entry, little) === 0x0112) return data.getUint16(entry + 8, little);
      }
    }
  } catch { /* cut off: nothing said */ }
  return 0;
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
