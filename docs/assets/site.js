// What every page needs beside Material: what it tells a keyboard, what it opens, what runs beside it.

// Material names a section's navigation by a label that is empty where the section has a page.
for (const nav of document.querySelectorAll("nav.md-nav[aria-labelledby]")) {
  const label = document.getElementById(nav.getAttribute("aria-labelledby"));
  if (label?.textContent.trim()) continue;
  nav.removeAttribute("aria-labelledby");
  nav.ariaLabel = nav.querySelector(":scope > .md-nav__title")?.textContent.trim() ?? "Section";
}

// What Material adds after loading: copy buttons in landmarks without a name, and tables that
// scroll but cannot be reached by the keyboard.
function mend() {
  for (const nav of document.querySelectorAll(".md-code__nav")) nav.role = "presentation";
  for (const block of document.querySelectorAll(".md-typeset__scrollwrap, .highlight code, figure.chart"))
    block.tabIndex = 0;
}
new MutationObserver(mend).observe(document.querySelector(".md-content"), {
  childList: true,
  subtree: true,
});
mend();

// A link to evidence that is folded opens it.
function openTarget() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let one = target; one; one = one.parentElement?.closest("details")) one.open = true;
}
addEventListener("hashchange", openTarget);
openTarget();

// Next to the running sites (workbench serve) each page links to them, in a codespace as well.
if (/^(127\.0\.0\.1|localhost|[\w-]+\.app\.github\.dev)$/.test(location.hostname)) {
  const root = JSON.parse(document.getElementById("__config").textContent).base;
  fetch(new URL(`${root}/running.json`, location.href))
    .then((response) => (response.ok ? response.json() : {}))
    .then((sites) => {
      const bar = document.getElementById("running");
      if (!bar || !Object.keys(sites).length) return;
      for (const [name, address] of Object.entries(sites)) {
        bar.append(" ", Object.assign(document.createElement("a"), { href: address, textContent: name }));
      }
      bar.hidden = false;
    });
}
