"use strict";
// Every column of a table, but of the short ones that everybody reads, becomes a button that sorts each of its bodies; without script the tables stay as they are.
for (const table of document.querySelectorAll("table.sortable")) {
  if (table.closest(".first") && !table.closest("#matrix, #models, #choices")) continue;
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => sortBy(table, headings, column));
  });
}

function sortBy(table, headings, column) {
  const down = headings[column].getAttribute("aria-sort") === "ascending";
  headings.forEach((heading) => heading.removeAttribute("aria-sort"));
  headings[column].setAttribute("aria-sort", down ? "descending" : "ascending");
  for (const body of table.tBodies) {
    const rows = [...body.rows].filter((row) => !row.classList.contains("group"));
    rows.sort((a, b) => compare(a.cells[column], b.cells[column], down ? -1 : 1));
    body.append(...rows);
  }
}

// Cells without a figure stay last in either direction.
function compare(a, b, direction) {
  const [x, y] = [a.dataset.sort, b.dataset.sort];
  if (x !== undefined && y !== undefined) return direction * (Number(x) - Number(y));
  if (x !== undefined || y !== undefined) return x === undefined ? 1 : -1;
  return direction * a.textContent.localeCompare(b.textContent, undefined, { numeric: true });
}
