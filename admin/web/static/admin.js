// What pages can do without, and are kinder with.
"use strict";

// An open menu closes on Escape and when something else is touched.
const menus = document.querySelectorAll("details.me");
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus) {
    if (menu.open) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
});
document.addEventListener("click", (event) => {
  for (const menu of menus) if (!menu.contains(event.target)) menu.open = false;
});

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1";
});
addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

// The first field with a fault, or what is wrong with the whole, is where one goes on.
document.querySelector("[aria-invalid=true]")?.focus();

// What is chosen proposes other fields, which stay to be changed; a button does so without this.
for (const list of document.querySelectorAll("[data-proposes]")) {
  const { elements } = list.form;
  elements.propose.hidden = true;
  list.addEventListener("change", () => {
    for (const [name, value] of Object.entries(list.selectedOptions[0].dataset)) {
      if (value && elements[name]) elements[name].value = value;
    }
  });
}

// What can be printed, a button prints.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
