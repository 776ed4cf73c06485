"use strict";
// What a mark of a chart stands for: under the pointer, under a finger, or, where the chart has the focus, by arrow key.
const tip = document.createElement("div");
tip.className = "tip";
tip.hidden = true;
tip.setAttribute("role", "status");
document.body.append(tip);

function show(mark) {
  document.querySelectorAll(".pointed").forEach((other) => other.classList.remove("pointed"));
  tip.hidden = !mark;
  if (!mark) return;
  mark.classList.add("pointed");
  tip.textContent = mark.dataset.tip;
  const at = mark.getBoundingClientRect(), own = tip.getBoundingClientRect();
  const left = Math.min(Math.max(8, at.left + at.width / 2 - own.width / 2), innerWidth - own.width - 8);
  const top = at.top - own.height - 8 > 0 ? at.top - own.height - 8 : Math.min(at.bottom + 8, innerHeight - own.height - 8);
  tip.style.translate = `${left}px ${top}px`;
}

for (const chart of document.querySelectorAll("svg.chart")) {
  const marks = [...chart.querySelectorAll("[data-tip]")];
  if (!marks.length) continue;
  chart.tabIndex = 0;
  let at = -1;
  const pointed = ({ target }) => show(target.closest("[data-tip]"));
  chart.addEventListener("pointerover", pointed);
  chart.addEventListener("pointerdown", pointed);
  chart.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && show());
  chart.addEventListener("blur", () => show());
  chart.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") show();
    if (!step) return;
    event.preventDefault();
    at = (at + step + marks.length) % marks.length;
    show(marks[at]);
  });
}
addEventListener("scroll", () => show(), { passive: true });
