// A file dropped on the field is chosen; while it is being read the page says so and takes no second one.
for (const form of document.querySelectorAll("form.upload")) {
  const field = form.querySelector("input[type=file]");
  const drop = form.querySelector(".drop");
  for (const kind of ["dragenter", "dragover"]) {
    drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
  }
  for (const kind of ["dragleave", "drop"]) {
    drop.addEventListener(kind, () => drop.classList.remove("over"));
  }
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) { field.files = event.dataTransfer.files; }
  });
  form.addEventListener("submit", () => {
    form.querySelector("button").disabled = true;
    form.querySelector("[role=status]").hidden = false;
  });
  addEventListener("pageshow", () => {
    form.querySelector("button").disabled = false;
    form.querySelector("[role=status]").hidden = true;
  });
}
