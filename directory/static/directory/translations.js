// Counts characters and SMS while somebody translates, and asks before typed words are left behind. The page works without it.
"use strict";
(() => {
  const GSM7 = new Set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà");
  const EXTENSION = new Set("\f^{}\\[~]|€");
  const segments = (text) => {
    if (!text) return 0;
    const plain = [...text].every((c) => GSM7.has(c) || EXTENSION.has(c));
    const size = (c) => (plain ? (EXTENSION.has(c) ? 2 : 1) : c.length);
    const [single, part] = plain ? [160, 153] : [70, 67];
    let total = 0, parts = 1, used = 0;
    for (const c of text) {
      total += size(c);
      if (used + size(c) > part) { parts += 1; used = 0; }
      used += size(c);
    }
    return total <= single ? 1 : parts;
  };
  const form = document.querySelector("form.tr-form");
  if (!form) return;
  let touched = false;
  form.querySelectorAll("[data-limit]").forEach((field) => {
    const line = document.getElementById(`${field.name}_count`);
    field.addEventListener("input", () => {
      touched = true;
      const length = [...field.value].length;
      line.querySelector("[data-count]").textContent = length;
      line.querySelector("[data-segments]").textContent = segments(field.value);
      line.classList.toggle("tr-over", length > Number(field.dataset.limit));
    });
  });
  form.addEventListener("submit", () => { touched = false; });
  window.addEventListener("beforeunload", (event) => { if (touched) event.preventDefault(); });
})();
