// The map of the board: towns and sites from /map.json. No base map, no address outside this server.
import * as maplibre from "./vendor/maplibre-gl/maplibre-gl.mjs";

maplibre.setWorkerUrl(new URL("./vendor/maplibre-gl/maplibre-gl-worker.mjs", import.meta.url).href);
const holder = document.getElementById("map");
const words = JSON.parse(document.getElementById("map-words").textContent);
const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const paint = ["case", ["get", "held"], colour("--hold"),
  ["!", ["in", ["get", "state"], ["literal", ["available", "idle", "low_efficiency", "clearing"]]]], colour("--rest"),
  ["match", ["get", "area_class"], "104", colour("--c104"), "195", colour("--c195"), "198", colour("--c198"), colour("--rest")]];

function bounds(layers) {
  const box = new maplibre.LngLatBounds();
  const walk = part => typeof part[0] === "number" ? box.extend(part) : part.forEach(walk);
  [...layers.towns.features, ...layers.sites.features].forEach(f => walk(f.geometry.coordinates));
  return box;
}

// Names of towns, the larger first; a name that would lie on one already shown is hidden until there is room.
function nameTowns(map, towns) {
  const named = towns.map(town => {
    const box = bounds({towns: {features: [town]}, sites: {features: []}});
    const name = document.createElement("span");
    name.className = "town-name";
    name.textContent = town.properties.name;
    new maplibre.Marker({element: name}).setLngLat(box.getCenter()).addTo(map);
    return {name, size: (box.getEast() - box.getWest()) * (box.getNorth() - box.getSouth())};
  }).sort((one, other) => other.size - one.size);
  const arrange = () => {
    const taken = [];
    for (const {name} of named) {
      name.hidden = false;
      const spot = name.getBoundingClientRect();
      name.hidden = taken.some(other => spot.left < other.right && other.left < spot.right
        && spot.top < other.bottom && other.top < spot.bottom);
      if (!name.hidden) taken.push(spot);
    }
  };
  map.on("zoomend", arrange);
  map.on("resize", arrange);
  map.once("idle", arrange);
}

async function draw() {
  const answer = await fetch("/map.json", {headers: {Accept: "application/json"}});
  if (!answer.ok) { holder.textContent = words.failed; return; }
  const layers = await answer.json();
  if (!layers.sites.features.length && !layers.towns.features.length) { holder.textContent = words.empty; return; }
  const polygons = layers.sites.features.filter(f => f.geometry.type !== "Point");
  const map = new maplibre.Map({
    container: holder, attributionControl: false, dragRotate: false, localIdeographFontFamily: colour("--font"),
    bounds: bounds(layers), fitBoundsOptions: {padding: 18},
    style: {version: 8, sources: {
      towns: {type: "geojson", data: layers.towns},
      sites: {type: "geojson", data: {type: "FeatureCollection", features: polygons}},
      points: {type: "geojson", data: {type: "FeatureCollection", features: layers.sites.features.filter(f => f.geometry.type === "Point")}},
    }, layers: [
      {id: "ground", type: "background", paint: {"background-color": colour("--soft")}},
      {id: "towns", type: "fill", source: "towns", paint: {"fill-color": colour("--card")}},
      {id: "borders", type: "line", source: "towns", paint: {"line-color": colour("--rest"), "line-width": 0.8}},
      {id: "sites", type: "fill", source: "sites", paint: {"fill-color": paint, "fill-opacity": 0.85}},
      {id: "points", type: "circle", source: "points", paint: {"circle-color": paint, "circle-radius": 3.4, "circle-opacity": 0.85}},
    ]},
  });
  map.addControl(new maplibre.NavigationControl({showCompass: false}), "top-right");
  map.touchZoomRotate.disableRotation();
  nameTowns(map, layers.towns.features);
  for (const layer of ["sites", "points"]) {
    map.on("mouseenter", layer, () => { map.getCanvas().style.cursor = "pointer"; });
    map.on("mouseleave", layer, () => { map.getCanvas().style.cursor = ""; });
    map.on("click", layer, event => {
      const told = event.features[0].properties;
      const link = document.createElement("a");
      link.href = `/sites/${told.public_id}/`;
      link.textContent = told.name;
      const line = document.createElement("div");
      line.textContent = `${words.states[told.state] || told.state} · ${(told.area_m2 * 3 / 2000).toFixed(1)} ${words.mu}`;
      const box = document.createElement("div");
      box.append(link, line);
      new maplibre.Popup({closeButton: false}).setLngLat(event.lngLat).setDOMContent(box).addTo(map);
    });
  }
  map.once("idle", () => { holder.dataset.ready = "yes"; });
}

draw();
