// Splits the slides that are taller than the screen, before reveal.js shows them.
// A block that fits on a slide of its own moves there whole. A longer one is cut between lines of
// code, rows of a table, or paragraphs.

const BOTTOM = 680; // of 720: the rest is for the number of the slide
const SIDE = 40; // as the stylesheet pads a slide

function fitAll(reveal) {
  reveal.classList.add("measuring");
  reveal.querySelectorAll("pre").forEach(markLines);
  reveal.querySelectorAll("table").forEach(narrow);
  for (const slide of reveal.querySelectorAll(".slides section section")) fit(slide);
  reveal.classList.remove("measuring");
}

function fit(slide) {
  const end = slide.getBoundingClientRect().top + BOTTOM;
  const blocks = [...slide.children].filter((block) => block.tagName !== "ASIDE");
  const first = blocks.findIndex((block) => bottom(block) > end);
  if (first < 0) return;
  const page = slide.cloneNode(false);
  const whole = first > 0 && blocks[first].offsetHeight <= BOTTOM;
  const rest = whole ? blocks[first] : cut(blocks[first], end);
  if (!rest && first === 0) return;
  page.append(rest ?? blocks[first], ...blocks.slice(first + 1));
  // to turn the page is the step that shows it
  page.firstElementChild.classList.remove("fragment");
  slide.after(page);
  fit(page);
}

// Takes what does not fit out of the node, and returns it in a node of the same kind, or null if
// nothing would be left.
function cut(node, end) {
  const parts = [...node.children];
  const first = parts.findIndex((part) => bottom(part) > end);
  if (first < 0 || node.matches(".line, tr, p, li")) return null;
  const inner = cut(parts[first], end);
  if (!inner && first === 0) return null;
  const rest = node.cloneNode(false);
  rest.removeAttribute("id");
  rest.append(inner ?? parts[first], ...parts.slice(first + 1));
  if (node.tagName === "TABLE" && node.tHead) {
    if (!node.tBodies[0]?.rows.length) return null;
    rest.prepend(node.tHead.cloneNode(true));
  }
  return rest;
}

// Only a table that is too wide is broken within its words.
function narrow(table) {
  const edge = table.closest("section section").getBoundingClientRect().right;
  table.classList.toggle("wide", table.getBoundingClientRect().right > edge - SIDE);
}

function bottom(element) {
  return element.getBoundingClientRect().bottom;
}

function markLines(pre) {
  const lines = pre.innerHTML.replace(/\n$/, "").split("\n");
  const opened = (line) => line.split("<span").length - line.split("</span").length;
  if (lines.some((line) => opened(line) !== 0)) return;
  pre.innerHTML = lines.map((line) => `<span class="line">${line || " "}</span>`).join("");
}
