// The map: zoom, pan, layers, hover, and small maps of single schemes cut from the same shapes.
const map = document.getElementById('map');
const whole = map.getAttribute('viewBox').split(' ').map(Number);
const hover = document.getElementById('hover');
const layers = new Set(JSON.parse('["104","195","198","plain","held","placed","busy","arcs","zones"]'));
let frame = whole.slice();
map.classList.toggle('many', map.querySelectorAll('.arc').length > 60);

function setFrame(next) {
  const wide = Math.min(whole[2] * 1.5, Math.max(whole[2] / 60, next[2])), k = wide / next[2];
  frame = [next[0], next[1], wide, next[3] * k];
  map.setAttribute('viewBox', frame.map((v) => v.toFixed(1)).join(' '));
  scale();
}
// Names and pins keep their size on the screen however far the reader zooms.
function scale() {
  const box = map.getBoundingClientRect();
  const unit = box.width && box.height ? Math.max(frame[2] / box.width, frame[3] / box.height) : whole[2] / 640;
  map.style.setProperty('--u', unit.toFixed(3));
  name(unit);
  for (const pin of map.querySelectorAll('.pin')) pin.setAttribute('r', (2.9 * unit).toFixed(1));
}
// A name that would lie on a name already written waits until the reader is near enough.
function name(unit) {
  const kept = [], high = 15 * unit;
  for (const word of map.querySelectorAll('.names text')) {
    const wide = word.textContent.length * 13 * unit, x = Number(word.getAttribute('x')), y = Number(word.getAttribute('y'));
    const free = kept.every((k) => Math.abs(k.x - x) > (k.wide + wide) / 2 || Math.abs(k.y - y) > high);
    word.classList.toggle('wait', !free);
    if (free) kept.push({ x, y, wide });
  }
}
function zoom(factor, x, y) {
  const cx = x === undefined ? frame[0] + frame[2] / 2 : x, cy = y === undefined ? frame[1] + frame[3] / 2 : y;
  const wide = Math.min(whole[2] * 1.5, Math.max(whole[2] / 60, frame[2] * factor)), k = wide / frame[2];
  setFrame([cx - (cx - frame[0]) * k, cy - (cy - frame[1]) * k, wide, frame[3] * k]);
}
function pointAt(event) {
  const p = new DOMPoint(event.clientX, event.clientY).matrixTransform(map.getScreenCTM().inverse());
  return [p.x, p.y];
}
map.addEventListener('wheel', (e) => {
  if (!e.ctrlKey && !map.classList.contains('awake')) return; // the page scrolls until the map is clicked
  e.preventDefault();
  zoom(e.deltaY > 0 ? 1.2 : 1 / 1.2, ...pointAt(e));
}, { passive: false });
let drag = null;
map.addEventListener('pointerdown', (e) => { map.classList.add('awake'); drag = { at: pointAt(e), moved: false, id: e.pointerId, x: e.clientX, y: e.clientY }; });
map.addEventListener('pointermove', (e) => {
  if (!drag) { showHover(e); return; }
  if (!drag.moved && Math.hypot(e.clientX - drag.x, e.clientY - drag.y) < 5) return;
  if (!drag.moved) { drag.moved = true; map.setPointerCapture(drag.id); hover.hidden = true; }
  const [x, y] = pointAt(e);
  setFrame([frame[0] - (x - drag.at[0]), frame[1] - (y - drag.at[1]), frame[2], frame[3]]);
});
map.addEventListener('pointerup', (e) => { if (drag && !drag.moved) openAt(e.target); drag = null; });
map.addEventListener('pointercancel', () => { drag = null; });
map.addEventListener('pointerleave', () => { hover.hidden = true; map.classList.remove('awake'); light(null); });
map.addEventListener('keydown', (e) => {
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
  if (step) setFrame([frame[0] + step[0] * frame[2] / 10, frame[1] + step[1] * frame[3] / 10, frame[2], frame[3]]);
  else if (e.key === '+' || e.key === '=') zoom(1 / 1.4);
  else if (e.key === '-') zoom(1.4);
  else if (e.key === '0') setFrame(whole.slice());
  else return;
  e.preventDefault();
});

