// A Leaflet map that works without tiles: outline of the world, names of towns in view, a scale; tiles only if a server is set.
"use strict";
(() => {
  const element = document.getElementById("map-settings");
  if (!element || !window.L) return;
  const settings = JSON.parse(element.textContent);
  const texts = settings.texts;
  let outline; // one download for all maps of a page

  const say = (text, values) => Object.entries(values || {}).reduce((line, [name, value]) => line.replace(`{${name}}`, value), text);
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // The box in whole degrees that holds the view: what is asked for tells nobody where exactly somebody looks.
  const wideBox = (bounds) =>
    [Math.floor(bounds.getWest()), Math.floor(bounds.getSouth()), Math.ceil(bounds.getEast()), Math.ceil(bounds.getNorth())].join(",");

  async function json(address, options) {
    const answer = await fetch(address, { credentials: "same-origin", ...options });
    if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
    return answer.json();
  }

  function drawOutline(map) {
    outline = outline || json(settings.world);
    outline.then((world) => {
      const colours = () => ({ land: style("--map-land") || "#f2efe6", line: style("--map-line") || "#9aa5a0" });
      const layer = L.geoJSON(world, {
        interactive: false,
        renderer: L.canvas({ pane: "outline", padding: 0.3 }),
        style: (feature) => feature.properties.kind === "land"
          ? { stroke: true, color: colours().line, weight: 1, fill: true, fillColor: colours().land, fillOpacity: 1 }
          : { stroke: true, color: colours().line, weight: 1, dashArray: "3 3", fill: false },
      });
      layer.addTo(map);
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => layer.resetStyle());
    }).catch(() => map.fire("waypost:failed"));
  }

  // Names of towns, the largest first; one that would overlap another is left out.
  function drawTowns(map) {
    const layer = L.layerGroup().addTo(map);
    let asked = "", known = [];
    const place = () => {
      layer.clearLayers();
      const taken = [], size = map.getSize(), bounds = map.getBounds();
      for (const [name, lat, lon] of known) {
        if (!bounds.contains([lat, lon])) continue;
        const at = map.latLngToContainerPoint([lat, lon]), width = 12 + 7 * name.length;
        const box = [at.x - 6, at.y - 9, at.x + width, at.y + 9];
        if (box[2] > size.x || taken.some((t) => t[0] < box[2] && box[0] < t[2] && t[1] < box[3] && box[1] < t[3])) continue;
        taken.push(box);
        const label = document.createElement("span");
        label.textContent = name;
        L.marker([lat, lon], {
          interactive: false, keyboard: false, pane: "towns",
          icon: L.divIcon({ className: "map-town", html: label, iconSize: [0, 0], iconAnchor: [3, 3] }),
        }).addTo(layer);
        if (taken.length > 60) break;
      }
    };
    const renew = async () => {
      const box = wideBox(map.getBounds());
      if (box !== asked) {
        asked = box;
        try {
          const answer = await json(`${settings.towns}?bbox=${box}`);
          if (box !== asked) return;
          known = answer.towns;
        } catch { return; }
      }
      place();
    };
    map.on("moveend", renew);
    map.whenReady(renew);
  }

  // `tiles: false` for a confidential place: a tile server would learn where somebody looks.
  function create(container, { tiles = true } = {}) {
    container.classList.add("waypost-map");
    container.dir = "ltr";
    const map = L.map(container, {
      minZoom: 1, maxZoom: 18, zoomControl: false, attributionControl: false, maxBounds: [[-90, -200], [90, 200]],
      maxBoundsViscosity: 1, scrollWheelZoom: true, worldCopyJump: false,
    });
    for (const [name, level] of [["outline", 150], ["towns", 250]]) {
      map.createPane(name).style.zIndex = level;
      map.getPane(name).style.pointerEvents = "none";
    }
    container.setAttribute("role", "application");
    container.setAttribute("aria-label", texts.map);
    L.control.zoom({ zoomInTitle: texts.zoomIn, zoomOutTitle: texts.zoomOut }).addTo(map);
    L.control.scale({ imperial: false, position: "topright" }).addTo(map);
    const credit = L.control.attribution({ prefix: false }).addAttribution(texts.outline);
    credit.addTo(map);
    map.setView([25, 15], 2);
    drawOutline(map);
    drawTowns(map);
    if (settings.tiles && tiles) {
      const plain = document.createElement("span");
      plain.textContent = settings.credit;
      L.tileLayer(settings.tiles, { maxZoom: 18, noWrap: true, attribution: plain.innerHTML, referrerPolicy: "origin" }).addTo(map);
    }
    return map;
  }

  window.WaypostMap = { create, json, say, settings, texts };
})();
