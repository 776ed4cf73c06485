"use strict";
// The evidence is folded up. A link into it opens its fold, paper has all of it, and one button opens everything.
const folds = [...document.querySelectorAll("details")];

function openAround(hash) {
  const target = hash && document.getElementById(decodeURIComponent(hash.slice(1)));
  for (let box = target; box; box = box.parentElement?.closest("details")) if (box.tagName === "DETAILS") box.open = true;
  target?.scrollIntoView();
}
addEventListener("hashchange", () => openAround(location.hash));
if (location.hash) openAround(location.hash);

for (const link of document.querySelectorAll(".first tbody a")) {
  link.closest("tr").addEventListener("click", ({ target }) => target !== link && link.click());
}

let closed = [];
addEventListener("beforeprint", () => {
  closed = folds.filter((box) => !box.open);
  for (const box of closed) box.open = true;
});
addEventListener("afterprint", () => closed.forEach((box) => { box.open = false; }));

const evidence = document.querySelector("#evidence > h2");
if (evidence) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "all";
  const name = () => { button.textContent = folds.every((box) => box.open) ? "Close all" : "Open all"; };
  button.addEventListener("click", () => {
    const open = !folds.every((box) => box.open);
    for (const box of folds) box.open = open;
    name();
  });
  for (const box of folds) box.addEventListener("toggle", name);
  name();
  evidence.after(button);
}

// A browser is content when a part of what has the focus can be seen, as at the edge of a wide table.
addEventListener("focusin", ({ target }) => {
  if (target.matches(":is(a, button, input, summary):focus-visible")) target.scrollIntoView({ block: "nearest", inline: "nearest" });
});
