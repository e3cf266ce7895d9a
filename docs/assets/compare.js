// The filters of the comparison: which rows are shown, what the address says, how many there are.
const form = document.getElementById("question-filters");
const count = document.getElementById("question-count");
const rows = [...document.querySelectorAll("#questions tr[id]")].map((row) => ({
  row,
  words: (row.textContent + " " + row.id).toLowerCase(),
  ...row.dataset,
}));
const areas = [...document.querySelectorAll("#questions tbody")];

/** Whether the variants at these places, such as "03", do not all answer alike. */
const differs = (alike, places) => new Set([...places].map((place) => alike[place])).size > 1;

function show() {
  const { q, area, mark, differ } = Object.fromEntries(new FormData(form));
  const wanted = q.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const one of rows) {
    const fits =
      (!area || one.area === area) &&
      (!mark || one.mark === mark) &&
      (!differ || differs(one.alike, differ)) &&
      wanted.every((word) => one.words.includes(word));
    if (one.row.hidden === fits) one.row.hidden = !fits;
    shown += fits;
  }
  for (const body of areas) body.hidden = !body.querySelector("tr[id]:not([hidden])");
  count.textContent = shown
    ? `${shown} of ${rows.length} questions`
    : "No question fits. Take a word or a filter away, or show all again.";
}

function toAddress(keep) {
  const state = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
  const address = location.pathname + (state.size ? `?${state}` : "");
  history[keep ? "pushState" : "replaceState"](null, "", address);
}

function fromAddress() {
  const state = new URLSearchParams(location.search);
  for (const field of form.elements) if (field.name) field.value = state.get(field.name) ?? "";
  show();
}

form.hidden = false;
form.addEventListener("input", ({ target }) => {
  toAddress(target.name !== "q");
  show();
});
form.addEventListener("reset", () => setTimeout(() => (toAddress(true), show())));
form.addEventListener("submit", (event) => event.preventDefault());
addEventListener("popstate", fromAddress);
fromAddress();
