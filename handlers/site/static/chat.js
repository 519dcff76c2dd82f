// The chat page's script: sends without reloading, shows what is replied, waits for more.
"use strict";
(() => {
  const find = (id) => document.getElementById(id);
  const log = find("log"), form = find("ask"), box = find("text"), wait = find("wait");
  const fault = find("fault"), end = find("end"), button = form.querySelector(".send");
  const words = form.dataset, address = words.messages;
  const links = new RegExp(log.dataset.links, "g");
  const shown = new Set([...log.querySelectorAll("[data-id]")].map((one) => +one.dataset.id));
  let last = +log.dataset.last, talking = !("empty" in log.dataset);
  const attach = find("attach"), picker = find("file"), locate = find("locate");
  let busy = false, unsent = null, unsentFile = null, polling = null, failures = 0, timer = 0;

  // What is shown: copies of the page's own templates, filled in.

  const copy = (id) => find(id).content.firstElementChild.cloneNode(true);

  function tongue(text) {
    const count = (letters) => (text.match(letters) || []).length;
    return count(/[ก-๛]/g) >= count(/[A-Za-z]/g) ? "th" : "en";
  }

  function add(line, text) {
    const language = tongue(text);
    if (text && language !== document.documentElement.lang) line.lang = language;
    line.classList.add("fresh");
    log.append(line);
    return line;
  }

  function you(text) {
    const line = copy("you");
    line.querySelector(".words").textContent = text;
    return add(line, text);
  }

  function bot(reply) {
    const line = copy("bot"), n = listed(reply), choices = reply.choices;
    line.dataset.id = reply.id;
    shown.add(reply.id);
    const text = n ? reply.text.slice(0, -list(choices, n).length) : reply.text;
    link(line.querySelector(".words"), text);
    prove(line, reply);
    fill(line.querySelector(".offers"), choices.slice(0, n));
    fill(line.querySelector(".choices"), choices.slice(n));
    if (!choices.length) line.querySelector("form").remove();
    return add(line, text);
  }

  const list = (choices, n) =>
    choices.slice(0, n).map((one, i) => `\n${i + 1}. ${one.label}`).join("");

  function listed(reply) {
    let n = reply.choices.length;
    while (n && !reply.text.endsWith(list(reply.choices, n))) n -= 1;
    return n;
  }

  function link(place, text) {
    let at = 0;
    place.textContent = "";
    for (const found of text.matchAll(links)) {
      const [whole, url, mail, phone, lead, hotline] = found;
      place.append(text.slice(at, found.index) + (lead || ""));
      at = found.index + whole.length;
      const a = document.createElement("a");
      a.textContent = url || mail || phone || hotline;
      if (url) abroad(a, /^(http|\/)/.test(url) ? url : `http://${url}`);
      else a.setAttribute("href", mail ? `mailto:${mail}` : `tel:${(phone || hotline).replace(/\D/g, "")}`);
      place.append(a);
    }
    place.append(text.slice(at));
    place.normalize();
  }

  function abroad(a, url) {
    a.setAttribute("href", url);
    a.target = "_blank";
    a.rel = "noopener";
  }

  function prove(line, reply) {
    if (!reply.entry) {
      line.classList.remove("answer");
      line.querySelectorAll(".question, .proof").forEach((one) => one.remove());
      return;
    }
    line.querySelector(".question").textContent = reply.question;
    const rows = line.querySelector("dl"), blank = rows.firstElementChild;
    for (const [label, value] of reply.facts) {
      const row = blank.cloneNode(true), dd = row.querySelector("dd");
      row.querySelector("dt").textContent = label;
      dd.textContent = value;
      if (reply.source && value.includes(reply.source)) dd.replaceChildren(source(value, reply.url));
      rows.append(row);
    }
    blank.remove();
  }

  function source(name, url) {
    const span = document.createElement("span");
    span.lang = tongue(name);
    span.append(name);
    if (!url || !/^https?:/.test(url)) return span;
    const a = document.createElement("a");
    abroad(a, url);
    a.append(span, note(words.tab));
    return a;
  }

  function fill(place, choices) {
    const blank = place.firstElementChild;
    choices.forEach((choice, i) => {
      const item = blank.cloneNode(true), number = item.querySelector(".number");
      const label = item.querySelector(".label");
      item.querySelector("button").value = choice.value;
      label.textContent = choice.label;
      if (choice.value.startsWith("lang:")) label.lang = choice.value.slice(5);
      if (number) number.textContent = i + 1;
      place.append(item);
    });
    blank.remove();
    if (!choices.length) place.remove();
  }

  function note(text) {
    const span = document.createElement("span");
    span.className = "sr";
    span.textContent = ` ${text}`;
    return span;
  }

  function use(chosen) {
    if (chosen.classList.contains("used")) return;
    chosen.classList.add("used");
    chosen.append(note(words.used));
  }

  // Scroll to what is new; what is longer than the screen is shown from its beginning.
  function reveal(first) {
    const room = form.getBoundingClientRect().top - 90;
    const height = end.getBoundingClientRect().top - first.getBoundingClientRect().top;
    if (height > room) first.scrollIntoView({ block: "start" });
    else window.scrollTo({ top: document.documentElement.scrollHeight });
  }

  const isNearEnd = () => end.getBoundingClientRect().top < window.innerHeight + 80;

  function show(replies) {
    const fresh = replies.filter((reply) => !shown.has(reply.id)).map(bot);
    if (fresh.length) wait.textContent = "";
    return fresh;
  }

  // Sending. A message keeps its id until it is known to have arrived, so a retry is once only.

  async function send(said, label, chosen) {
    if (busy) return;
    const key = JSON.stringify(said);
    if (!unsent || unsent.key !== key) unsent = { key, id: token() };
    setBusy(true);
    fault.textContent = "";
    const mine = you(label);
    wait.textContent = words.sending;
    reveal(mine);
    try {
      const { replies } = await post({ ...said, id: unsent.id });
      unsent = null;
      talking = true;
      if (chosen) use(chosen);
      show(replies);
      if (follows(said.choice)) return;
      reveal(mine);
    } catch (error) {
      mine.remove();
      wait.textContent = "";
      if (said.text) restore(said.text);
      fault.textContent = error.words || words.failed;
    } finally {
      setBusy(false);
      poll();
    }
  }

  async function post(said) {
    const stop = new AbortController(), limit = setTimeout(() => stop.abort(), 30000);
    try {
      const response = await fetch(address, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(said),
        signal: stop.signal,
      });
      if (response.ok) return await response.json();
      const error = new Error(response.status);
      if ([413, 429, 503].includes(response.status)) error.words = (await response.json()).error;
      throw error;
    } finally {
      clearTimeout(limit);
    }
  }

  // Files and places. A file that could not be sent keeps its id, too, in case it is chosen again.

  async function attachAll(files) {
    for (const file of files) if (!(await attachOne(file))) return;
  }

  async function attachOne(file) {
    if (busy) return false;
    fault.textContent = "";
    if (file.size > attach.dataset.most * 1048576) {
      fault.textContent = attach.dataset.big;
      return false;
    }
    const key = JSON.stringify([file.name, file.size, file.lastModified]);
    if (!unsentFile || unsentFile.key !== key) unsentFile = { key, id: token() };
    setBusy(true);
    let mine = you(file.name);
    const bar = document.createElement("progress");
    bar.setAttribute("aria-label", attach.dataset.sending);
    mine.querySelector(".said").append(bar);
    wait.textContent = attach.dataset.sending;
    reveal(mine);
    try {
      const { replies, files } = await upload(file, unsentFile.id, (part) => (bar.value = part));
      unsentFile = null;
      talking = true;
      wait.textContent = "";
      mine = sent(mine, files[0]);
      show(replies);
      reveal(mine);
      return true;
    } catch (error) {
      mine.remove();
      wait.textContent = "";
      fault.textContent = error.words || attach.dataset.failed;
      return false;
    } finally {
      setBusy(false);
      poll();
    }
  }

  function upload(file, id, progress) {
    return new Promise((done, fail) => {
      const request = new XMLHttpRequest(), form = new FormData();
      const failed = () => fail(new Error("not sent"));
      form.append("id", id);
      form.append("file", file);
      request.open("POST", attach.action);
      request.setRequestHeader("Accept", "application/json");
      request.responseType = "json";
      request.timeout = 330000;
      request.upload.onprogress = (event) => progress(event.loaded / event.total);
      request.onerror = request.ontimeout = failed;
      request.onload = () => {
        if (request.status === 200 && request.response) return done(request.response);
        const error = new Error(request.status);
        error.words = request.response && request.response.error;
        fail(error);
      };
      request.send(form);
    });
  }

  function sent(line, file) {
    const a = document.createElement("a"), said = line.querySelector(".said");
    line.querySelector("progress").remove();
    a.href = file.url;
    if (file.picture) {
      const image = document.createElement("img");
      abroad(a, file.url);
      a.className = "photo";
      image.alt = file.name;
      image.src = file.url;
      image.onload = () => isNearEnd() && reveal(line);
      a.append(said.querySelector(".sr"), image, note(words.tab));
      said.replaceWith(a);
    } else {
      a.className = "words";
      a.textContent = file.name;
      said.querySelector(".words").replaceWith(a);
    }
    return line;
  }

  function where() {
    if (busy) return;
    fault.textContent = "";
    wait.textContent = attach.dataset.locating;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        const [latitude, longitude] = [coords.latitude, coords.longitude].map((n) => +n.toFixed(5));
        const text = `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
        wait.textContent = "";
        send({ place: { latitude, longitude } }, attach.dataset.place.replace("{}", text));
      },
      () => {
        wait.textContent = "";
        fault.textContent = attach.dataset.lost;
      },
      { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 },
    );
  }

  function setBusy(is) {
    busy = is;
    if (is) {
      button.setAttribute("aria-disabled", "true");
      pause();
    } else button.removeAttribute("aria-disabled");
  }

  function restore(text) {
    box.value = box.value ? `${text}\n${box.value}` : text;
    grow();
  }

  function token() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return [...bytes].map((one) => one.toString(16).padStart(2, "0")).join("");
  }

  // The page takes up the language that was chosen in the conversation.
  function follows(choice) {
    const language = (/^lang:(\w+)$/.exec(choice) || [])[1];
    if (!language || language === document.documentElement.lang) return false;
    const query = new URLSearchParams(location.search);
    query.set("lang", language);
    location.search = query;
    return true;
  }

  // Waiting for what is written later.

  async function poll() {
    clearTimeout(timer);
    if (polling || busy || document.hidden || !talking) return;
    const mine = (polling = new AbortController());
    try {
      const more = `${address.includes("?") ? "&" : "?"}after=${last}&wait=25`;
      const response = await fetch(address + more, { signal: mine.signal });
      if (response.status === 404) talking = false; // no cookie: there is nothing to wait for
      else if (!response.ok) throw new Error(response.status);
      else {
        const { replies } = await response.json(), stays = isNearEnd(), [first] = show(replies);
        last = Math.max(last, ...replies.map((reply) => reply.id));
        if (first && stays) reveal(first);
      }
      failures = 0;
    } catch {
      if (polling === mine) failures += 1;
    }
    if (polling !== mine) return; // paused meanwhile
    polling = null;
    timer = setTimeout(poll, failures ? Math.min(60, 2 ** failures) * 1000 : 250);
  }

  function pause() {
    clearTimeout(timer);
    if (polling) polling.abort();
    polling = null;
  }

  // What the citizen does.

  function submit() {
    const text = box.value.trim();
    box.focus();
    if (!text || busy) return;
    box.value = "";
    grow();
    send({ text }, text);
  }

  function grow() {
    if (CSS.supports("field-sizing", "content")) return;
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight}px`;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  box.addEventListener("input", grow);
  box.addEventListener("paste", (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    attachAll([...event.clipboardData.files]);
  });
  picker.addEventListener("change", () => {
    attachAll([...picker.files]);
    picker.value = "";
  });
  picker.parentElement.classList.add("live");
  locate.hidden = !("geolocation" in navigator && window.isSecureContext);
  locate.addEventListener("click", where);
  log.addEventListener("click", (event) => {
    const chosen = event.target.closest("button[name=choice]");
    if (!chosen) return;
    event.preventDefault();
    send({ choice: chosen.value }, chosen.querySelector(".label").textContent, chosen);
  });
  document.addEventListener("visibilitychange", () => (document.hidden ? pause() : poll()));
  window.addEventListener("pageshow", poll);
  window.addEventListener("pagehide", pause);
  if (window.parent !== window) {
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") window.parent.postMessage("thamdai:close", "*");
    });
  }

  if (talking) window.scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" });
})();
