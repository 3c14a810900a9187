// Narrows the page to what is looked for; opens what an address points to.
"use strict";
(() => {
  const find = document.getElementById("find");
  const found = document.getElementById("found");
  const entries = [...document.querySelectorAll("[data-find]")];

  find.addEventListener("input", () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const entry of entries) {
      const fits = words.every((word) => entry.dataset.find.includes(word));
      entry.hidden = !fits;
      shown += fits ? 1 : 0;
    }
    for (const group of document.querySelectorAll("[data-group]")) {
      group.hidden = !group.querySelector("[data-find]:not([hidden])");
    }
    found.textContent = words.length ? `${shown} found` : "";
  });

  function openTarget() {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (target && target.tagName === "DETAILS") target.open = true;
  }
  window.addEventListener("hashchange", openTarget);
  openTarget();
})();
