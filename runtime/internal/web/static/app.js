// What the pages of phscript serve do beyond links and forms. Without it, all of them work;
// they are just not live.
"use strict";
(() => {
  const root = document.documentElement, body = document.body;
  root.classList.add("js");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

  // Signing in: the link's secret is in the fragment, which browsers do not send. It leaves
  // the address at once, so it is neither in the history nor in a bookmark.
  const form = document.getElementById("sign-in");
  if (form) {
    form.elements.zone.value = zone;
    const secret = location.hash.slice(1);
    if (/^ph[ls]_/.test(secret)) {
      history.replaceState(null, "", location.pathname + location.search);
      form.elements.secret.value = secret;
      if ("signIn" in form.dataset) form.requestSubmit();
    }
  }

  // The browser's zone, for the times that the service writes.
  if ("signedIn" in body.dataset && body.dataset.browserZone !== zone) {
    const told = document.cookie.split("; ").includes("phscript-browser-zone=" + zone);
    document.cookie = `phscript-browser-zone=${zone}; path=${body.dataset.base}/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
    // Only once: the service may not know the zone, and the browser may keep no cookies.
    if (!told && body.dataset.zone === "browser" && document.cookie.includes(zone)) location.reload();
  }

  document.addEventListener("change", (e) => {
    if (e.target.form && "sendOnChange" in e.target.form.dataset) e.target.form.requestSubmit();
  });
  document.addEventListener("submit", (e) => {
    const question = (e.submitter && e.submitter.dataset.confirm) || e.target.dataset.confirm;
    if (question && !confirm(question)) { e.preventDefault(); return; }
    // A second press does not send a form twice.
    if (e.target.method === "post") for (const b of e.target.querySelectorAll("button")) setTimeout(() => { b.disabled = true; });
  });

  // Lists with things to tick: the buttons say how many are.
  const ticks = (form) => [...form.querySelectorAll(`input[name="${form.dataset.ticks}"]`)];
  function countTicks(form) {
    const all = ticks(form), n = all.filter((i) => i.checked).length, head = form.querySelector("[data-tick-all]");
    if (head) { head.checked = n > 0 && n === all.length; head.indeterminate = n > 0 && n < all.length; head.disabled = !all.length; }
    for (const b of form.querySelectorAll("[data-count]")) {
      if (!b.dataset.text) b.dataset.text = b.textContent;
      b.textContent = n ? b.dataset.count + " " + n + "…" : b.dataset.text;
      b.disabled = !n;
    }
  }
  document.addEventListener("change", (e) => {
    const form = e.target.closest("form[data-ticks]");
    if (!form || e.target.type !== "checkbox") return;
    if ("tickAll" in e.target.dataset) for (const i of ticks(form)) i.checked = e.target.checked;
    countTicks(form);
  });
  const drawn = new Map();
  for (const part of document.querySelectorAll("[data-part]")) drawn.set(part.id, part.innerHTML);
  const countAll = () => document.querySelectorAll("form[data-ticks]").forEach(countTicks);
  addEventListener("pageshow", (e) => { if (e.persisted) for (const b of document.querySelectorAll("button:disabled")) b.disabled = false; countAll(); });

  // stream reads a stream of the service, and asks again and again where one brings nothing.
  // It hands each event to on, and the state of the connection to tell. It rests while the
  // page is hidden.
  // A stream that has brought nothing for silent is lost. Where they bring nothing at all, the
  // page asks every pollEvery, and looks every probeEvery whether streams work again.
  const silent = 18000, pollEvery = 3000, probeEvery = 30000, patience = 10000;
  const names = ["change", "lines", "ping", "end", "expired"];
  function stream(url, after, on, tell) {
    let source, watch, poll, probe, last, probed = 0, polling = false, ended = false, paused = false, failing = false;
    const at = () => url + (url.includes("?") ? "&" : "?") + "after=" + encodeURIComponent(after);
    const heard = () => { last = Date.now(); };
    function take(e) {
      heard();
      if (e.id) after = e.id;
      if (e.name === "expired") { finish(); tell("expired"); return; }
      if (e.name === "end") finish();
      if (e.name !== "ping") on(e);
    }
    function finish() { ended = true; close(); }
    function close() {
      if (source) source.close();
      if (probe) probe.close();
      clearInterval(watch); clearTimeout(poll);
      source = watch = poll = probe = undefined;
    }
    // look opens a stream beside the polling, and leaves it at that if it brings something.
    function look() {
      probed = Date.now();
      const mine = probe = new EventSource(at());
      const works = () => { if (probe === mine && polling && !ended) { polling = false; open(); } };
      for (const name of names) mine.addEventListener(name, works);
      mine.onerror = () => mine.close();
      setTimeout(() => mine.close(), silent);
    }
    async function ask() {
      try {
        const answer = await fetch(at(), { headers: { "X-Requested-With": "phscript" }, signal: AbortSignal.timeout(patience) });
        if (answer.status === 401) { finish(); tell("expired"); return; }
        if (!answer.ok) throw new Error(answer.status);
        const { events, end } = await answer.json();
        failing = false;
        tell("polling");
        events.forEach(take);
        if (end && !ended) take({ name: "end" });
      } catch { failing = true; tell("lost"); }
      if (ended || !polling || paused || document.hidden) return;
      poll = setTimeout(ask, failing ? 5000 : pollEvery);
      if (!failing && Date.now() - probed > probeEvery) look();
    }
    function open() {
      if (ended || paused || document.hidden) return;
      close();
      if (polling) { probed = probed || Date.now(); ask(); return; }
      heard();
      source = new EventSource(at());
      source.onopen = () => { heard(); tell("live"); };
      source.onerror = () => tell("lost");
      for (const name of names) {
        source.addEventListener(name, (e) => { tell("live"); take({ id: e.lastEventId, name, data: JSON.parse(e.data || "null") }); });
      }
      watch = setInterval(() => {
        if (Date.now() - last <= silent) return;
        tell("lost");
        polling = true;
        open();
      }, 1000);
    }
    document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
    addEventListener("pagehide", close);
    addEventListener("pageshow", (e) => { if (e.persisted) open(); });
    open();
    return { pause(now) { paused = now; if (now) { close(); tell("paused"); } else { polling = false; open(); } } };
  }

  // Pages whose parts are replaced when something has changed, and logs that grow.
  const mark = document.getElementById("live"), log = document.getElementById("lines");
  const wrap = document.getElementById("wrap"), follow = document.getElementById("follow");
  if (wrap) {
    wrap.checked = localStorage.getItem("wrap") !== "no";
    const set = () => log.classList.toggle("nowrap", !wrap.checked);
    wrap.addEventListener("change", (e) => { e.stopPropagation(); localStorage.setItem("wrap", wrap.checked ? "yes" : "no"); set(); });
    set();
  }
  const toEnd = () => { log.scrollTop = log.scrollHeight; };
  // Times are clock times, those since the start of the run, or hidden.
  const times = document.getElementById("times");
  function setTimes(lines) {
    const mode = times.value, start = Number(log.dataset.started);
    log.classList.toggle("no-time", mode === "none");
    for (const t of lines.querySelectorAll("time")) {
      if (!t.dataset.clock) t.dataset.clock = t.textContent;
      t.textContent = mode === "start" && start ? "+" + (Math.max(0, Date.parse(t.dateTime) - start) / 1000).toFixed(2) + " s" : t.dataset.clock;
    }
  }
  if (times) {
    times.value = localStorage.getItem("times") || "";
    if (times.selectedIndex < 0) times.value = "";
    times.addEventListener("change", (e) => { e.stopPropagation(); localStorage.setItem("times", times.value); setTimes(log); });
    if (times.value) setTimes(log);
  }
  if (log && location.hash === "#end") toEnd();
  const back = document.getElementById("to-end"), atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 12;
  if (back) {
    const see = () => { back.hidden = atEnd(); if (follow) follow.checked = atEnd(); };
    if (follow) {
      toEnd();
      follow.addEventListener("change", (e) => { e.stopPropagation(); if (follow.checked) toEnd(); });
    }
    back.hidden = atEnd();
    log.addEventListener("scroll", see, { passive: true });
    addEventListener("resize", () => { if (follow && follow.checked) toEnd(); back.hidden = atEnd(); });
    back.addEventListener("click", () => { toEnd(); log.focus({ preventScroll: true }); });
  }
  // Keys, which can be turned off: some people speak to their computer, or press keys by accident.
  const keys = document.getElementById("keys");
  if (keys) {
    keys.checked = localStorage.getItem("keys") !== "no";
    keys.addEventListener("change", () => localStorage.setItem("keys", keys.checked ? "yes" : "no"));
    document.addEventListener("keydown", (e) => {
      const field = e.target.matches("input:not([type=checkbox]), select, textarea");
      if (e.key === "Escape" && e.target.id === "q") { log.focus(); return; }
      if (!keys.checked || field || e.ctrlKey || e.metaKey || e.altKey) return;
      if (e.key === "/") document.getElementById("q").focus();
      else if (e.key === "t") { log.scrollTop = 0; log.focus({ preventScroll: true }); }
      else if (e.key === "e") { toEnd(); log.focus({ preventScroll: true }); }
      else if (e.key === "f" && follow) { follow.checked = !follow.checked; if (follow.checked) toEnd(); else log.scrollTop -= 24; }
      else return;
      e.preventDefault();
    });
  }
  // The whole log goes to the clipboard, and not only what is loaded.
  const copy = document.getElementById("copy"), mostCopied = 100000;
  async function toClipboard(text) {
    if (navigator.clipboard) { await navigator.clipboard.writeText(text); return; }
    const area = document.createElement("textarea"); // without TLS, browsers have only the old way
    area.className = "hidden";
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) throw new Error("refused");
  }
  if (copy) copy.addEventListener("click", async () => {
    if (Number(copy.dataset.lines) > mostCopied) { copy.textContent = "Too long to copy: download it"; return; }
    try {
      const answer = await fetch(copy.dataset.from);
      if (!answer.ok) throw new Error(answer.status);
      const text = await answer.text();
      await toClipboard(text);
      const n = text.split("\n").length - 1;
      copy.textContent = "Copied " + n + (n === 1 ? " line" : " lines");
    } catch { copy.textContent = "Not copied: the browser refused"; }
    setTimeout(() => { copy.textContent = "Copy"; }, 4000);
  });
  const mostLines = 5000;
  function append(html) {
    const t = document.createElement("template"), stay = follow && follow.checked;
    t.innerHTML = html;
    if (times && times.value) setTimes(t.content);
    log.append(t.content);
    while (log.childElementCount > mostLines) log.firstElementChild.remove();
    if (stay) toEnd();
    if (back) back.hidden = atEnd();
  }
  const address = log && log.dataset.follow || body.dataset.live;
  if (address && mark) {
    const text = document.getElementById("live-text"), dot = document.getElementById("live-dot"), button = document.getElementById("live-pause");
    const skew = Date.now() - Number(body.dataset.now);
    let state = "live", shown = Date.now(), busy = false, again = false;
    mark.hidden = false;
    const unit = (n, a, m, b) => (m ? n + " " + a + " " + m + " " + b : n + " " + a);
    function lasts(ms) {
      const s = Math.max(0, Math.floor(ms / 1000));
      if (s < 60) return s + " s";
      if (s < 3600) return unit(Math.floor(s / 60), "min", s % 60, "s");
      return unit(Math.floor(s / 3600), "h", Math.floor(s / 60) % 60, "min");
    }
    function say() {
      const words = { live: "Live", polling: "Live, checked every few seconds", paused: "Paused", lost: "Not live: no connection", expired: "Your session has ended", end: "Ended" };
      dot.className = "dot" + (state === "paused" || state === "end" ? " off" : state === "lost" || state === "expired" ? " lost" : "");
      const old = Date.now() - shown, now = words[state] + (state === "expired" || state === "end" ? "" : old < 2000 ? ", updated a second ago" : ", updated " + lasts(old) + " ago");
      if (text.textContent !== now) text.textContent = now;
      button.hidden = state === "expired" || state === "end";
      if (state === "expired" && !mark.querySelector("a")) {
        const link = document.createElement("a");
        link.className = "link";
        link.href = body.dataset.base + "/sign-in?to=" + encodeURIComponent(location.pathname.slice(body.dataset.base.length) + location.search);
        link.textContent = "Sign in again";
        mark.append(link);
      }
      // Clocks run only while what they show is known to be so.
      if (state === "live" || state === "polling") for (const e of document.querySelectorAll("[data-since]")) e.textContent = lasts(Date.now() - skew - Number(e.dataset.since));
    }
    // Only a change of the state is announced, and not each second.
    const tell = (now) => { if (state !== now && state !== "end") { state = now; text.setAttribute("aria-live", "polite"); say(); text.setAttribute("aria-live", "off"); } };
    async function refresh() {
      if (busy) { again = true; return; }
      busy = true;
      try {
        const answer = await fetch(location.href, { headers: { "X-Requested-With": "phscript" }, signal: AbortSignal.timeout(patience) });
        if (answer.status === 401) { tell("expired"); return; }
        if (!answer.ok) throw new Error(answer.status);
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const part of document.querySelectorAll("[data-part]")) {
          const other = fresh.getElementById(part.id), used = part.contains(document.activeElement) && document.activeElement;
          // What somebody is using stays until they have done.
          if (!other || used && used.matches("input:not([type=checkbox]), select, textarea, button")) continue;
          const html = other.innerHTML;
          if (drawn.get(part.id) === html) continue;
          drawn.set(part.id, html);
          // Ticks stay, and so does the place of the keyboard.
          const key = (e) => e.href || e.name + "=" + e.value, ticked = new Set([...part.querySelectorAll("input[type=checkbox]:checked")].map(key));
          part.replaceChildren(...document.adoptNode(other).childNodes);
          for (const e of part.querySelectorAll("input[type=checkbox]")) if (e.name && ticked.has(key(e))) e.checked = true;
          if (used) for (const e of part.querySelectorAll(used.localName)) if (key(e) === key(used)) { e.focus({ preventScroll: true }); break; }
          const list = part.closest("form[data-ticks]");
          if (list) countTicks(list);
        }
        shown = Date.now();
      } catch { tell("lost"); } finally {
        busy = false;
        if (again) { again = false; setTimeout(refresh, 1000); }
      }
    }
    const live = stream(address, log && log.dataset.follow ? log.dataset.after : body.dataset.at, (e) => {
      if (e.name === "lines") { append(e.data); shown = Date.now(); }
      if (e.name === "change") refresh();
      if (e.name === "end") {
        const end = document.getElementById("log-end");
        if (end) end.textContent = "End of the log.";
        refresh();
        tell("end");
      }
    }, tell);
    button.addEventListener("click", () => {
      const paused = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(paused));
      button.textContent = paused ? "Resume updates" : "Pause updates";
      live.pause(paused);
      if (!paused) refresh();
    });
    setInterval(say, 1000);
    say();
  }
  countAll();
})();
