"use strict";
const page = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);

/* Answers are kept in this browser under the names of the faces, never with their pixels. */
const memory = {
  read() {
    try {
      return JSON.parse(localStorage.getItem(page.key)) || {};
    } catch {
      return {};
    }
  },
  write(answers) {
    try {
      localStorage.setItem(page.key, JSON.stringify(answers));
    } catch {
      trouble(page.words.forgetful);
    }
  },
};

function trouble(sentence) {
  at("trouble").textContent = sentence;
  at("trouble").hidden = false;
}

function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function csv(rows) {
  const quoted = (cell) => (/[",\r\n]/.test(cell) ? `"${String(cell).replaceAll('"', '""')}"` : cell);
  return "\ufeff" + rows.map((row) => row.map(quoted).join(",") + "\r\n").join("");
}

function save(rows) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([csv([page.columns, ...rows])], { type: "text/csv" }));
  link.download = page.file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
