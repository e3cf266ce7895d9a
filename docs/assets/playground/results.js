// The outcome of a text in one variant, as elements of the page.

export const MOST_ROWS = 200;

export const rows = (count) => `${count} ${count === 1 ? "row" : "rows"}`;
export const isPlan = ({ columns }) => columns.join() === "QUERY PLAN";

// An element; children are elements or texts.
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// verdict: that of a check, { right, says }, if it was one.
export function panel(variant, text, outcome, verdict) {
  const id = `result-${variant}`;
  const made = element("section", { class: `result ${variant}`, "aria-labelledby": id });
  const ms = Math.max(1, Math.round(outcome.ms));
  made.append(element("p", { class: "told time" }, `${ms} ms`));
  made.append(element("h3", { id }, variant));
  if (verdict) {
    const mark = verdict.right ? "✓ " : "✗ ";
    const kind = verdict.right ? "right" : "wrong";
    made.append(element("p", { class: `verdict ${kind}` }, mark + capital(verdict.says)));
  }
  made.append(...outcome.notices.map((notice) => complaint(text, notice)));
  if (outcome.error) {
    if (outcome.atCommit) made.append(element("p", { class: "told" }, "At COMMIT:"));
    made.append(complaint(text, outcome.error));
  } else {
    made.append(...outcome.results.map((result) => shown(variant, result)));
    if (!outcome.results.some(({ command }) => command)) made.append(told("Your text has no statement."));
  }
  return made;
}

const capital = (sentence) => sentence[0].toUpperCase() + sentence.slice(1);
const told = (text) => element("p", { class: "told" }, text);

function shown(variant, result) {
  const { command, columns, count } = result;
  if (!columns.length) return told(command + (count === undefined ? "" : ` ${count}`));
  if (isPlan(result)) return plan(variant, result.rows);
  const more = count > MOST_ROWS ? `. The first ${MOST_ROWS} are shown.` : "";
  return element("div", {}, table(variant, columns, result.rows), told(rows(count) + more));
}

function table(variant, columns, values) {
  const head = element("tr", {}, ...columns.map((name) => element("th", { scope: "col" }, name)));
  const body = values.slice(0, MOST_ROWS).map((row) => element("tr", {}, ...row.map(cell)));
  const parts = [element("thead", {}, head), element("tbody", {}, ...body)];
  return scrolling(`Rows of ${variant}`, element("table", { class: "values" }, ...parts));
}

// NULL must not look like an empty text.
function cell(value) {
  if (value === null) return element("td", {}, element("span", { class: "null" }, "NULL"));
  if (value === "") return element("td", {}, element("span", { class: "null" }, "''"));
  return element("td", {}, value);
}

function plan(variant, lines) {
  return scrolling(`Plan of ${variant}`, element("pre", {}, lines.flat().join("\n")));
}

// Wide content scrolls by itself, with the keyboard too.
function scrolling(label, content) {
  const attributes = { class: "rows", tabindex: "0", role: "region", "aria-label": label };
  return element("div", attributes, content);
}

// As psql writes it.
function complaint(text, { severity, code, message, detail, hint, position }) {
  const kind = severity === "ERROR" ? "error" : "notice";
  const made = element("pre", { class: `complaint ${kind}` });
  made.append(element("span", {}, `${severity}:  ${code}: ${message}`));
  if (position) made.append(element("span", { class: "place" }, place(text, position)));
  if (detail) made.append(element("span", {}, `DETAIL:  ${detail}`));
  if (hint) made.append(element("span", {}, `HINT:  ${hint}`));
  return made;
}

// what of a line is shown before the place, as a panel is narrow
const BEFORE = 16;

// The line that the position is in, and a mark below the place.
function place(text, position) {
  // PostgreSQL counts characters, JavaScript the halves of some
  const before = [...text].slice(0, position - 1).join("");
  const start = before.lastIndexOf("\n") + 1;
  const cut = Math.max(0, before.length - start - BEFORE);
  const head = `LINE ${before.split("\n").length}: ${cut ? "..." : ""}`;
  const line = text.slice(start + cut).split("\n")[0];
  return `${head}${line}\n${" ".repeat(head.length + before.length - start - cut)}^`;
}
