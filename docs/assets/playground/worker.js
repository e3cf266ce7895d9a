// PostgreSQL itself. It lives in a worker, so that the page stays usable while a query runs, and so
// that Stop can end a query that has no end: by ending the worker.
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
    // every value as PostgreSQL writes it: a date would become JavaScript's otherwise
    for (const type of Object.keys(db.parsers)) db.parsers[type] = (text) => text;
    if (!cluster) for (const text of sql) await db.exec(text);
  },

  // The cluster's files, as start takes them.
  copy: () => db.dumpDataDir("none"),

  // The result of each statement, of which at most so many rows.
  async exec({ sql, limit }) {
    const notices = [];
    const onNotice = (notice) => notices.push(plain(notice));
    const results = await db.exec(sql, { rowMode: "array", onNotice });
    return {
      notices,
      results: results.map(({ command, fields, rows, rowCount }) => ({
        command,
        columns: fields.map(({ name }) => name),
        rows: rows.slice(0, limit),
        count: fields.length ? rows.length : rowCount,
      })),
    };
  },
};

const FIELDS = [
  "severity", "code", "message", "detail", "hint", "position", "where", "table", "constraint",
];

function plain(said) {
  return Object.fromEntries(FIELDS.filter((name) => said[name]).map((name) => [name, said[name]]));
}

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
