// Filters, deep links, copying, and paper. Without this script everything is still there to read.
"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  document.documentElement.classList.add("js");

  const form = document.querySelector(".filters");
  const rows = all(".row");
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const chosen = (name) => all(`input[name="${name}"]:checked`, form).map((box) => box.value);

  function filter() {
    const words = form.querySelector("#q").value.toLowerCase().split(/\s+/).filter(Boolean);
    const sets = ["verdict", "stage", "level"].map((name) => [name, new Set(chosen(name))]);
    const unasked = chosen("asked").length > 0;
    let shown = 0;
    for (const row of rows) {
      const fits =
        (unasked || row.dataset.asked === "yes") &&
        sets.every(([name, set]) => set.size === 0 || set.has(row.dataset[name])) &&
        words.every((word) => texts.get(row).includes(word));
      row.hidden = !fits;
      shown += fits;
    }
    form.querySelector(".shown").textContent = `${shown} of ${rows.length} rows`;
  }

  function reveal() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    if (target.hidden) {
      form.reset();
      form.querySelector('input[name="asked"]').checked = true;
      filter();
    }
    const inner = target.matches(".row, .exchanges > li") && target.querySelector("details");
    if (inner) {
      inner.open = true;
      target.scrollIntoView({ block: "start" });
      inner.querySelector("summary").focus({ preventScroll: true });
    }
  }

  if (form) {
    form.hidden = false;
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    document.addEventListener("keydown", (event) => {
      if (event.key === "/" && !event.target.matches("input, textarea")) {
        event.preventDefault();
        form.querySelector("#q").focus();
      }
    });
    filter();
  }
  addEventListener("hashchange", reveal);
  reveal();

  for (const place of all(".copyable")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      const range = document.createRange();
      range.selectNodeContents(place.querySelector("code"));
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      try {
        await navigator.clipboard.writeText(range.toString());
        button.textContent = "Copied";
      } catch {
        button.textContent = "Selected";
      }
      setTimeout(() => (button.textContent = "Copy"), 1500);
    });
    place.append(button);
  }

  let opened = [];
  addEventListener("beforeprint", () => {
    opened = all(".finding > details:not(:has(.http)), .warning").filter((each) => !each.open);
    for (const each of opened) each.open = true;
  });
  addEventListener("afterprint", () => {
    for (const each of opened) each.open = false;
  });
})();
