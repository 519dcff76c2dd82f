// Announcements: what is typed is counted and previewed, what is sent moves. All of it works without.
"use strict";

// Letters are counted as the server counts them.
const letters = (text) => [...text.replaceAll("\r\n", "\n").trim()].length;
for (const field of document.querySelectorAll("[data-most]")) {
  const most = Number(field.dataset.most);
  const tally = document.createElement("span");
  tally.className = "tally";
  field.after(tally);
  const count = () => {
    const typed = letters(field.value);
    const over = typed > most;
    tally.textContent = `${typed} / ${most}` + (over ? ` ${field.form.dataset.over} ${typed - most}` : "");
    tally.classList.toggle("over", over);
  };
  field.addEventListener("input", count);
  count();
}

// What has an end says so in the end.
const until = document.querySelector("#valid_until");
until?.addEventListener("input", () => {
  const end = document.querySelector("#all-clear");
  if (end && until.value) end.open = true;
});

// The preview follows what is typed, a moment later.
const form = document.querySelector("form[data-preview]");
const preview = document.querySelector("#preview");
if (form && preview) {
  let waiting;
  let latest = 0;
  const refresh = async () => {
    const mine = ++latest;
    const fields = new FormData(form);
    fields.delete("files");
    try {
      const answer = await fetch(form.dataset.preview, { method: "POST", body: fields });
      if (!answer.ok || answer.redirected || mine !== latest) return;
      const open = [...preview.querySelectorAll("details")].map((one) => one.open);
      preview.innerHTML = await answer.text();
      preview.querySelectorAll("details").forEach((one, at) => { one.open = open[at] ?? false; });
    } catch {
      // The preview stays as it was; saving shows it anew.
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(refresh, 600);
  });
}

// The countdown and the figures move; when something begins or ends, the whole page is read anew.
const progress = document.querySelector("#progress");
if (progress) {
  const said = document.querySelector("#progress-said");
  let told = -1;
  let ends = 0;
  let isSent = false;
  // A form is on its way: its answer, which says what was done, is what is shown next.
  window.addEventListener("submit", (event) => { isSent = !event.defaultPrevented; });
  window.addEventListener("pageshow", () => { isSent = false; });
  const moving = () => progress.querySelector(".moving");
  const isTyping = () => [...document.querySelectorAll("textarea, input[type=checkbox]")]
    .some((one) => one.type === "checkbox" ? one.checked !== one.defaultChecked : one.value !== one.defaultValue);
  const begin = () => {
    ends = performance.now() + 1000 * Number(moving().dataset.left);
  };
  const tell = () => {
    const tenth = Math.floor(Number(moving().dataset.percent) / 10) * 10;
    if (moving().dataset.stage.includes("True") && tenth !== told) {
      told = tenth;
      said.textContent = progress.dataset.said.replace("{percent}", tenth);
    }
  };
  const look = async () => {
    try {
      const answer = await fetch(progress.dataset.from);
      if (!answer.ok || answer.redirected) return;
      const before = moving().dataset.stage;
      const open = progress.querySelector("details")?.open;
      const focused = progress.contains(document.activeElement);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector(".moving");
      if (!fresh || isSent) return;
      if (fresh.dataset.stage !== before && !isTyping()) {
        location.assign(location.pathname);
        return;
      }
      if (focused && fresh.dataset.stage === before) {
        // Who is about to press a button keeps it: only figures are put in.
        for (const part of [".fates", ".gauge", ".accounts .number", "#sending"]) {
          const news = fresh.querySelectorAll(part);
          progress.querySelectorAll(part).forEach((one, at) => news[at] && one.replaceWith(news[at]));
        }
        moving().dataset.percent = fresh.dataset.percent;
        moving().dataset.left = fresh.dataset.left;
      } else {
        progress.replaceChildren(fresh);
        const details = progress.querySelector("details");
        if (details && open) details.open = true;
      }
      begin();
      tell();
    } catch {
      // The network is away for a moment: the next look finds it again.
    }
  };
  begin();
  tell();
  setInterval(() => {
    const count = progress.querySelector("[data-count]");
    if (count) count.textContent = Math.max(0, Math.round((ends - performance.now()) / 1000));
  }, 250);
  setInterval(() => {
    if ("moves" in moving().dataset && !document.hidden) look();
  }, 2000);
}
