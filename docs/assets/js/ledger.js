/* The filter above the ledger: words, topic, verdict. Without JavaScript the whole table stands there. */
"use strict";
(() => {
  const [words, topic, verdict, count] = ["words", "topic", "verdict", "count"].map((name) =>
    document.getElementById(`ledger-${name}`));
  const rows = [...document.querySelectorAll("table.ledger tbody tr")];

  function filter() {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !(
        wanted.every((word) => text.includes(word)) &&
        (!topic.value || row.dataset.topic === topic.value) &&
        (!verdict.value || row.dataset.verdict === verdict.value)
      );
      shown += !row.hidden;
    }
    for (const section of document.querySelectorAll("section.topic"))
      section.hidden = !section.querySelector("tbody tr:not([hidden])");
    count.textContent = `${shown} of ${rows.length} claims`;
  }

  words.form.hidden = false;
  words.form.addEventListener("submit", (event) => event.preventDefault());
  for (const control of [words, topic, verdict])
    for (const event of ["input", "change"]) control.addEventListener(event, filter);
  filter();
})();
