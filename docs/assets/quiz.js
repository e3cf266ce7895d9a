// The quiz: a draw of ten, answered one by one. The address keeps the draw and the level.
const COUNT = 10;
const FROM_ONE_AREA = 2;
const LETTERS = "ABCD";
const list = document.getElementById("quiz");
const key = document.getElementById("quiz-key");
const score = document.getElementById("quiz-score");
const address = document.getElementById("quiz-address");
const all = [...list.children];
const keys = new Map([...key.children].map((line) => [line.dataset.id, line]));
let drawn = [];

/** A number from 0 to 2^32 that depends on each character of the text (FNV-1a, then mixed). */
function hash(text) {
  let value = 0x811c9dc5;
  for (const character of text) value = Math.imul(value ^ character.codePointAt(0), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

/** The level that the address names. */
const level = () => new URLSearchParams(location.search).get("level") ?? "surprises";

/** The questions of a draw. One more question in the pool changes at most one of them. */
function draw(name) {
  const areas = {};
  return all
    .filter((item) => item.dataset.level === level())
    .map((item) => [hash(`${name} ${item.dataset.id}`), item])
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item)
    .filter(({ dataset: { area } }) => (areas[area] = (areas[area] ?? 0) + 1) <= FROM_ONE_AREA)
    .slice(0, COUNT);
}

/** Make a question one that nobody has answered. */
function ask(item) {
  item.classList.remove("answered");
  item.querySelector("details").open = false;
  for (const choice of item.querySelectorAll(".choices > li")) {
    choice.classList.remove("right", "wrong");
    choice.querySelector("small")?.remove();
    choice.firstElementChild.removeAttribute("aria-disabled");
  }
}

function mark(choice, name, text) {
  choice.classList.add(name);
  choice.firstElementChild.append(Object.assign(document.createElement("small"), { textContent: text }));
}

/** Take a choice, and show which one is right and why. */
function answer(item, chosen) {
  if (item.classList.contains("answered")) return;
  item.classList.add("answered");
  const choices = [...item.querySelectorAll(".choices > li")];
  for (const choice of choices) choice.firstElementChild.setAttribute("aria-disabled", "true");
  const right = choices[item.dataset.right];
  mark(right, "right", chosen === right ? "✓ right" : "✓ this is right");
  if (chosen !== right) mark(chosen, "wrong", "✗ your choice");
  item.querySelector("details").open = true;
  tell(chosen === right ? "Right. " : `Wrong: ${LETTERS[item.dataset.right]} is right. `);
}

function tell(verdict) {
  const answered = drawn.filter((item) => item.classList.contains("answered"));
  const right = answered.filter((item) => !item.querySelector(".choices > .wrong")).length;
  const told =
    answered.length < drawn.length
      ? `${answered.length} of ${drawn.length} answered, ${right} right.`
      : `All answered: ${right} of ${drawn.length} right.`;
  score.textContent = verdict && verdict + told;
}

/** Show the draw that the address names; a new one if it names none. */
function show() {
  const named = () => new URLSearchParams(location.search).get("draw");
  if (!named()) history.replaceState(null, "", another());
  drawn = draw(named());
  for (const item of all) item.hidden = keys.get(item.dataset.id).hidden = !drawn.includes(item);
  for (const item of drawn) ask(item);
  list.append(...drawn);
  key.append(...drawn.map((item) => keys.get(item.dataset.id)));
  address.href = address.textContent = location.href.replace(/#.*/, "");
  tell("");
}

/** The address of another draw of the same level. */
const another = () => `?draw=${1000 + Math.floor(Math.random() * 9000)}${level() === "surprises" ? "" : `&level=${level()}`}`;

for (const item of all)
  for (const choice of item.querySelectorAll(".choices > li")) {
    const button = Object.assign(document.createElement("button"), { type: "button" });
    button.append(...choice.childNodes);
    button.addEventListener("click", () => answer(item, choice));
    choice.append(button);
  }
for (const button of document.querySelectorAll("[data-draw]"))
  button.addEventListener("click", () => {
    history.pushState(null, "", another());
    show();
    scrollTo(0, 0);
    drawn[0].querySelector("button").focus();
  });
document.getElementById("quiz-print").addEventListener("click", () => print());
document.documentElement.classList.add("scripted");
addEventListener("popstate", show);
show();
