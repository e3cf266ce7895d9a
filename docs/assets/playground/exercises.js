// Which exercise is shown, and which are solved.
import { keep, kept } from "./kept.js";

export const FREE = "look-around";
const sections = [...document.querySelectorAll(".exercise")];
const links = [...document.querySelectorAll("#exercises a")];
const menu = document.getElementById("exercise");
for (const link of links) menu.add(new Option("", link.hash.slice(1)));
menu.addEventListener("change", () => (location.hash = menu.value));
const named = (id) => sections.find((section) => section.dataset.exercise === id);

// The exercise that the address names, or null if it names another place of the page.
export function asked() {
  const id = location.hash.slice(1) || FREE;
  return named(id) ? id : null;
}

// Show one exercise and hide the others; returns its heading.
export function show(id) {
  for (const section of sections) section.hidden = section !== named(id);
  for (const link of links) {
    if (link.hash === `#${id}`) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  menu.value = id;
  return named(id).querySelector("h2");
}

// The approach whose tab is open in the exercise, or undefined if it has no tabs.
export function tab(id) {
  const open = named(id).querySelector(".solution .tabbed-set > input:checked");
  return open && document.querySelector(`label[for="${open.id}"]`).textContent.trim();
}

// The exercise after this one, as { href, title }, or null.
export function after(id) {
  const next = links[links.findIndex((link) => link.hash === `#${id}`) + 1];
  return next ? { href: next.hash, title: next.firstChild.textContent } : null;
}

export function solve(id, variant) {
  keep(`solved ${id}`, [...new Set([...kept(`solved ${id}`, []), variant])]);
}

// Whether the exercise is solved in all the variants that it is about.
export function isSolved(id) {
  const goals = [...named(id).querySelectorAll("[data-goal]")];
  const done = kept(`solved ${id}`, []);
  return goals.length > 0 && goals.every(({ dataset }) => done.includes(dataset.goal));
}

// Mark everything that is solved.
export function mark() {
  for (const section of sections) {
    const done = kept(`solved ${section.dataset.exercise}`, []);
    for (const goal of section.querySelectorAll("[data-goal]")) {
      tell(goal, done.includes(goal.dataset.goal), "solved");
    }
  }
  for (const [place, link] of links.entries()) {
    tell(link, isSolved(link.hash.slice(1)), "solved");
    menu.options[place].textContent = link.textContent;
  }
}

function tell(place, done, word) {
  place.classList.toggle("right", done);
  place.querySelector(".done").textContent = done ? ` ✓ ${word}` : "";
}
