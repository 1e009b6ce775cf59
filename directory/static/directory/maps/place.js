// A map under each pair of latitude and longitude on the page of a place. The fields stay what is saved; the map fills them.
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  const { create, json, say, settings, texts } = window.WaypostMap || {};
  if (!create) return;
  const field = (name) => document.getElementById(`id_${name}`);
  const number = (input) => {
    const value = parseFloat((input.value || "").replace(",", "."));
    return Number.isFinite(value) ? value : null;
  };
  const button = (text, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "button";
    made.textContent = text;
    made.addEventListener("click", act);
    return made;
  };

  function attach(latField, lonField, confidential) {
    if (!latField || !lonField || latField.dataset.map) return;
    latField.dataset.map = "1";
    const box = document.createElement("div"), canvas = document.createElement("div");
    const bar = document.createElement("div"), help = document.createElement("p"), told = document.createElement("div");
    box.className = "place-map";
    bar.className = "place-map-bar";
    help.className = "help";
    help.textContent = texts.place;
    told.className = "place-map-told";
    told.setAttribute("aria-live", "polite");
    box.append(help, canvas, bar, told);
    const row = latField.closest(".form-row") || latField.parentElement;
    row.after(box);

    const map = create(canvas, { tiles: !confidential });
    map.on("waypost:failed", () => { help.textContent = texts.failed; });
    const icon = L.divIcon({ className: "map-pin", iconSize: [28, 38], iconAnchor: [14, 37] });
    const pin = L.marker([0, 0], { draggable: true, icon, title: texts.pin, keyboard: true });
    const centreIcon = L.divIcon({ className: "map-centre", iconSize: [16, 16] });
    const centre = L.marker([0, 0], { icon: centreIcon, interactive: false, keyboard: false });
    let city = null, asking = 0, looked = false;

    const point = () => {
      const lat = number(latField), lon = number(lonField);
      return lat === null || lon === null || Math.abs(lat) > 90 || Math.abs(lon) > 180 ? null : L.latLng(lat, lon);
    };
    const write = (at) => {
      latField.value = at ? at.lat.toFixed(6) : "";
      lonField.value = at ? at.wrap().lng.toFixed(6) : "";
      for (const input of [latField, lonField]) input.dispatchEvent(new Event("input", { bubbles: true }));
    };
    const show = () => {
      const at = point();
      remove.hidden = !at;
      if (!at) { pin.remove(); return null; }
      pin.setLatLng(at);
      if (!map.hasLayer(pin)) {
        pin.addTo(map);
        pin.getElement().setAttribute("aria-label", texts.pin);
        L.DomEvent.on(pin.getElement(), "keydown", nudge);
      }
      return at;
    };
    // Arrow keys on the pin: ten pixels, with Shift one.
    const nudge = (event) => {
      const step = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
      if (!step) return;
      L.DomEvent.stop(event);
      const size = event.shiftKey ? 1 : 10, at = map.latLngToContainerPoint(pin.getLatLng());
      write(map.containerPointToLatLng(at.add([step[0] * size, step[1] * size])));
      map.panInside(pin.getLatLng(), { padding: [40, 40] });
    };

    const remove = button(texts.remove, () => write(null));
    const toCity = button(texts.toCity, () => city && map.setView(city, 12));
    bar.append(button(texts.middle, () => write(map.getCenter())), toCity, remove);
    toCity.hidden = true;

    const line = (text, kind, more) => {
      const made = document.createElement("p");
      made.className = kind || "";
      made.append(text, ...(more ? [" ", more] : []));
      told.append(made);
    };
    const tell = (answer) => {
      told.replaceChildren();
      const confirmed = field("point_confirmed");
      if (answer.inside === false && !(confirmed && confirmed.checked)) line(texts.outside, "map-doubt");
      if (answer.swapped) {
        const swap = button(texts.swap, () => {
          [latField.value, lonField.value] = [lonField.value, latField.value];
          latField.dispatchEvent(new Event("input", { bubbles: true }));
          map.setView(point(), 13);
        });
        line(texts.swapped, "map-doubt", swap);
      }
      if (answer.km !== null) {
        line(say(texts.distance, { km: answer.km < 10 ? answer.km.toFixed(1) : Math.round(answer.km) }));
        if (answer.km > 50) line(texts.far, "map-doubt");
      }
      if (!answer.centre && (field("city") || {}).value) line(texts.noCity);
      const inputs = [field("centre_lat"), field("centre_lon")];
      if (answer.found && inputs[0] && inputs[1] && !inputs[0].value && !inputs[1].value) {
        line("", "", button(texts.useCentre, () => {
          [inputs[0].value, inputs[1].value] = answer.centre;
          for (const input of inputs) input.dispatchEvent(new Event("input", { bubbles: true }));
        }));
      }
    };
    const ask = async () => {
      const mine = ++asking, form = latField.form, body = new FormData();
      body.set("csrfmiddlewaretoken", form.querySelector("[name=csrfmiddlewaretoken]").value);
      for (const name of ["city", "country", "centre_lat", "centre_lon"]) body.set(name, (field(name) || {}).value || "");
      body.set("lat", latField.value);
      body.set("lon", lonField.value);
      let answer;
      try { answer = await json(settings.check, { method: "POST", body }); } catch { return; }
      if (mine !== asking) return;
      city = answer.centre ? L.latLng(answer.centre) : null;
      toCity.hidden = !city;
      if (city) {
        centre.setLatLng(city).addTo(map);
        if (!centre.getTooltip()) centre.bindTooltip(texts.centre, { permanent: true, direction: "bottom", className: "map-label" });
      } else centre.remove();
      if (!looked && !point() && city) map.setView(city, 11);
      tell(answer);
    };
    let timer = 0;
    const changed = () => { show(); clearTimeout(timer); timer = setTimeout(ask, 350); };
    for (const input of [latField, lonField, field("city"), field("country"), field("centre_lat"), field("centre_lon"), field("point_confirmed")])
      if (input) for (const event of ["input", "change"]) input.addEventListener(event, changed);
    latField.addEventListener("change", () => point() && map.setView(point(), Math.max(map.getZoom(), 13)));
    lonField.addEventListener("change", () => point() && map.setView(point(), Math.max(map.getZoom(), 13)));
    map.on("click", (event) => write(event.latlng));
    map.on("dragstart", () => { looked = true; });
    pin.on("dragend", () => write(pin.getLatLng()));
    const start = show();
    if (start) map.setView(start, 13);
    ask();
    new ResizeObserver(() => map.invalidateSize()).observe(canvas);
  }

  const attachAll = () => {
    attach(field("lat"), field("lon"), false);
    attach(field("confidential-0-lat"), field("confidential-0-lon"), true);
  };
  attachAll();
  document.addEventListener("formset:added", attachAll);
});
