"use strict";
// Beside the table of a few rates a field for the reader's own, and one for a price: none of ours is in the report.
const steps = document.querySelector("#next-steps[data-per_replica]");

if (steps) {
  const { per_replica: each, spare, memory_bytes: memory } = steps.dataset;
  const form = document.createElement("form");
  form.className = "sizing";
  form.innerHTML = '<label>Target rate, req/s <input name="rate" type="number" min="0" step="any"></label>'
    + '<label>Price of a replica per hour <input name="price" type="number" min="0" step="any"></label>'
    + '<output aria-live="polite"></output>';
  const [rate, price, said] = form.elements;
  const rounded = (value) => value.toLocaleString("en", { maximumSignificantDigits: 3 });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => {
    const replicas = Math.ceil(rate.value / each) + Number(spare);
    const words = [`${replicas} replicas`];
    if (memory) words.push(`${rounded(replicas * memory / 1e9)} GB of memory`);
    if (price.value) words.push(`${rounded(replicas * price.value / rate.value / 3600 * 1e6)} per million requests`);
    said.textContent = rate.value > 0 ? words.join(", ") : "";
  });
  steps.querySelector(".scroll").before(form);
}
