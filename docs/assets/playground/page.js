// The page: what its buttons do, and its messages.
import { check } from "./check.js";
import { editorFor } from "./editor.js";
import * as exercises from "./exercises.js";
import { keep, kept } from "./kept.js";
import { Postgres, Stopped } from "./postgres.js";
import { element, isPlan, MOST_ROWS, panel, rows } from "./results.js";
import { explain, run } from "./runs.js";
import { tables } from "./tables.js";

const $ = (id) => document.getElementById(id);
const manifest = await (await fetch(new URL("playground.json", import.meta.url))).json();
const postgres = new Postgres(manifest);
const editor = editorFor($("sql"), {
  run: () => PRESSED.run(),
  changed: () => keep(`text of ${exercise}`, editor.value),
});
const boxes = [...document.querySelectorAll("input[name=variant]")];
// these are beside the editor; "Tables as they are now" lists all
const HOLD_USERS = ["auth_user", "players_user", "person"];
const names = (list) => new Intl.ListFormat("en").format(list);

let exercise;
let state; // "unloaded", "starting", "ready" or "running"

// messages, and which buttons can be pressed

function say(...what) {
  $("status").replaceChildren(...what);
}

const IDLE = ["unloaded", "ready"];
const USABLE = { run: IDLE, explain: IDLE, check: IDLE, reset: ["ready"], stop: ["running"] };

function be(now) {
  state = now;
  for (const [id, when] of Object.entries(USABLE)) {
    // not `disabled`, by which a pressed button would lose the focus
    $(id).setAttribute("aria-disabled", String(!when.includes(state)));
  }
}

// PostgreSQL: loaded once, by what first needs it, and started again at each Stop and Reset

async function load() {
  be("starting");
  $("progress").hidden = false;
  say("Loading PostgreSQL ...");
  try {
    await postgres.load((part) => ($("progress").value = part));
  } catch (error) {
    missing(error);
    return;
  }
  $("progress").removeAttribute("value");
  await start("PostgreSQL is ready.");
}

async function start(then) {
  be("starting");
  say("Starting PostgreSQL ...");
  try {
    await postgres.start();
    await showTables();
  } catch (error) {
    missing(error);
    return;
  }
  $("loader").hidden = true;
  be("ready");
  say(then);
}

function missing(error) {
  be("unloaded");
  $("loader").hidden = false;
  $("progress").hidden = true;
  say(`PostgreSQL could not be loaded (${error.message}). Check that you are online, and press Run again.`);
}

// List the tables, but only while the list is open.
async function showTables() {
  if (!$("listed").open) return;
  const made = [];
  for (const variant of manifest.variants) made.push(await tables(postgres, variant));
  $("tables").replaceChildren(...made);
}

// Do work that needs PostgreSQL, and show the message that it returns. After Stop, start a new one.
async function ask(work) {
  if (state === "unloaded") await load();
  if (state !== "ready") return;
  be("running");
  try {
    const told = await work();
    await showTables();
    be("ready");
    if (told) say(...told);
  } catch (error) {
    const stopped = error instanceof Stopped;
    if (!stopped) postgres.stop();
    const why = stopped ? "Stopped." : `PostgreSQL crashed (${error.message}).`;
    await start(`${why} PostgreSQL has restarted, and all tables are as they were at the start.`);
  }
}

// the buttons

// Do the work in each of the variants and show its outcome; returns all outcomes.
async function inEach(variants, text, work) {
  $("results").replaceChildren();
  say(`Running in ${names(variants)} ...`);
  const found = [];
  for (const variant of variants) {
    const its = await work(variant);
    $("results").append(panel(variant, text, its.outcome, its.verdict));
    found.push({ variant, ...its });
  }
  return found;
}

const ticked = () => boxes.filter(({ checked }) => checked).map(({ value }) => value);

function runThem(how) {
  return ask(async () => {
    const text = editor.value;
    if (!ticked().length) return ["Tick at least one approach."];
    const found = await inEach(ticked(), text, async (variant) => ({
      outcome: await how(variant, text),
    }));
    return [found.map(({ variant, outcome }) => `${variant}: ${inShort(outcome)}.`).join(" ")];
  });
}

function inShort({ error, results }) {
  if (error) return "error";
  const last = results.at(-1);
  if (!last.command) return "no statement";
  if (isPlan(last)) return "plan";
  return last.columns.length ? rows(last.count) : "done";
}

const answersTo = (id) => manifest.exercises[id]?.answers ?? [];
const answerIn = (id, variant) => answersTo(id).find((answer) => answer.in.includes(variant));

