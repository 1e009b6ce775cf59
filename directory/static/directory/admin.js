// Small help for the pages of staff: lists that act when something is chosen, and buttons that work once.
"use strict";
document.querySelectorAll("select[data-submit]").forEach((list) => list.addEventListener("change", () => list.form.submit()));
document.querySelectorAll("button[data-once]").forEach((button) => {
  button.form.addEventListener("submit", () => {
    button.disabled = true;
    button.textContent = button.dataset.once;
  });
});
