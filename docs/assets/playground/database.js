// Asking a PGlite database, in the page's worker and when the site is built.

// Let every value come as PostgreSQL writes it: a date would become JavaScript's otherwise.
export function asText(db) {
  for (const type of Object.keys(db.parsers)) db.parsers[type] = (text) => text;
}

// The notices, and the result of each statement with at most so many rows.
export async function exec(db, sql, limit = Infinity) {
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
}

const FIELDS = [
  "severity", "code", "message", "detail", "hint", "position", "where", "table", "constraint",
];

// What PostgreSQL says in an error or a notice, as an object that can be sent.
export function plain(said) {
  return Object.fromEntries(FIELDS.filter((name) => said[name]).map((name) => [name, said[name]]));
}
