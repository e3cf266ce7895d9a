// Choosing: each ticked need strikes out the approaches that fail it; the address keeps the ticks.
const table = document.getElementById("needs");
const boxes = [...table.querySelectorAll("input[type=checkbox]")];
const choice = document.getElementById("choice");
const anew = document.getElementById("choose-anew");
const variants = [...table.querySelectorAll("thead th[data-variant]")];

function element(name, text, more = {}) {
  return Object.assign(document.createElement(name), { textContent: text }, more);
}

/** The cells of the ticked needs that rule this variant out. */
function against(variant) {
  return boxes
    .filter((box) => box.checked)
    .map((box) => box.closest("tr").querySelector(`td[data-variant="${variant}"].fails`))
    .filter(Boolean);
}

function verdict(head) {
  const name = head.dataset.variant;
  const cells = against(name);
  const item = element("section", "", { className: cells.length ? "out" : "remains" });
  const title = element("h2", "");
  const label = cells.length ? element("s", name) : element("span", name);
  title.append(label, element("small", cells.length ? "ruled out" : "remains"));
  item.append(title);
  if (!cells.length) item.append(element("p", head.dataset.summary));
  for (const cell of cells) {
    const reason = element("p", `${cell.closest("tr").dataset.need} `, { className: "need" });
    item.append(reason);
    for (const link of cell.querySelectorAll("a")) {
      const measured = element("p", "Measured: ");
      measured.append(
        element("a", `${link.dataset.question} ${link.dataset.answer}`, { href: link.href }),
      );
      item.append(measured);
    }
  }
  return item;
}

function show() {
  const ticked = boxes.filter((box) => box.checked).length;
  const found = variants.map(verdict);
  const remain = found.filter((one) => one.className === "remains").length;
  const summary = !ticked
    ? "Nothing is ticked, so nothing is ruled out."
    : remain
      ? `${remain} of ${variants.length} remain.`
      : "No approach does all of this: give up the need that you need least.";
  found.sort((a, b) => (a.className === "out") - (b.className === "out"));
  const sections = element("div", "", { className: "verdicts" });
  sections.append(...found);
  choice.replaceChildren(element("p", summary, { className: "summary" }), ...(ticked ? [sections] : []));
  anew.hidden = !ticked;
  for (const head of variants) {
    const out = against(head.dataset.variant).length > 0;
    for (const cell of table.querySelectorAll(`[data-variant="${head.dataset.variant}"]`))
      cell.classList.toggle("struck", out);
  }
}

function toAddress() {
  const state = new URLSearchParams(boxes.filter((b) => b.checked).map((b) => ["need", b.value]));
  history.pushState(null, "", location.pathname + (state.size ? `?${state}` : ""));
}

function fromAddress() {
  const ticked = new Set(new URLSearchParams(location.search).getAll("need"));
  for (const box of boxes) box.checked = ticked.has(box.value);
  show();
}

document.documentElement.classList.add("scripted");
for (const box of boxes) box.hidden = false;
table.addEventListener("change", () => (toAddress(), show()));
anew.addEventListener("click", () => {
  for (const box of boxes) box.checked = false;
  toAddress();
  show();
  boxes[0].focus();
});
addEventListener("popstate", fromAddress);
fromAddress();
