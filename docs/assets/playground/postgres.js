// Loading PostgreSQL, asking it, and stopping it.

const at = (name) => new URL(name, import.meta.url);

// What a statement gets that was still running when PostgreSQL was stopped.
export class Stopped extends Error {}

// What PostgreSQL itself says: message, detail, hint, position, code, ... as it sends them.
export class Refused extends Error {
  constructor(said) {
    super(said.message);
    this.said = said;
  }
}

export class Postgres {
  #manifest;
  #modules;
  #cluster;
  #worker;
  #waiting = new Map();
  #asked = 0;

  constructor(manifest) {
    this.#manifest = manifest;
  }

  // Fetch all that is needed; told(part) hears how much of it is there, from 0 to 1.
  async load(told) {
    const { binaries, variants } = this.#manifest;
    const all = Object.values(binaries).reduce((sum, bytes) => sum + bytes);
    let here = 0;
    const fetched = (name) =>
      unpacked(name, (bytes) => {
        here += bytes;
        told(here / all);
      });
    const [postgres, initdb, files, ...players] = await Promise.all([
      fetched("pglite.wasm.gzip").then(compiled),
      fetched("initdb.wasm.gzip").then(compiled),
      fetched("pglite.data.gzip").then((stream) => new Response(stream).blob()),
      ...variants.map((variant) => text(`players/${variant}.sql`)),
    ]);
    this.players = Object.fromEntries(variants.map((variant, i) => [variant, players[i]]));
    this.#modules = { postgres, initdb, files };
  }

  // Start PostgreSQL with the players as they are at the start. The first time it makes them, which
  // takes some seconds; after that it begins with a copy of what it made.
  async start() {
    this.#worker = new Worker(at("worker.js"), { type: "module" });
    this.#worker.addEventListener("message", ({ data }) => this.#hear(data));
    this.#worker.addEventListener("error", (event) => this.#fail(event.message));
    const sql = ["CREATE ROLE greeter", ...Object.values(this.players), "ANALYZE"];
    const given = { modules: this.#modules, sql, cluster: this.#cluster };
    await this.#ask("start", given);
    if (!this.#cluster) this.#copy();
  }

  async #copy() {
    try {
      this.#cluster = await this.#ask("copy");
    } catch {
      // stopped before there was one: the next start makes the players again
    }
  }

  // The results and notices of one or more statements; throws Refused or Stopped.
  exec(sql, limit = Infinity) {
    return this.#ask("exec", { sql, limit });
  }

  stop() {
    this.#worker.terminate();
    this.#worker = null;
    this.#settle((waiting) => waiting.reject(new Stopped()));
  }

  #ask(task, given) {
    if (!this.#worker) return Promise.reject(new Stopped());
    const id = ++this.#asked;
    this.#worker.postMessage({ id, task, ...given });
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #hear({ id, result, error, broken }) {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (broken) waiting.reject(new Error(error.message));
    else if (error) waiting.reject(new Refused(error));
    else waiting.resolve(result);
  }

  #fail(message) {
    this.#settle((waiting) => waiting.reject(new Error(message || "the worker has ended")));
  }

  #settle(how) {
    for (const waiting of this.#waiting.values()) how(waiting);
    this.#waiting.clear();
  }
}

async function reached(name) {
  const response = await fetch(at(name));
  if (!response.ok) throw new Error(`${name}: ${response.status} ${response.statusText}`);
  return response;
}

const text = async (name) => (await reached(name)).text();

// The stream of an unpacked file; count hears the bytes that arrive.
async function unpacked(name, count) {
  const { body } = await reached(`pglite/${name}`);
  const counting = new TransformStream({
    transform(chunk, controller) {
      count(chunk.length);
      controller.enqueue(chunk);
    },
  });
  return body.pipeThrough(counting).pipeThrough(new DecompressionStream("gzip"));
}

// Compiled while it arrives.
function compiled(stream) {
  const headers = { "Content-Type": "application/wasm" };
  return WebAssembly.compileStreaming(new Response(stream, { headers }));
}
