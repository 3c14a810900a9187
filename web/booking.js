// A guest cancels: first what it costs, then, on the second press, the act itself.
"use strict";
(() => {
  const form = document.getElementById("cancel");
  if (!form) return;
  const answer = document.getElementById("cancel-answer");
  const button = form.querySelector("button");
  const token = new URLSearchParams(location.search).get("token") || "";
  let key = freshKey();
  let told = null;

  function freshKey() {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  function money(amount) {
    const format = new Intl.NumberFormat("en", { style: "currency", currency: amount.currency });
    return format.format(amount.amount_minor / 10 ** format.resolvedOptions().maximumFractionDigits);
  }

  async function post(query, body) {
    const response = await fetch(form.dataset.address + query, {
      method: "POST",
      headers: {
        Authorization: `Bearer ${token}`,
        "Content-Type": "application/json",
        "Idempotency-Key": key,
      },
      body: JSON.stringify(body),
    });
    const said = await response.json();
    if (!response.ok) throw new Error(said.detail || "That did not work.");
    return said;
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    answer.textContent = "";
    const version = Number(form.dataset.version);
    try {
      if (told === null) {
        told = await post("?dry_run=true", { version });
        const free = told.fee.amount_minor === 0;
        answer.textContent = free
          ? "It is free of charge. Press again to cancel for good."
          : `It costs ${money(told.fee)}. Press again to cancel for good.`;
        button.textContent = "Yes, cancel for good";
      } else {
        await post("", { version, reason: form.elements.reason.value, expected_fee: told.fee });
        location.reload();
        return;
      }
    } catch (trouble) {
      told = null;
      key = freshKey();
      button.textContent = "Cancel this booking";
      answer.textContent = `${trouble.message} Reload the page to see how things stand.`;
    }
    button.disabled = false;
  });
})();