function checkThem() {
  return ask(async () => {
    const [id, text] = [exercise, editor.value];
    const { goals } = manifest.exercises[id];
    const meant = manifest.variants.filter((variant) => answerIn(id, variant));
    const asked = ticked().filter((variant) => meant.includes(variant));
    if (!asked.length) return [`This exercise is for ${names(meant)}. Tick at least one of them.`];
    const found = await inEach(asked, text, async (variant) => {
      const answer = answerIn(id, variant);
      const { outcome, ...verdict } = await check(postgres, variant, text, answer, goals[variant]);
      if (verdict.right) exercises.solve(id, variant);
      return { outcome, verdict };
    });
    exercises.mark();
    return verdictOn(id, found);
  });
}

function verdictOn(id, found) {
  const those = (right) =>
    names(found.filter((its) => its.verdict.right === right).map(({ variant }) => variant));
  const says = [];
  if (those(true)) says.push(`Right in ${those(true)}. `);
  if (those(false)) says.push(`Not yet in ${those(false)}. `);
  if (exercises.isSolved(id)) says.push("You solved this exercise. ");
  const next = exercises.isSolved(id) && exercises.after(id);
  if (next) says.push("Next: ", element("a", { href: next.href }, next.title));
  return says;
}

async function reset() {
  if (state !== "ready") return;
  postgres.stop();
  $("results").replaceChildren();
  await start("All tables are as they were at the start.");
}

// the exercise, and the text that the learner has written for it

function choose(id) {
  exercise = id;
  const heading = exercises.show(id);
  editor.value = kept(`text of ${id}`, id === exercises.FREE ? editor.defaultValue : "");
  tick(answerIn(id, exercises.tab(id))?.in ?? manifest.variants);
  $("check").hidden = !answersTo(id).length;
  $("results").replaceChildren();
  if (state === "ready") say("");
  return heading;
}

function tick(variants) {
  for (const box of boxes) box.checked = variants.includes(box.value);
  listTables();
}

// The tables of the ticked variants, beside the editor, which completes their names. A table that
// several variants have alike is listed once.
function listTables() {
  const all = {};
  const listed = new Map();
  for (const variant of ticked()) {
    for (const [name, columns] of Object.entries(manifest.tables[variant])) {
      all[name] = [...new Set([...(all[name] ?? []), ...columns])];
      const key = `${name}: ${columns}`;
      const { variants = [] } = listed.get(key) ?? {};
      if (HOLD_USERS.includes(name))
        listed.set(key, { name, columns, variants: [...variants, variant] });
    }
  }
  editor.offer(all);
  $("beside").replaceChildren(...[...listed.values()].flatMap(listedTable));
}

function listedTable({ name, columns, variants }) {
  return [
    element("h3", {}, name),
    element("p", { class: "told" }, `in ${names(variants)}`),
    element("p", {}, columns.join(", ")),
  ];
}

function arrive() {
  const id = exercises.asked();
  if (!id) return;
  const heading = choose(id);
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  heading.scrollIntoView();
}

// Put a button below each solution that copies it into the editor.
function offerSolutions() {
  for (const tabs of document.querySelectorAll(".solution .tabbed-set")) {
    const labels = [...tabs.querySelectorAll("label")].map((label) => label.textContent.trim());
    for (const [i, block] of [...tabs.querySelectorAll(".tabbed-block")].entries()) {
      const looks = { type: "button", class: "md-button" };
      const button = element("button", looks, "Copy to the editor");
      button.addEventListener("click", () => take(answerIn(exercise, labels[i])));
      block.append(button);
    }
  }
}

function take(answer) {
  editor.value = answer.sql.trim();
  tick(answer.in);
  keep(`text of ${exercise}`, editor.value);
  editor.focus();
}

const PRESSED = {
  run: () => runThem((variant, text) => run(postgres, variant, text, MOST_ROWS)),
  explain: () =>
    runThem((variant, text) => explain(postgres, variant, text, $("analyze").checked)),
  check: checkThem,
  stop: () => state === "running" && postgres.stop(),
  reset,
};
for (const [id, pressed] of Object.entries(PRESSED)) $(id).addEventListener("click", pressed);

for (const box of boxes) box.addEventListener("change", listTables);
$("listed").addEventListener("toggle", () => state === "ready" && ask(async () => null));
addEventListener("hashchange", arrive);

$("size").textContent = (manifest.bytes / 1e6).toFixed(1);
offerSolutions();
exercises.mark();
be("unloaded");
choose(exercises.asked() ?? exercises.FREE);
document.querySelector(".playground").classList.add("alive");
if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
