// How the uploader speaks with the hub and with its storage: what is refused, what is lost on the way, and when to try again.

const SOON = 1; // seconds before the second try; then twice as long each time
const LATE = 30;

export class Refused extends Error {
  constructor(status, message, retryAfter = 0) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }

  // Worth asking again as it is.
  get passes() {
    return this.status === 429 || this.status >= 500;
  }
}

export class NetworkLost extends Error {}

const once = (target, name, signal) => new Promise((resolve) => target.addEventListener(name, resolve, { once: true, signal }));

// Waits longer after each failure, and no longer than until the network is back.
export async function calmDown(attempt, signal, atLeast = 0) {
  const done = new AbortController();
  const seconds = Math.max(atLeast, Math.min(LATE, SOON * 2 ** attempt) * (0.75 + Math.random() / 4));
  const timer = new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  await Promise.race([timer, once(window, "online", done.signal), ...(signal ? [once(signal, "abort", done.signal)] : [])]);
  done.abort();
}

// Does it again for as long as only the network, or the hub just now, stands in its way.
export async function insist(act, { signal, told = () => {} } = {}) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const answer = await act();
      told(null);
      return answer;
    } catch (error) {
      const passes = error instanceof NetworkLost || (error instanceof Refused && error.passes);
      if (!passes || signal?.aborted) throw error;
      told(error);
      await calmDown(attempt, signal, error.retryAfter);
      if (signal?.aborted) throw error;
    }
  }
}

// A request whose sending can be watched, which fetch cannot. Resolves to the XMLHttpRequest of an answer below 400.
export function send(method, address, body, { headers = {}, sent = () => {}, signal } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    request.open(method, address);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => sent(event.loaded);
    request.onload = () => {
      if (request.status < 400) resolve(request);
      else reject(refusal(request));
    };
    request.onerror = () => reject(new NetworkLost());
    request.onabort = () => reject(new DOMException("Stopped", "AbortError"));
    request.onloadend = () => signal?.removeEventListener("abort", stop);
    if (signal?.aborted) {
      reject(new DOMException("Stopped", "AbortError"));
      return;
    }
    signal?.addEventListener("abort", stop);
    request.send(body);
  });
}

function refusal(request) {
  let message = `${request.status}`;
  try {
    message = JSON.parse(request.responseText).error || message;
  } catch {
    // The storage answers in XML, a proxy in HTML: the status says enough.
  }
  return new Refused(request.status, message, Number(request.getResponseHeader("Retry-After")) || 0);
}

export class Hub {
  constructor(api, revision, token) {
    this.api = api;
    this.revision = revision.split("/").map(encodeURIComponent).join("/");
    this.token = token;
  }

  get #headers() {
    return { "X-CSRFToken": this.token, "Content-Type": "application/json" };
  }

  async #post(path, body, signal) {
    const request = await send("POST", `${this.api}/${path}`, JSON.stringify(body), { headers: this.#headers, signal });
    return JSON.parse(request.responseText);
  }

  // Which of these go into the commit itself, which before it, and what cannot be.
  preupload(files, asProposal) {
    return this.#post(`preupload/${this.revision}${asProposal ? "?create_pr=1" : ""}`, { files, clashes: true });
  }

  begin(objects, signal) {
    return this.#post("uploads", { objects }, signal);
  }

  complete(oids, signal) {
    return this.#post("uploads/complete", { oids }, signal);
  }

  cancel(oids) {
    return this.#post("uploads/cancel", { oids });
  }

  async commit(lines, asProposal, sent) {
    const headers = { ...this.#headers, "Content-Type": "application/x-ndjson" };
    const request = await send("POST", `${this.api}/commit/${this.revision}${asProposal ? "?create_pr=1" : ""}`, lines, { headers, sent });
    return JSON.parse(request.responseText);
  }

  // The paths in which two commits differ; of very many, the first hundreds.
  async changedSince(commit) {
    const request = await send("GET", `${this.api}/compare/${commit}..${this.revision}?limit=300`, null, {});
    return JSON.parse(request.responseText);
  }
}
