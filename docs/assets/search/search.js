// The search in the header: a dialog that takes words or a pasted error. Loads its index when it opens.
import { isError } from "./engine.js";

const root = new URL("../../", import.meta.url);
const $ = (id) => document.getElementById(id);

let loading;
/** The index, loaded once. */
export function load() {
  loading ??= Promise.all([
    import("./engine.js"),
    import("./minisearch.js"),
    import("./stemmer.js"),
    fetch(new URL("documents.json", import.meta.url)).then((response) => response.json()),
  ]).then(([{ Search }, minisearch, { stemmer }, documents]) => new Search(documents, minisearch.default, stemmer));
  return loading;
}

function element(name, text, more = {}) {
  return Object.assign(document.createElement(name), { textContent: text }, more);
}

function hit(one) {
  const item = element("li", "");
  const link = element("a", "", { href: new URL(one.address, root).href });
  link.append(element("strong", one.title));
  if (one.kind !== "question") link.append(element("small", one.kind));
  for (const line of new Set([one.line, one.so_what]))
    if (line && line !== one.title) link.append(element("span", line));
  item.append(link);
  return item;
}

const dialog = $("find-dialog");
const words = $("find-words");
const hits = $("find-hits");
const told = $("find-told");

async function show() {
  const query = words.value.trim();
  words.rows = Math.min(4, words.value.split("\n").length);
  if (!query) {
    hits.replaceChildren();
    told.textContent = "Type words such as “delete a user”, a name such as AUTH_USER_MODEL, or paste a traceback.";
    return;
  }
  const search = await load();
  if (query !== words.value.trim()) return;
  const found = search.find(query, 8);
  hits.replaceChildren(...found.map(hit));
  told.textContent = found.length
    ? `${found.length === 8 ? "The best 8" : found.length} ${found.length === 1 ? "hit" : "hits"}${isError(query) ? " for this error" : ""}`
    : isError(query)
      ? "Nothing was found: no measured error is like this one. Try what you did when it came, in your own words."
      : "Nothing was found. Try other or fewer words, or paste only the last line of the error.";
}

function open(query) {
  if (typeof query === "string") words.value = query;
  dialog.showModal();
  words.select();
  load().then(show, () => (told.textContent = "The search could not be loaded. Load the page again."));
}

if (dialog) {
  $("find-open").addEventListener("click", open);
  words.addEventListener("input", show);
  words.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      show().then(() => hits.querySelector("a")?.click());
    }
  });
  dialog.addEventListener("keydown", (event) => {
    const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const links = [...hits.querySelectorAll("a")];
    const place = links.indexOf(document.activeElement);
    if (!way || !links.length || (place < 0 && way < 0)) return;
    event.preventDefault();
    (links[place + way] ?? (way < 0 ? words : links.at(-1))).focus();
  });
  // a click beside it closes it
  dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());
  hits.addEventListener("click", () => dialog.close());
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    const wanted = (event.key === "k" && (event.ctrlKey || event.metaKey)) || (!typing && "/s".includes(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey);
    if (!wanted || dialog.open) return;
    event.preventDefault();
    open();
  });
  for (const button of document.querySelectorAll("[data-find]"))
    button.addEventListener("click", () => open(button.dataset.find || decodeURIComponent(location.pathname.split("/").filter(Boolean).at(-1) ?? "").replace(/[-_]/g, " ")));
}
