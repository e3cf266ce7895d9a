// PostgreSQL itself. It lives in a worker, so that the page stays usable while a query runs, and so
// that Stop can end a query that has no end: by ending the worker.
import { asText, exec, plain } from "./database.js";
import { PGlite } from "./pglite/index.js";

let db;

const tasks = {
  // Make a cluster and fill it, or take the files of one that is given.
  async start({ modules: { postgres, initdb, files }, sql, cluster }) {
    db = await PGlite.create({
      pgliteWasmModule: postgres,
      initdbWasmModule: initdb,
      fsBundle: files,
      loadDataDir: cluster,
    });
    asText(db);
    if (!cluster) for (const text of sql) await db.exec(text);
  },

  // The cluster's files, as start takes them.
  copy: () => db.dumpDataDir("none"),

  exec: ({ sql, limit }) => exec(db, sql, limit),
};

async function answer({ id, task, ...given }) {
  try {
    postMessage({ id, result: await tasks[task](given) });
  } catch (error) {
    postMessage({ id, error: plain(error), broken: !error.code });
  }
}

// one after the other
let last = Promise.resolve();
addEventListener("message", ({ data }) => {
  last = last.then(() => answer(data));
});
