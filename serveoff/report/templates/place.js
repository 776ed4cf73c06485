"use strict";
// Marks the link of the section being read; without script the links lead there all the same.
const nav = document.querySelector("body > nav");
const places = [...nav.querySelectorAll("a")].map((link) => [link, document.querySelector(link.hash)]);
let waiting = false;

addEventListener("scroll", () => {
  if (!waiting) requestAnimationFrame(markPlace);
  waiting = true;
}, { passive: true });
addEventListener("resize", markPlace);
markPlace();

// A browser is content when a part of what has the focus can be seen, as at the edge of a wide table.
addEventListener("focusin", ({ target }) => {
  if (target.matches(":is(a, button, input):focus-visible")) target.scrollIntoView({ block: "nearest", inline: "nearest" });
});

function markPlace() {
  waiting = false;
  const root = document.documentElement;
  const ended = scrollY > 0 && scrollY + innerHeight >= root.scrollHeight - 2;
  const read = places.filter(([, section]) => section.getBoundingClientRect().top < innerHeight / 3);
  const [current] = (ended ? places : read).at(-1) ?? [];
  for (const [link] of places) link.removeAttribute("aria-current");
  if (!current) return;
  current.setAttribute("aria-current", "true");
  nav.scrollLeft = current.offsetLeft - (nav.clientWidth - current.offsetWidth) / 2;
}
