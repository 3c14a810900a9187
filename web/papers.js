// A guest saves a paper of the booking: fetched with the link's token, which stays out of the paper's address.
"use strict";
(() => {
  const place = document.getElementById("papers");
  if (!place) return;
  const answer = document.getElementById("papers-answer");
  const token = new URLSearchParams(location.search).get("token") || "";

  for (const button of place.querySelectorAll("button")) {
    button.addEventListener("click", async () => {
      button.disabled = true;
      answer.textContent = "";
      try {
        const response = await fetch(`${place.dataset.address}/${button.dataset.paper}`, {
          headers: { Authorization: `Bearer ${token}` },
        });
        if (!response.ok) throw new Error((await response.json()).detail || "That did not work.");
        const link = document.createElement("a");
        link.href = URL.createObjectURL(await response.blob());
        link.download = button.dataset.paper;
        link.click();
        URL.revokeObjectURL(link.href);
      } catch (trouble) {
        answer.textContent = trouble.message;
      }
      button.disabled = false;
    });
  }
})();
