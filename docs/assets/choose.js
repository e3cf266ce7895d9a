// Choosing: each ticked need strikes out the approaches that fail it; the address keeps the ticks.
const table = document.getElementById("needs");
const boxes = [...table.querySelectorAll("input[type=checkbox]")];
const choice = document.getElementById("choice");
const reasons = document.getElementById("reasons");
const anew = document.getElementById("choose-anew");
const variants = [...table.querySelectorAll("thead th[data-variant]")];
const preferences = JSON.parse(document.getElementById("preferences").textContent);

function element(name, text, more = {}) {
  return Object.assign(document.createElement(name), { textContent: text }, more);
}

/** A link to the page about an approach. */
const approachOf = (name) => element("a", name, { href: `../approaches/${name}/` });

/** The cells of the ticked needs in which this variant "fails", or "costs" something to be added. */
function cells(variant, how) {
  return boxes
    .filter((box) => box.checked)
    .map((box) => box.closest("tr").querySelector(`td[data-variant="${variant}"].${how}`))
    .filter(Boolean);
}

const against = (variant) => cells(variant, "fails");

/** The variant to take and the preference that decides; undefined if none remains. */
function preferred(remaining) {
  const ticked = new Set(["", ...boxes.filter((box) => box.checked).map((box) => box.value)]);
  for (const one of preferences.filter((one) => ticked.has(one.need))) {
    const variant = one.order.find((name) => remaining.includes(name));
    if (variant) return { variant, ...one };
  }
}

/** What rules a variant out, need by need. */
function ruledOut(head) {
  const name = head.dataset.variant;
  const section = element("section", "", { className: "out" });
  const title = element("h3", "");
  title.append(element("s", name), element("small", "ruled out"));
  section.append(title);
  for (const cell of against(name)) {
    section.append(element("p", cell.closest("tr").dataset.need, { className: "need" }));
    for (const link of cell.querySelectorAll("a")) {
      const measured = element("p", "Measured: ");
      measured.append(element("a", `${link.dataset.question} ${link.dataset.answer}`, { href: link.href }));
      section.append(measured);
    }
  }
  return section;
}

function show() {
  const out = variants.filter((head) => against(head.dataset.variant).length);
  const remaining = variants.filter((head) => !out.includes(head)).map((head) => head.dataset.variant);
  const take = preferred(remaining);
  const line = element("p", "", { className: "summary" });
  if (take) {
    const ticked = boxes.some((box) => box.checked);
    line.append(ticked ? "Take " : "Nothing is ticked. For most new projects: ", approachOf(take.variant), ". ");
    line.append(`${take.why} `, element("a", "Evidence", { href: take.address }));
    const added = cells(take.variant, "costs").map((cell) => cell.dataset.with);
    if (added.length) line.append(element("span", ` Add ${added.join(", ")}.`, { className: "with" }));
    const others = remaining.filter((name) => name !== take.variant);
    const also = element("small", "Also possible: ");
    others.forEach((name, place) => also.append(place ? ", " : "", approachOf(name)));
    also.append(".");
    if (others.length) line.append(also);
  } else {
    line.textContent = "No approach does all of this. Untick the requirement that you can best live without.";
  }
  choice.replaceChildren(line);
  reasons.replaceChildren(...out.map(ruledOut));
  anew.hidden = !boxes.some((box) => box.checked);
  for (const head of variants)
    for (const cell of table.querySelectorAll(`[data-variant="${head.dataset.variant}"]`))
      cell.classList.toggle("struck", out.includes(head));
}

function toAddress() {
  const state = new URLSearchParams(boxes.filter((b) => b.checked).map((b) => ["need", b.value]));
  history.pushState(null, "", location.pathname + (state.size ? `?${state}` : ""));
}

function fromAddress() {
  const ticked = new Set(new URLSearchParams(location.search).getAll("need"));
  for (const box of boxes) box.checked = ticked.has(box.value) && !ticked.has(box.dataset.excludes);
  show();
}

document.documentElement.classList.add("scripted");
for (const box of boxes) box.hidden = false;
table.addEventListener("change", (event) => {
  const other = boxes.find((box) => box.value === event.target.dataset.excludes);
  if (other && event.target.checked) other.checked = false;
  toAddress();
  show();
});
anew.addEventListener("click", () => {
  for (const box of boxes) box.checked = false;
  toAddress();
  show();
  boxes[0].focus();
});
addEventListener("popstate", fromAddress);
fromAddress();
