/* All faces as cards; ticked: index of a face -> true. */
const noted = Object.fromEntries(page.faces.flatMap((face, index) => (face.out ? [[index, true]] : [])));
let ticked = { ...noted, ...memory.read() };

const cards = page.faces.map((face, index) => {
  const card = document.createElement("li");
  if (face.crop) {
    const image = card.appendChild(document.createElement("img"));
    image.src = face.crop;
    image.alt = fill(page.words.face, { number: index + 1 });
    image.loading = "lazy";
  }
  const label = card.appendChild(document.createElement("label"));
  const box = label.appendChild(document.createElement("input"));
  box.type = "checkbox";
  label.append(page.words.out);
  for (const line of face.lines) card.appendChild(document.createElement("div")).textContent = line;
  box.addEventListener("change", () => {
    ticked[index] = box.checked;
    memory.write(ticked);
    show();
  });
  return { card, box, face };
});

function show() {
  cards.forEach(({ card, box }, index) => {
    box.checked = Boolean(ticked[index]);
    card.classList.toggle("out", box.checked);
  });
  const number = cards.filter(({ box }) => box.checked).length;
  at("count").textContent = fill(page.words.count, { number, total: cards.length });
}

function sort() {
  const [name, direction] = at("sort").value.split(" ");
  const sign = direction === "down" ? -1 : 1;
  const order = [...cards].sort(({ face: a }, { face: b }) => {
    const [x, y] = [a[name], b[name]];
    return sign * (typeof x === "string" ? x.localeCompare(y) : x - y);
  });
  at("cards").replaceChildren(...order.map(({ card }) => card));
}

at("sort").addEventListener("change", sort);
at("save").addEventListener("click", () => {
  save(cards.filter(({ box }) => box.checked).map(({ face }) => [...face.row, ...page.note]));
});
at("forget").addEventListener("click", () => {
  ticked = Object.fromEntries(Object.keys(page.faces).map((index) => [index, false]));
  memory.write(ticked);
  show();
});
sort();
show();
