// Passkeys: the browser is asked for one, and what it says goes along with the form around the button.

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const keys = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

async function make(options) {
  const publicKey = { ...options, challenge: bytes(options.challenge), user: { ...options.user, id: bytes(options.user.id) }, excludeCredentials: keys(options.excludeCredentials) };
  const made = await navigator.credentials.create({ publicKey }), said = made.response;
  return told(made, {
    clientDataJSON: text(said.clientDataJSON), attestationObject: text(said.attestationObject),
    transports: said.getTransports?.() ?? [],
  });
}

async function prove(options) {
  const publicKey = { ...options, challenge: bytes(options.challenge), allowCredentials: keys(options.allowCredentials) };
  const found = await navigator.credentials.get({ publicKey }), said = found.response;
  return told(found, {
    clientDataJSON: text(said.clientDataJSON), authenticatorData: text(said.authenticatorData),
    signature: text(said.signature), userHandle: said.userHandle ? text(said.userHandle) : null,
  });
}

const told = (key, response) => JSON.stringify({ id: key.id, rawId: text(key.rawId), type: key.type, clientExtensionResults: {}, response });

async function ask(form) {
  const answer = await fetch(form.dataset.passkey, { method: "POST", body: new URLSearchParams({ csrf: form.elements.csrf.value }) });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error);
  form.elements.round.value = said.round;
  form.elements.credential.value = await (said.options.user ? make : prove)(said.options);
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const button = form.querySelector("button"), failed = form.querySelector("[role=alert]");
  if (!window.PublicKeyCredential) continue; // the button stays shut, and the page says so
  form.querySelector("[data-without]").hidden = true;
  button.disabled = false;
  form.addEventListener("submit", async (event) => {
    if (form.elements.credential.value) return; // on its way
    event.preventDefault();
    button.disabled = true;
    failed.hidden = true;
    try {
      await ask(form);
      form.submit();
    } catch (error) {
      form.elements.credential.value = "";
      const own = { InvalidStateError: form.dataset.known, NotAllowedError: form.dataset.failed, SecurityError: form.dataset.failed };
      failed.textContent = own[error.name] || (error.name === "Error" && error.message) || form.dataset.failed;
      failed.hidden = false;
      button.disabled = false;
    }
  });
}
