// A guest confirms a new address. Only a press counts: programs that look into letters open every link.
"use strict";
(() => {
  const form = document.getElementById("confirm");
  const answer = document.getElementById("confirm-answer");
  const button = form.querySelector("button");
  const token = new URLSearchParams(location.search).get("token") || "";

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    answer.textContent = "";
    try {
      const response = await fetch("/api/v1/guest-email-confirmations", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ token }),
      });
      const said = await response.json();
      if (response.status === 404 || response.status === 400) {
        answer.textContent = "This link is good no more. If you gave another address later, open its letter instead.";
      } else if (!response.ok) {
        throw new Error(said.detail);
      } else {
        form.hidden = true;
        answer.textContent = said.detail;
        return;
      }
    } catch (trouble) {
      answer.textContent = "That did not work. Try again in a moment.";
    }
    button.disabled = false;
  });
})();
