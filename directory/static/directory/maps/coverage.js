// The map of services: dots gathered by the server, coloured and shaped by how fresh they are.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const { create, json, say, settings, texts } = window.WaypostMap || {};
  const canvas = document.getElementById("coverage-map");
  if (!create || !canvas) return;
  const STATES = ["current", "due", "hidden", "never"];
  const COLOURS = { current: "#15803d", due: "#b45309", hidden: "#b91c1c", never: "#57606a" };
  const SIGNS = { current: "●", due: "▲", hidden: "■", never: "◆" };
  const told = document.getElementById("coverage-told");
  canvas.hidden = false;
  const map = create(canvas);
  const dots = L.layerGroup().addTo(map);
  const filters = new URLSearchParams(location.search);
  filters.delete("page");
  let asking = 0;

  const ask = (bounds, zoom) => {
    const query = new URLSearchParams(filters);
    query.set("bbox", [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()].map((n) => n.toFixed(4)).join(","));
    query.set("zoom", zoom);
    return json(`${settings.points}?${query}`);
  };
  const summary = (dot) => {
    const parts = STATES.filter((state) => dot.states[state]).map((state) => `${SIGNS[state]} ${dot.states[state]} ${texts[state]}`);
    return `${say(texts.services, { count: dot.count })}: ${parts.join(", ")}`;
  };
  function icon(dot) {
    const one = dot.count === 1 && STATES.find((state) => dot.states[state]);
    const body = document.createElement("span");
    if (one) {
      body.className = `shape shape-${one}${dot.services && dot.services[0].city_only ? " shape-city" : ""}`;
      return L.divIcon({ className: "map-dot", html: body, iconSize: [24, 24] });
    }
    let from = 0;
    const ring = STATES.filter((state) => dot.states[state]).map((state) => {
      const to = from + (360 * dot.states[state]) / dot.count, piece = `${COLOURS[state]} ${from}deg ${to}deg`;
      from = to;
      return piece;
    });
    body.className = "map-cluster";
    body.style.background = `conic-gradient(${ring.join(",")})`;
    const inner = document.createElement("span");
    inner.append(String(dot.count));
    const worse = STATES.slice(1).filter((state) => dot.states[state]).map((state) => SIGNS[state]).join("");
    if (worse) {
      const small = document.createElement("small");
      small.textContent = worse;
      inner.append(small);
    }
    body.append(inner);
    return L.divIcon({ className: "map-dot", html: body, iconSize: [48, 48] });
  }
  function popup(dot) {
    const list = document.createElement("ul");
    list.className = "map-list";
    for (const one of dot.services) {
      const item = document.createElement("li"), link = document.createElement("a"), note = document.createElement("span");
      const sign = document.createElement("span");
      sign.className = `shape shape-${one.state}`;
      sign.title = texts[one.state];
      link.href = one.url;
      link.textContent = one.name;
      link.dir = "auto";
      note.className = "quiet";
      note.dir = "auto";
      note.textContent = one.city_only ? `${one.city} (${texts.cityOnly})` : one.city;
      item.append(sign, link, note);
      list.append(item);
    }
    if (dot.count > dot.services.length) {
      const rest = document.createElement("li");
      rest.textContent = say(texts.more, { count: dot.count - dot.services.length });
      list.append(rest);
    }
    return list;
  }
  function draw(answer) {
    dots.clearLayers();
    for (const dot of answer.clusters) {
      const marker = L.marker([dot.lat, dot.lon], { icon: icon(dot), title: summary(dot), keyboard: true });
      const wide = dot.box && (dot.box[0] !== dot.box[2] || dot.box[1] !== dot.box[3]) && map.getZoom() < 17;
      marker.on("click keypress", (event) => {
        if (event.type === "keypress" && event.originalEvent.key !== "Enter") return;
        if (wide && (!dot.services || dot.count > dot.services.length || map.getZoom() < 13))
          map.fitBounds([[dot.box[0], dot.box[1]], [dot.box[2], dot.box[3]]], { padding: [60, 60], maxZoom: map.getZoom() + 4 });
        else if (dot.services) marker.unbindPopup().bindPopup(popup(dot), { maxWidth: 280, maxHeight: 260 }).openPopup();
        else map.setView([dot.lat, dot.lon], map.getZoom() + 2);
      });
      marker.addTo(dots);
      marker.getElement().setAttribute("aria-label", summary(dot));
    }
    told.textContent = say(texts.inView, { count: answer.total });
  }
  async function renew() {
    const mine = ++asking;
    try {
      const answer = await ask(map.getBounds(), map.getZoom());
      if (mine === asking) draw(answer);
    } catch { if (mine === asking) told.textContent = texts.failed; }
  }
  async function start() {
    try {
      const all = await ask(L.latLngBounds([[-90, -180], [90, 180]]), 3);
      const corners = all.clusters.flatMap((dot) => (dot.box ? [[dot.box[0], dot.box[1]], [dot.box[2], dot.box[3]]] : [[dot.lat, dot.lon]]));
      if (corners.length) map.fitBounds(corners, { padding: [30, 30], maxZoom: 13, animate: false });
    } catch { told.textContent = texts.failed; }
    map.on("moveend", () => { if (!map.getContainer().querySelector(".leaflet-popup")) renew(); });
    map.on("popupclose", renew);
    renew();
  }
  start();
});
