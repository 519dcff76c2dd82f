// Puts a chat button on an agency's own site:
// <script src="https://SERVER/static/thamdai/embed.js" data-agency="SLUG" async></script>
// data-url: the server, if it is not where this file comes from; data-lang: th or en;
// data-label: the button's words.
"use strict";
(() => {
  const script = document.currentScript, { agency, url, lang, label } = script.dataset;
  if (!agency) return;
  const base = (url || new URL(script.src).origin).replace(/\/+$/, "");
  const english = (lang || document.documentElement.lang || "th").startsWith("en");
  const words = english
    ? { open: "Ask us", close: "Close the chat", chat: "Chat" }
    : { open: "ถามได้", close: "ปิดแชต", chat: "แชตถามตอบ" };

  const style = `
    :host { all: initial; }
    * { box-sizing: border-box; }
    button { font: 600 17px/1.6 "Sarabun", "Noto Sans Thai", "Leelawadee UI", "Thonburi", system-ui, sans-serif; border: 0; cursor: pointer; }
    button:focus-visible { outline: 3px solid #f2c46d; outline-offset: 2px; box-shadow: 0 0 0 7px #1b3560; }
    .open { position: fixed; z-index: 2147483000; right: 16px; bottom: calc(16px + env(safe-area-inset-bottom)); display: flex; align-items: center; gap: 10px; min-height: 56px; max-width: calc(100vw - 32px); padding: 8px 22px 8px 16px; border-radius: 28px; color: #fff; background: #1b3560; box-shadow: 0 6px 24px #0005; }
    .open:hover { background: #1f4287; }
    svg { flex: none; width: 28px; height: 28px; fill: none; stroke: #f2c46d; stroke-width: 2.2; stroke-linecap: round; stroke-linejoin: round; }
    .panel { position: fixed; z-index: 2147483001; right: 16px; bottom: 16px; width: 400px; height: min(680px, calc(100vh - 32px)); height: min(680px, calc(100dvh - 32px)); border-radius: 18px; overflow: hidden; background: #f1f4f8; box-shadow: 0 12px 48px #0006; }
    .panel[hidden], .open[hidden] { display: none; }
    iframe { display: block; width: 100%; height: 100%; border: 0; }
    .close { position: absolute; top: 4px; right: 8px; width: 44px; height: 44px; border-radius: 22px; background: none; }
    .close:hover { background: #fff3; }
    .close svg { width: 24px; height: 24px; margin: auto; display: block; stroke: #fff; }
    @media (max-width: 480px), (max-height: 480px) {
      .panel { inset: 0; width: 100%; height: 100vh; height: 100dvh; border-radius: 0; }
    }
    @media (prefers-color-scheme: dark) { .panel { background: #0f151f; } .open { border: 1px solid #7787a1; } }`;

  const host = document.createElement("div");
  host.lang = english ? "en" : "th";
  const root = host.attachShadow({ mode: "open" });
  root.innerHTML = `
    <button class="open" type="button" aria-expanded="false" aria-controls="panel">
      <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 3c5.2 0 9 3.5 9 8s-3.8 8-9 8c-1 0-2-.1-2.9-.4L4 21l1.2-4C3.8 15.5 3 13.4 3 11c0-4.5 3.8-8 9-8zm-3.7 8.3 2.7 2.6 5-5.4"/></svg>
      <span></span>
    </button>
    <div class="panel" id="panel" role="dialog" hidden>
      <iframe></iframe>
      <button class="close" type="button"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="m6 6 12 12M18 6 6 18"/></svg></button>
    </div>`;
  try {
    const sheet = new CSSStyleSheet(); // goes past the site's own style-src
    sheet.replaceSync(style);
    root.adoptedStyleSheets = [sheet];
  } catch {
    root.append(Object.assign(document.createElement("style"), { textContent: style }));
  }

  const open = root.querySelector(".open"), close = root.querySelector(".close");
  const panel = root.querySelector(".panel"), frame = root.querySelector("iframe");
  const name = label || words.open;
  open.querySelector("span").textContent = name;
  close.setAttribute("aria-label", words.close);
  panel.setAttribute("aria-label", name);
  frame.title = words.chat;
  frame.allow = "geolocation";

  function show(is) {
    panel.hidden = !is;
    open.hidden = is;
    open.setAttribute("aria-expanded", is);
    if (is && !frame.src) {
      const query = new URLSearchParams({ embed: "1" });
      if (lang) query.set("lang", lang);
      frame.src = `${base}/${encodeURIComponent(agency)}/chat?${query}`;
    }
    (is ? frame : open).focus();
  }

  open.addEventListener("click", () => show(true));
  close.addEventListener("click", () => show(false));
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !panel.hidden) show(false);
  });
  window.addEventListener("message", (event) => {
    const ours = event.source === frame.contentWindow && event.origin === new URL(base).origin;
    if (ours && event.data === "thamdai:close") show(false);
  });
  const start = () => document.body.append(host);
  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
})();
