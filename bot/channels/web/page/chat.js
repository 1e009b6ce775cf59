/* The conversation of the web page: what was said, sending it until it is stored, fetching answers, the controls.

   Everything lives in this tab only (sessionStorage): closing the tab or "clear" forgets it. */
"use strict";

(function () {
  const view = waypostMessages;
  const STORE = "waypost", KEPT = 200, MAX_CHARS = 1000;
  const BACK_OFF = [1, 2, 4, 8, 15];
  const SEND_TIMEOUT = 15000, POLL_WAIT = 25, POLL_TIMEOUT = 40000;
  const EAGER = 120000, IDLE_POLL = 20000, LOCATE_TIMEOUT = 20000;

  let strings = JSON.parse(byId("strings").textContent);
  let texts = strings.texts;
  let state = restored();
  let gone = false;

  const log = byId("log"), scroller = byId("scroll"), field = byId("text"), picker = byId("language");

  function byId(id) { return document.getElementById(id); }

  /* --- what was said ------------------------------------------------------------------------------------------- */

  /* {"after": id of the last answer, "active": time of the last message, "items": [...]}; an item is an answer with
     its id, {"note": key}, or a message of the person {"own": id, "text", "send", "location", "state", "error"}. */
  function restored() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(STORE));
      if (kept && Array.isArray(kept.items)) return { after: +kept.after || 0, active: +kept.active || 0, items: kept.items };
    } catch (error) { /* forbidden or damaged: start afresh */ }
    return { after: 0, active: 0, items: [] };
  }

  function keep() {
    if (gone) return;
    while (state.items.length > KEPT && state.items[0].state !== "sending") state.items.shift();
    try {
      sessionStorage.setItem(STORE, JSON.stringify(state));
    } catch (error) { /* forbidden or full: this page still works, only a reload forgets */ }
  }

  function nodeOf(item) {
    if (item.own) return view.own(item, texts, function () { again(item); });
    if (item.note) return view.note(item.note, texts);
    return view.answer(item, texts, directionOf(item.language), { choose: choose, locate: locate });
  }

  function directionOf(code) {
    const known = strings.languages.filter(function (language) { return language.code === code; })[0];
    return known ? known.direction : "auto";
  }

  const nodes = new Map();

  function show(item, before) {
    if (item.own) removeAll(".choices, .locate, .note");
    else if ((item.choices || []).length) removeAll(".choices, .locate");
    const node = nodeOf(item);
    nodes.set(item, node);
    log.insertBefore(node, before ? nodes.get(before) : null);
    return node;
  }

  function removeAll(selector) {
    Array.prototype.forEach.call(log.querySelectorAll(selector), function (node) { node.parentNode.removeChild(node); });
  }

  function refresh(item) {
    const node = nodeOf(item), old = nodes.get(item);
    nodes.set(item, node);
    if (old && old.parentNode) log.replaceChild(node, old);
  }

  /* All again, e.g. in another language; screen readers are not told what they know already. */
  function showAll() {
    log.setAttribute("aria-live", "off");
    log.textContent = "";
    nodes.clear();
    state.items.forEach(function (item) { show(item); });
    setTimeout(function () { log.setAttribute("aria-live", "polite"); }, 500);
  }

  /* --- scrolling ----------------------------------------------------------------------------------------------- */

  let end = true;  // whether the newest is in sight; stays so when the keyboard or the field takes room

  function atEnd() { return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 60; }

  function toEnd() { scroller.scrollTop = scroller.scrollHeight; }

  /* To the start of a new answer, so that a long one is read from its top. */
  function toStart(node) {
    scroller.scrollTop += node.getBoundingClientRect().top - scroller.getBoundingClientRect().top - 12;
    byId("newer").hidden = true;
  }

  let unseen = null;

  /* --- requests ------------------------------------------------------------------------------------------------ */

  /* Calls `done(status, body, request)`: status 0 without an answer, body null if it is not JSON. */
  function request(method, url, body, timeout, done) {
    const made = new XMLHttpRequest();
    made.open(method, url);
    made.timeout = timeout;
    if (body) made.setRequestHeader("Content-Type", "application/json");
    made.onloadend = function () {
      let data = null;
      try { data = JSON.parse(made.responseText); } catch (error) { /* none, or not ours */ }
      if (!gone) done(made.status, data, made);
    };
    made.send(body ? JSON.stringify(body) : null);
    return made;
  }

  function connected(yes) {
    const bar = byId("offline");
    const text = yes ? "" : texts.offline;
    if (bar.textContent !== text) bar.textContent = text;
    if (!yes) typing();
  }

  /* --- sending: one after the other, each until it is stored ---------------------------------------------------- */

  let sending = null, sendTimer = 0;

  /* 128 random bits as 22 characters; the same for each try, so the server stores a message once. */
  function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return btoa(String.fromCharCode.apply(null, bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
  }

  function say(message) {
    message.own = newId();
    message.state = "sending";
    message.tries = 0;
    state.active = Date.now();
    state.items.push(message);
    show(message);
    keep();
    toEnd();
    pump();
  }

  function choose(number, label) {
    log.focus({ preventScroll: true });
    say({ text: label, send: "choice:" + number });
  }

  function pump() {
    if (sending || sendTimer) return;
    sending = state.items.filter(function (item) { return item.own && item.state === "sending"; })[0] || null;
    if (!sending) return;
    const message = sending, body = { id: message.own, text: message.send || "" };
    if (message.location) body.location = message.location;
    request("POST", "/chat/messages", body, SEND_TIMEOUT, function (status, data, answer) {
      sending = null;
      if (status === 202 && data && data.stored === message.own) stored(message);
      else if (status === 429) later((+answer.getResponseHeader("Retry-After") || 5) * 1000);
      else if (status >= 400 && status < 500 && status !== 408) failed(message, (data && data.error) || String(status));
      else if (message.tries >= BACK_OFF.length) failed(message, "");
      else {
        connected(false);
        later(BACK_OFF[message.tries++] * 1000);
      }
    });
  }

  function later(delay) {
    sendTimer = setTimeout(function () {
      sendTimer = 0;
      pump();
    }, Math.min(delay, 60000));
  }

  function stored(message) {
    message.state = "sent";
    delete message.send;
    if (message.location) message.location = true;
    waiting = Math.max(waiting, 1);
    connected(true);
    refresh(message);
    keep();
    typing();
    pump();
    poll();
  }

  function failed(message, error) {
    const seen = atEnd();
    message.state = "failed";
    message.error = error;
    refresh(message);
    keep();
    if (seen) toEnd();
    pump();
  }

  function again(message) {
    message.state = "sending";
    message.tries = 0;
    state.active = Date.now();
    refresh(message);
    keep();
    hurry();
  }

  /* Send what waits now, not at the end of its pause. */
  function hurry() {
    clearTimeout(sendTimer);
    sendTimer = 0;
    pump();
  }

  /* --- answers --------------------------------------------------------------------------------------------------- */

  let waiting = 0, polling = null, pollTimer = 0, pollFailures = 0;

  function started() { return state.items.some(function (item) { return item.own; }); }

  function eager() { return waiting > 0 || Date.now() - state.active < EAGER; }

  function poll() {
    clearTimeout(pollTimer);
    if (polling || gone || document.hidden || !started()) return;
    const wait = eager() ? POLL_WAIT : 0;
    polling = request("GET", "/chat/replies?after=" + state.after + "&wait=" + wait, null, POLL_TIMEOUT, function (status, data) {
      polling = null;
      if (status === 200 && data && Array.isArray(data.replies)) {
        pollFailures = 0;
        waiting = data.waiting;
        connected(true);
        arrived(data.replies);
        pollLater(!eager() ? IDLE_POLL : data.replies.length ? 0 : 1000);
      } else {
        pollFailures++;
        if (pollFailures > 1) connected(false);
        pollLater(BACK_OFF[Math.min(pollFailures, BACK_OFF.length) - 1] * 1000);
      }
    });
  }

  function pollLater(delay) { pollTimer = setTimeout(poll, delay); }

  /* After a sleep or a change of network: a request from before may never end. */
  function pollAfresh() {
    pollFailures = 0;
    if (polling) polling.abort();
    else poll();
  }

  function arrived(replies) {
    const seen = atEnd();
    let first = null;
    replies.sort(function (a, b) { return a.id - b.id; }).forEach(function (reply) {
      if (state.items.some(function (item) { return item.id === reply.id; })) return;
      const before = state.items.filter(function (item) { return item.id > reply.id; })[0];
      state.items.splice(before ? state.items.indexOf(before) : state.items.length, 0, reply);
      const node = show(reply, before);
      first = first || node;
    });
    typing();
    if (!replies.length) return;
    state.active = Date.now();
    state.after = Math.max(state.after, replies[replies.length - 1].id);
    keep();
    if (first && seen) toStart(first);
    else if (first) {
      unseen = byId("newer").hidden ? first : unseen;
      byId("newer").hidden = false;
    }
  }

  function typing() {
    const seen = atEnd(), mark = byId("typing");
    mark.hidden = !(waiting > 0) || Boolean(byId("offline").textContent);
    if (seen && !mark.hidden) toEnd();
  }

  /* --- position -------------------------------------------------------------------------------------------------- */

  function locate() {
    const buttons = document.querySelectorAll("#locate, .locate");
    let open = true;
    busy(true);
    const timer = setTimeout(refused, LOCATE_TIMEOUT + 10000);  // some browsers never answer
    if (!navigator.geolocation) return refused();
    navigator.geolocation.getCurrentPosition(function (position) {
      if (!finish()) return;
      // about 1 km is enough to find help; the exact position does not leave the phone
      const round = function (degrees) { return Math.round(degrees * 100) / 100; };
      say({ text: "", location: { lat: round(position.coords.latitude), lon: round(position.coords.longitude) } });
    }, refused, { enableHighAccuracy: false, timeout: LOCATE_TIMEOUT, maximumAge: 300000 });

    function busy(yes) {
      Array.prototype.forEach.call(buttons, function (button) { button.disabled = yes; });
    }
    function finish() {
      const first = open;
      open = false;
      clearTimeout(timer);
      busy(false);
      return first;
    }
    function refused() {
      if (!finish() || gone) return;
      removeAll(".note");
      state.items = state.items.filter(function (item) { return !item.note; });
      const note = { note: "no_location" };
      state.items.push(note);
      show(note);
      keep();
      toEnd();
    }
  }

  /* --- language -------------------------------------------------------------------------------------------------- */

  function speak() {
    document.documentElement.lang = strings.language;
    document.documentElement.dir = strings.direction;
    document.title = texts.title;
    each("[data-text]", function (node) { node.textContent = texts[node.getAttribute("data-text")]; });
    each("[data-label]", function (node) {
      node.setAttribute("aria-label", texts[node.getAttribute("data-label")]);
      if (node.tagName !== "TEXTAREA") node.title = texts[node.getAttribute("data-label")];
    });
    field.placeholder = texts.placeholder;
    picker.textContent = "";
    strings.languages.forEach(function (language) {
      const option = document.createElement("option");
      option.value = option.lang = language.code;
      option.dir = language.direction;
      option.textContent = language.name;
      option.selected = language.code === strings.language;
      picker.appendChild(option);
    });
  }

  function each(selector, act) { Array.prototype.forEach.call(document.querySelectorAll(selector), act); }

  picker.addEventListener("change", function () {
    const name = picker.options[picker.selectedIndex].textContent;
    picker.disabled = true;
    request("GET", "/chat/strings?language=" + encodeURIComponent(picker.value), null, SEND_TIMEOUT, function (status, data) {
      picker.disabled = false;
      if (status !== 200 || !data || !data.texts) {
        picker.value = strings.language;
        connected(false);
        return;
      }
      strings = data;
      texts = data.texts;
      connected(true);
      speak();
      showAll();
      say({ text: name, send: name });
    });
  });

  /* --- controls -------------------------------------------------------------------------------------------------- */

  function grow() {
    field.style.height = "auto";
    if (field.value) field.style.height = Math.min(field.scrollHeight + 2, 132) + "px";
    if (end) toEnd();
  }

  /* At most MAX_CHARS, and no half of a character that takes two code units. */
  function cut(text) {
    return text.length <= MAX_CHARS ? text : text.slice(0, MAX_CHARS).replace(/[\ud800-\udbff]$/, "");
  }

  function submit() {
    const text = cut(field.value.trim()).trim();
    if (!text) return;
    field.value = "";
    grow();
    say({ text: text, send: text });
  }

  byId("composer").addEventListener("submit", function (event) {
    event.preventDefault();
    submit();
  });
  field.addEventListener("input", grow);
  field.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    submit();
  });
  byId("locate").addEventListener("click", locate);
  byId("newer").addEventListener("click", function () { if (unseen) toStart(unseen); });
  scroller.addEventListener("scroll", function () {
    end = atEnd();
    if (end) byId("newer").hidden = true;
  });

  /* Forget all and leave, without a way back to it. The server drops answers that were not fetched and gives
     this browser another id, so that nothing comes up when this phone opens the page again. */
  byId("clear").addEventListener("click", function () {
    gone = true;
    if (started() && window.fetch) {
      fetch("/chat/clear", { method: "POST", credentials: "same-origin", keepalive: true }).catch(function () { /* nothing can be done */ });
    }
    try { sessionStorage.removeItem(STORE); } catch (error) { /* nothing was kept */ }
    log.textContent = field.value = document.title = "";
    location.replace("about:blank");
  });
  document.addEventListener("click", function (event) { if (!byId("menu").contains(event.target)) byId("menu").open = false; });
  document.addEventListener("keydown", function (event) { if (event.key === "Escape") byId("menu").open = false; });

  window.addEventListener("resize", function () { if (end) toEnd(); });

  window.addEventListener("online", function () {
    state.items.forEach(function (item) { if (item.state === "failed" && !item.error) again(item); });
    if (sending) sending.tries = 0;
    connected(true);
    hurry();
    pollAfresh();
  });
  window.addEventListener("offline", function () { connected(false); });
  document.addEventListener("visibilitychange", function () { if (!document.hidden) pollAfresh(); });

  speak();
  try {
    showAll();
  } catch (error) {  // kept by another version of this page
    state = { after: 0, active: 0, items: [] };
    showAll();
  }
  each("#composer, #language, #menu", function (node) { node.hidden = false; });
  grow();
  toEnd();
  if (window.matchMedia("(hover: hover) and (pointer: fine)").matches) field.focus();
  pump();
  poll();
})();
