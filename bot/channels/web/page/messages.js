/* How a message becomes elements of the page. Texts are only ever set as text, never as HTML. */
"use strict";

var waypostMessages = (function () {
  /* A web address or an e-mail address; marks of direction (U+200E, U+2066..2069) are no part of it. */
  const LINK = /(https?:\/\/[^\s<>"'\u2066-\u2069\u200e\u200f\u060c]*[^\s<>"'\u2066-\u2069\u200e\u200f\u060c.,;:!?)])|([\w.+-]+@[\w-]+(?:\.[\w-]+)+)/g;
  /* A whole run of digits as phones dial it: 112, +44 20 7946 0018, (0800) 123 456. Never a part of one. */
  const NUMBER = /\+?\(?\d(?:[ \u00a0().-]{0,2}\d)+/g;
  const INTERNATIONAL = /\+\d(?:[ \u00a0().-]{0,2}\d){6,}/g;
  const URGENT = { crisis: true, protection: true };

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  }

  function icon(name) {
    const SVG = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(SVG, "svg");
    const use = document.createElementNS(SVG, "use");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", "#icon-" + name);
    svg.appendChild(use);
    return svg;
  }

  function link(className, href, text) {
    const made = element("a", className, text);
    made.href = href;
    if (/^https?:/.test(href)) {
      made.target = "_blank";
      made.rel = "noopener noreferrer";
    }
    return made;
  }

  /* Appends `text` to `parent`, with what `pattern` finds as links: `toLink(match)` gives an element or null. */
  function appendLinked(parent, text, pattern, toLink) {
    let from = 0;
    text.replace(pattern, function (found) {
      const at = arguments[arguments.length - 2];
      const made = toLink(found);
      if (made) {
        parent.appendChild(document.createTextNode(text.slice(from, at)));
        parent.appendChild(made);
        from = at + found.length;
      }
      return found;
    });
    parent.appendChild(document.createTextNode(text.slice(from)));
  }

  function toWeb(found) {
    return link("", found.indexOf("://") > 0 ? found : "mailto:" + found, found);
  }

  function toPhone(found) {
    const digits = found.replace(/[^\d+]/g, "");
    const count = digits.replace("+", "").length;
    if (count < 2 || count > 15) return null;
    const made = link("tel", "tel:" + digits, found);
    made.dir = "ltr";
    return made;
  }

  /* The text of a bubble. In urgent kinds the first line stands apart and its numbers can be dialled. */
  function words(bubble, kind, text) {
    const parts = URGENT[kind] ? /^(.*)\s*([^]*)$/.exec(text) : [text, "", text];
    const first = element("p", "first");
    const rest = element("p");
    if (parts[1]) {
      appendLinked(first, parts[1], NUMBER, toPhone);
      bubble.appendChild(first);
    }
    if (parts[2]) {
      if (kind === "crisis") appendLinked(rest, parts[2], INTERNATIONAL, toPhone);
      else appendLinked(rest, parts[2], LINK, toWeb);
      bubble.appendChild(rest);
    }
  }

  /* One service: {"number", "title", "lines", "phones": [{"display", "tel"}], "map"}. */
  function card(service, texts) {
    const made = element("article", "card");
    const title = element("h2");
    if (service.number) title.appendChild(element("span", "number", service.number + "."));
    title.appendChild(element("bdi", "", service.title));
    made.appendChild(title);
    const lines = element("ul", service.number ? "lines short" : "lines");
    (service.lines || []).forEach(function (line) {
      const row = element("li");
      appendLinked(row, line, LINK, toWeb);
      lines.appendChild(row);
    });
    made.appendChild(lines);
    const actions = element("div", "actions");
    (service.phones || []).forEach(function (phone) {
      if (!/^tel:[+*#\d]+$/.test(phone.tel)) return;
      const call = link("call", phone.tel);
      const number = element("bdi", "", phone.display);
      number.dir = "ltr";
      call.appendChild(icon("phone"));
      call.appendChild(element("span", "", texts.call + " "));
      call.appendChild(number);
      actions.appendChild(call);
    });
    if (/^https:\/\//.test(service.map || "")) {
      const map = link("map", service.map);
      map.appendChild(icon("map"));
      map.appendChild(element("span", "", texts.map));
      actions.appendChild(map);
    }
    if (actions.firstChild) made.appendChild(actions);
    return made;
  }

  function bubble(reply, text, extra) {
    const made = element("div", "bubble" + (extra || ""));
    words(made, reply.kind, text);
    return made;
  }

  function button(className, text, tapped) {
    const made = element("button", className, text);
    made.type = "button";
    made.addEventListener("click", tapped);
    return made;
  }

  function choices(reply, on) {
    const made = element("div", "choices");
    reply.choices.forEach(function (label, index) {
      made.appendChild(button("choice", label, function () { on.choose(index + 1, label); }));
    });
    return made;
  }

  /* Who says it, for screen readers, and the message: `who` is you or bot. */
  function row(who, texts) {
    const made = element("div", "message " + who);
    made.appendChild(element("span", "for-readers", texts[who] + ": "));
    return made;
  }

  return {
    /* An answer of the bot, as /chat/replies gives it. `on`: {choose(number, label), locate()}. */
    answer: function (reply, texts, direction, on) {
      const made = row("bot", texts);
      const said = element("div", "said");
      made.className += " kind-" + reply.kind;
      made.setAttribute("data-kind", reply.kind);
      said.lang = reply.language;
      said.dir = direction;
      const apart = (reply.cards || []).length && typeof reply.heading === "string";
      if (!apart) said.appendChild(bubble(reply, reply.text));
      else {
        if (reply.heading) said.appendChild(bubble(reply, reply.heading));
        reply.cards.forEach(function (service) { said.appendChild(card(service, texts)); });
        if (reply.footer) said.appendChild(bubble({ kind: "text" }, reply.footer, " footer"));
      }
      if (reply.ask_location) {
        const locate = button("locate", texts.share_location, on.locate);
        locate.insertBefore(icon("pin"), locate.firstChild);
        locate.lang = document.documentElement.lang;
        locate.dir = document.documentElement.dir;
        said.appendChild(locate);
      }
      if ((reply.choices || []).length) said.appendChild(choices(reply, on));
      made.appendChild(said);
      return made;
    },

    /* A remark of the page itself, in the words of `key`. */
    note: function (key, texts) {
      const made = row("bot", texts);
      made.className += " note";
      made.appendChild(element("p", "bubble", texts[key]));
      return made;
    },

    /* A message of the person: {"text", "state": sending|sent|failed, "error"}. `retry` is called at a tap. */
    own: function (message, texts, retry) {
      const made = row("you", texts);
      const text = element("div", "bubble");
      text.dir = "auto";
      if (message.location) text.appendChild(icon("pin"));
      text.appendChild(element("span", "", message.location ? texts.my_location : message.text));
      made.appendChild(text);
      if (message.state === "sending") made.appendChild(element("span", "state", texts.sending));
      if (message.state === "failed") {
        const again = button("state retry", texts.not_sent, retry);
        if (message.error) {
          const error = element("span", "error", message.error);
          error.lang = "en";
          error.dir = "ltr";
          again.appendChild(error);
        }
        made.appendChild(again);
      }
      return made;
    }
  };
})();