// The arcs of one town, or of one project, stand out; the others step back.
function light(test) {
  map.classList.toggle('lit', Boolean(test));
  for (const arc of map.querySelectorAll('.arc,.pin')) arc.classList.toggle('on', Boolean(test && test(projects[arc.dataset.p])));
}
function touches(project, townId) {
  if (project.origin_town_id === townId) return true;
  const p = placed.board.get(project.project_id);
  return Boolean(p && schemeById.get(p.scheme_id).town_ids.includes(townId));
}
function siteLines(site) {
  const put = placementBySite.get(site.site_id);
  return [h('b', {}, site.name), h('div', {}, townName(site.town_id), DOT, site.site_kind === 'land' ? mu(site.area_m2) : m2(site.area_m2), DOT, lab('site_state', site.state)),
    h('div', {}, lab('area_class', site.area_class), DOT, lab('functional_type', site.functional_type)),
    put && h('div', { class: 'teal' }, t('map.placed_here', { project: projectById.get(put.project_id).name }))];
}
function townLines(town) {
  const s = townSums(town.town_id);
  return [h('b', {}, town.name), h('div', {}, t('map.town', { own: s.own, hosted: s.hosted })), h('div', {}, t('map.town_moves', { moved_in: s.moved_in, moved_out: s.moved_out }))];
}
function projectLines(p) {
  const put = placed.board.get(p.project_id), scheme = schemeById.get(put.scheme_id);
  return [h('b', {}, p.name), h('div', {}, `${townName(p.origin_town_id)} → ${joined(scheme.town_ids.map(townName))}`),
    h('div', {}, joined((unitsBy.get(put.scheme_id) || []).map((u) => siteName(u.site_id))))];
}
function zoneLines(path) {
  const area = ['104', '195', '198'].includes(path.dataset.v), kind = path.classList[1].slice(2);
  return [h('b', {}, area ? lab('area_class', path.dataset.v) : lab('zone_kind', kind)), h('div', {}, area ? path.dataset.z : `${zoneWord(kind, path.dataset.v)}${DOT}${path.dataset.z}`)];
}
function zoneWord(kind, value) {
  if (kind === 'red_line' || kind === 'buffer' || kind === 'functional_type') return lab(kind, value);
  return kind === 'planned_use' ? lab('use_class', value) : value;
}
function showHover(e) {
  const d = e.target.dataset || {};
  let lines = null;
  if (d.i !== undefined) lines = siteLines(sites[d.i]);
  else if (d.p !== undefined) { lines = projectLines(projects[d.p]); light((p) => p === projects[d.p]); }
  else if (d.z !== undefined) lines = zoneLines(e.target);
  else if (d.t !== undefined) { const town = towns[d.t]; lines = townLines(town); light((p) => touches(p, town.town_id)); }
  if (d.t === undefined && d.p === undefined) light(null);
  if (!lines) { hover.hidden = true; return; }
  hover.replaceChildren(...lines.filter(Boolean));
  hover.hidden = false;
  hover.style.left = `${Math.max(6, Math.min(e.clientX + 14, innerWidth - hover.offsetWidth - 8))}px`;
  hover.style.top = `${Math.max(6, Math.min(e.clientY + 16, innerHeight - hover.offsetHeight - 8))}px`;
}
function openAt(target) {
  const d = target.dataset || {};
  if (d.i !== undefined) openSite(sites[d.i].site_id);
  else if (d.p !== undefined) location.hash = 'project/' + encodeURIComponent(projects[d.p].project_id);
}

