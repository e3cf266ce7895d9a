// The comparison: which rows and columns are shown, for which Django, and a row's evidence in place.
import { load } from "./search/search.js";

const form = document.getElementById("question-filters");
const count = document.getElementById("question-count");
const table = document.getElementById("questions");
const others = JSON.parse(document.getElementById("other-answers").textContent);
const groups = [...table.tBodies];
const rows = [...table.querySelectorAll("tr[id]")].map((row) => ({
  row,
  home: row.parentElement,
  cells: [...row.querySelectorAll("td")],
  mine: [...row.querySelectorAll("td")].map((cell) => [cell.className, cell.innerHTML]),
  ...row.dataset,
}));
const byId = new Map(rows.map((one) => [one.row.id, one]));
const djangos = [...form.elements.django.options].map((option) => option.text);

// the hits of a search, best first
const best = document.createElement("tbody");
best.innerHTML = '<tr class="area"><th colspan="5" scope="rowgroup">Best hits first</th></tr>';
best.hidden = true;
table.tHead.after(best);

/** Whether the variants at these places, such as "03", do not all answer alike. */
const differs = (cells, places) => new Set([...places].map((place) => cells[place].textContent)).size > 1;

/** The ids that the words find, best first; null without words. */
async function hits(words) {
  if (!words.trim()) return null;
  const found = (await load()).find(words, 60).filter((hit) => hit.kind === "question");
  return found.filter((hit) => hit.score > found[0].score / 8).map((hit) => hit.id);
}

/** Fill the cells with the answers of a Django, "" being the main one. */
function answer(django) {
  for (const { row, cells, mine } of rows) {
    const changed = others[django]?.[row.id] ?? {};
    cells.forEach((cell, place) => {
      const other = changed[cell.dataset.variant];
      const [className, html] = other ? [other.kind, other.html] : mine[place];
      if (cell.innerHTML !== html) cell.innerHTML = html;
      if (other) {
        const old = document.createElement("small");
        old.className = "was";
        old.append(`in Django ${djangos[0]}: `, mine[place][1].replace(/<[^>]*>/g, ""));
        cell.append(old);
      }
      cell.className = other ? `${className} answers-otherwise` : className;
    });
  }
}

let shownFor; // the Django whose answers are shown
let asked = 0;

async function show() {
  const mine = ++asked;
  const data = new FormData(form);
  const { q, django, area, mark, differ } = Object.fromEntries(data);
  const columns = data.getAll("show");
  const found = await hits(q);
  if (mine !== asked) return;
  if (shownFor !== django) answer((shownFor = django));
  const version = django || djangos[0];
  let shown = 0;
  for (const one of rows) {
    const fits =
      (!area || one.area === area) &&
      (!mark || one.mark === mark) &&
      (!differ || differs(one.cells, differ)) &&
      (!one.djangos || one.djangos.split(" ").includes(version)) &&
      (!found || found.includes(one.row.id));
    if (one.row.hidden === fits) one.row.hidden = !fits;
    if (!fits && opened(one.row)) close(one.row);
    if (!found && one.row.parentElement === best) back(one);
    shown += fits;
  }
  for (const id of found ?? []) best.append(...withEvidence(byId.get(id)?.row));
  for (const body of [best, ...groups]) body.hidden = !body.querySelector("tr[id]:not([hidden])");
  form.querySelector("[type=reset]").hidden = !location.search;
  for (const name of form.querySelectorAll("[name=show]"))
    table.classList.toggle(`without-${name.value}`, !columns.includes(name.value));
  table.style.setProperty("--columns", columns.length);
  count.textContent = shown
    ? `${shown} of ${rows.length} questions, answered by Django ${version}`
    : "No question fits. Use other words, take a filter away, or show all again.";
}

/** Put a row back where it belongs. */
function back(one) {
  const rest = rows.filter((other) => other.home === one.home);
  const next = rest.slice(rest.indexOf(one) + 1).find((other) => other.row.parentElement === one.home);
  for (const row of withEvidence(one.row)) next ? one.home.insertBefore(row, next.row) : one.home.append(row);
}

const opened = (row) => (row.nextElementSibling?.classList.contains("opened") ? row.nextElementSibling : null);
const withEvidence = (row) => (row ? [row, opened(row)].filter(Boolean) : []);

function close(row) {
  opened(row)?.remove();
  row.querySelector("th a").setAttribute("aria-expanded", "false");
}

/** Show a question's evidence below its row: the part of its area's page. */
async function open(row, link) {
  const page = await fetch(link.href.replace(/#.*/, ""));
  const parsed = new DOMParser().parseFromString(await page.text(), "text/html");
  const heading = parsed.getElementById(row.id);
  const cell = Object.assign(document.createElement("td"), { colSpan: 5 });
  for (let next = heading.nextElementSibling; next && next.tagName !== "H2"; next = next.nextElementSibling)
    if (!next.matches(".answers, .so-what")) cell.append(next.cloneNode(true));
  for (const details of cell.querySelectorAll("details.evidence")) details.open = true;
  // the page has no heading above these but its title
  for (const name of cell.querySelectorAll("h3"))
    name.replaceWith(Object.assign(document.createElement("h2"), { innerHTML: name.innerHTML }));
  const whole = Object.assign(document.createElement("p"), { className: "whole" });
  whole.append(Object.assign(document.createElement("a"), { href: link.href, textContent: "Open it on a page of its own" }));
  cell.append(whole);
  const below = Object.assign(document.createElement("tr"), { className: "opened" });
  below.append(cell);
  row.after(below);
  link.setAttribute("aria-expanded", "true");
}

table.addEventListener("click", (event) => {
  const link = event.target.closest("tr[id] > th > a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  const row = link.closest("tr");
  if (opened(row)) close(row);
  else open(row, link).catch(() => (location.href = link.href));
});

function toAddress(keep) {
  const data = new FormData(form);
  const state = new URLSearchParams([...data].filter(([name, value]) => value && name !== "show"));
  for (const box of form.querySelectorAll("[name=show]:not(:checked)")) state.append("hide", box.value);
  const address = location.pathname + (state.size ? `?${state}` : "") + location.hash;
  history[keep ? "pushState" : "replaceState"](null, "", address);
}

function fromAddress() {
  const state = new URLSearchParams(location.search);
  for (const field of form.elements)
    if (field.name === "show") field.checked = !state.getAll("hide").includes(field.value);
    else if (field.name) field.value = state.get(field.name) ?? "";
  const more = form.querySelector(".more");
  more.open ||= ["area", "mark", "differ", "hide"].some((name) => state.has(name));
  if (form.elements.django.selectedIndex < 0) form.elements.django.value = "";
  show();
}

for (const { row } of rows) row.querySelector("th a").setAttribute("aria-expanded", "false");
form.hidden = false;
form.addEventListener("input", ({ target }) => {
  toAddress(target.name !== "q");
  show();
});
form.addEventListener("reset", () => setTimeout(() => (toAddress(true), show())));
form.addEventListener("submit", (event) => event.preventDefault());
addEventListener("popstate", fromAddress);
fromAddress();
