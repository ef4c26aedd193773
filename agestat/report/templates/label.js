/* One face at a time. answers: index of a face -> {gender, age, note}; a face with an empty answer is open. */
let answers = memory.read();
let current = 0;
const past = []; // [index, answer before]
const skipped = new Set();

const done = (index) => {
  const answer = answers[index];
  return Boolean(answer && (answer.note || (answer.gender && answer.age)));
};
const indices = page.faces.map((_, index) => index);

function nextOpen(from) {
  const order = [...indices.slice(from + 1), ...indices.slice(0, from + 1)];
  const open = order.filter((index) => !done(index));
  if (open.length && open.every((index) => skipped.has(index))) skipped.clear();
  return open.find((index) => !skipped.has(index)) ?? from;
}

function change(part) {
  past.push([current, answers[current]]);
  const before = answers[current] || {};
  answers = { ...answers, [current]: part.note ? part : { ...before, note: "", ...part } };
  memory.write(answers);
  if (done(current)) go(nextOpen(current));
  else show();
}

function undo() {
  if (!past.length) return;
  const [index, before] = past.pop();
  answers = { ...answers, [index]: before };
  memory.write(answers);
  go(index);
}

function go(index) {
  current = Math.min(Math.max(index, 0), page.faces.length - 1);
  show();
  // A phone has room for a face and its answers, not for what stands above, once that has been read.
  if (past.length) at("face").scrollIntoView();
}

function show() {
  const face = page.faces[current];
  const answer = answers[current] || {};
  at("which").textContent = fill(page.words.which, { number: current + 1, total: page.faces.length });
  at("gone").hidden = Boolean(face.crop);
  for (const name of ["crop", "context"]) {
    at(name).hidden = !face.crop;
    at(name).src = face[name] || "";
  }
  at("box").hidden = !face.crop;
  ["left", "top", "width", "height"].forEach((side, i) => {
    at("box").style[side] = face.box ? `${100 * face.box[i]}%` : 0;
  });
  for (const name of ["gender", "age", "note"]) {
    for (const button of document.querySelectorAll(`[data-${name}]`)) {
      button.setAttribute("aria-pressed", String(button.dataset[name] === answer[name]));
    }
  }
  at("years").value = /^\d+$/.test(answer.age || "") ? answer.age : "";
  const number = indices.filter(done).length;
  at("count").textContent = fill(page.words.count, { number, total: page.faces.length });
  at("progress").value = number;
  at("undo").disabled = !past.length;
  at("back").disabled = current === 0;
  at("forward").disabled = current === page.faces.length - 1;
  at("finished").hidden = number < page.faces.length;
}

function takeYears() {
  const years = at("years");
  if (years.value && years.checkValidity()) {
    years.blur();
    change({ age: String(Number(years.value)) });
  }
}

function rows() {
  return page.faces.map((face, index) => {
    const { gender = "", age = "", note = "" } = (done(index) && answers[index]) || {};
    return [...face.row, ...(note ? ["", ""] : [gender, age]), note];
  });
}

function skip() {
  skipped.add(current);
  go(nextOpen(current));
}

const keys = { KeyS: skip, KeyZ: undo, Backspace: undo, ArrowLeft: () => go(current - 1), ArrowRight: () => go(current + 1) };
for (const name of ["gender", "age", "note"]) {
  for (const button of document.querySelectorAll(`[data-${name}]`)) {
    const act = () => change({ [name]: button.dataset[name] });
    button.addEventListener("click", act);
    const key = button.querySelector("kbd")?.textContent;
    if (key) keys[/\d/.test(key) ? `Digit${key}` : `Key${key}`] = act;
    if (/\d/.test(key || "")) keys[`Numpad${key}`] = act;
  }
}
keys.KeyY = () => at("years").focus();

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.metaKey || (event.ctrlKey && event.code !== "KeyZ")) return;
  if (event.target === at("years")) {
    if (event.key === "Enter") takeYears();
    return;
  }
  const act = keys[event.code]; // the place of the key: the same on a Russian keyboard
  if (act) {
    event.preventDefault();
    act();
  }
});
at("years").addEventListener("change", takeYears);
at("skip").addEventListener("click", skip);
at("undo").addEventListener("click", undo);
at("back").addEventListener("click", () => go(current - 1));
at("forward").addEventListener("click", () => go(current + 1));
at("save").addEventListener("click", () => save(rows()));
at("forget").addEventListener("click", () => {
  if (confirm(page.words.forget)) {
    answers = {};
    past.length = 0;
    memory.write(answers);
    go(0);
  }
});
go(done(0) ? nextOpen(0) : 0);
