"use strict";
// A table of many rows gets a box that leaves only the rows with every word typed; without script there is no box.
const MANY = 6;

for (const table of document.querySelectorAll("table.sortable")) {
  const rows = [...table.tBodies].flatMap((body) => [...body.rows]).filter((row) => !row.classList.contains("group"));
  if (rows.length > MANY && !table.closest(".first")) offerFilter(table, rows);
}

function offerFilter(table, rows) {
  const [box, label, input, count] = ["div", "label", "input", "span"].map((name) => document.createElement(name));
  box.className = "filter";
  input.type = "search";
  input.placeholder = "endpoint, server, verdict …";
  input.autocomplete = "off";
  label.append("Filter rows", input);
  count.setAttribute("role", "status");
  count.setAttribute("aria-live", "polite");
  count.textContent = `${rows.length} rows`;
  box.append(label, count);
  table.closest(".scroll").before(box);
  input.addEventListener("input", () => {
    const shown = leave(table, rows, input.value);
    count.textContent = shown === rows.length ? `${shown} rows` : `${shown} of ${rows.length} rows`;
  });
}

// Hides the rows without all the words, and the title of a group that has none left; answers how many are left.
function leave(table, rows, typed) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  for (const row of rows) {
    const title = row.parentNode.querySelector(".group")?.textContent ?? "";
    const text = `${title} ${row.textContent}`.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
  }
  for (const body of table.tBodies) body.hidden = rows.every((row) => row.hidden || row.parentNode !== body);
  return rows.filter((row) => !row.hidden).length;
}