function legend(names) {
  return h('div', { class: 'lg', role: 'group', 'aria-label': t('map.layers') }, names.map((name) => h('button', {
    type: 'button', 'aria-pressed': String(layers.has(name)), onclick: (e) => {
      if (layers.has(name)) layers.delete(name); else layers.add(name);
      map.classList.toggle('hide-' + name, !layers.has(name));
      e.currentTarget.setAttribute('aria-pressed', String(layers.has(name)));
    } }, h('i', { class: 'k-' + name }), t('layer.' + name))));
}
function mapBox(names) {
  map.setAttribute('aria-label', t('map.label'));
  map.classList.remove('lit');
  const buttons = h('div', { class: 'zoom' },
    h('button', { type: 'button', 'aria-label': t('map.closer'), onclick: () => zoom(1 / 1.5) }, '+'),
    h('button', { type: 'button', 'aria-label': t('map.farther'), onclick: () => zoom(1.5) }, '−'),
    h('button', { type: 'button', 'aria-label': t('map.all'), onclick: () => setFrame(whole.slice()) }, '⤢'));
  requestAnimationFrame(scale);
  const source = DATA.head.borders.length ? t('map.source', { source: joined(DATA.head.borders) }) : t('map.no_source');
  return [h('div', { class: 'mapbox' }, map, buttons), h('div', { class: 'under' }, legend(names), h('span', { class: 'note' }, source))];
}

// The box of a site's shape, read from its path: one absolute corner, then relative steps.
const shapeOf = new Map([...map.querySelectorAll('.s')].map((p) => [sites[p.dataset.i].site_id, p]));
function boxOf(path) {
  let box = null;
  for (const part of path.getAttribute('d').split('M').slice(1)) {
    const v = part.replace('z', '').split(/[l ,]/).map(Number);
    let x = 0, y = 0;
    for (let i = 0; i < v.length; i += 2) {
      x += v[i]; y += v[i + 1];
      box = box ? [Math.min(box[0], x), Math.min(box[1], y), Math.max(box[2], x), Math.max(box[3], y)] : [x, y, x, y];
    }
  }
  return box;
}
const boxes = new Map();
function cachedBox(id) {
  if (!boxes.has(id)) boxes.set(id, shapeOf.has(id) ? boxOf(shapeOf.get(id)) : null);
  return boxes.get(id);
}
const join = (all) => all.reduce((a, b) => [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])]);
// Sites that lie far apart get a picture each.
function miniMap(scheme) {
  const own = [...new Set((unitsBy.get(scheme.scheme_id) || []).map((u) => u.site_id))].filter((id) => cachedBox(id));
  if (!own.length) return h('div', { class: 'mini none' }, t('map.unknown'));
  const box = join(own.map(cachedBox));
  if (own.length === 1 || Math.max(box[2] - box[0], box[3] - box[1]) < 1200) return picture(own, box, 2.1);
  return h('div', { class: 'minis' }, own.slice(0, 3).map((id) => picture([id], cachedBox(id), 2.1 / Math.min(3, own.length))));
}
function picture(own, box, ratio) {
  const side = Math.max(box[2] - box[0], (box[3] - box[1]) * ratio, 80 * ratio) * 1.9, high = side / ratio;
  const x = (box[0] + box[2]) / 2 - side / 2, y = (box[1] + box[3]) / 2 - high / 2;
  const near = sites.filter((s) => {
    const b = cachedBox(s.site_id);
    return b && !own.includes(s.site_id) && b[2] > x && b[0] < x + side && b[3] > y && b[1] < y + high;
  });
  const copy = (id, look) => g('path', { d: shapeOf.get(id).getAttribute('d'), class: look }, g('title', {}, siteName(id)));
  const shape = (p) => g('path', { d: p.getAttribute('d'), class: p.getAttribute('class') });
  const metres = [20, 50, 100, 200, 500, 1000].reduce((a, v) => (v / 2 < side / 3 ? v : a), 20);
  return g('svg', { viewBox: `${x} ${y} ${side} ${high}`, class: 'mini', style: `aspect-ratio:${ratio}`, role: 'img', 'aria-label': joined(own.map(siteName)) },
    [...map.querySelectorAll('.t')].map(shape), [...map.querySelectorAll('.z')].map(shape),
    near.map((s) => copy(s.site_id, 'near')), own.map((id) => copy(id, 'own o-' + (siteById.get(id).area_class || 'plain'))),
    g('path', { class: 'ruler', d: `M${x + side * 0.04},${y + high * 0.93}h${metres / 2}` }),
    g('text', { x: x + side * 0.04, y: y + high * 0.9, 'font-size': high / 15, class: 'metres' }, `${n(metres)} m`));
}
