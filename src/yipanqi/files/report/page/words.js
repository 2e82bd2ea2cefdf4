// The data of the page, its words and numbers, and elements built without markup from texts.
const DATA = JSON.parse(document.getElementById('data').textContent);
const PAGE = 25;
const state = { language: DATA.head.language, view: 'overview', lists: {} };

// Tables arrive as {cols, rows}; here they become objects once.
function objects(table) {
  return table.rows.map((row, i) => {
    const o = { _i: i };
    table.cols.forEach((c, k) => { o[c] = row[k]; });
    return o;
  });
}
function by(list, key) { return new Map(list.map((o) => [o[key], o])); }
function group(list, key) {
  const out = new Map();
  for (const o of list) { const k = o[key]; if (out.has(k)) out.get(k).push(o); else out.set(k, [o]); }
  return out;
}

const towns = objects(DATA.towns), townById = by(towns, 'town_id');
const sites = objects(DATA.sites), siteById = by(sites, 'site_id');
const projects = objects(DATA.projects), projectById = by(projects, 'project_id');
const firmById = by(objects(DATA.firms), 'firm_id'), firmsBySite = group(objects(DATA.firms), 'site_id');
const demandsBy = group(objects(DATA.demands), 'project_id');
const schemes = objects(DATA.scheme.schemes), schemeById = by(schemes, 'scheme_id'), schemesBy = group(schemes, 'project_id');
const unitsBy = group(objects(DATA.scheme.units), 'scheme_id');
const relocationsBy = group(objects(DATA.scheme.relocations), 'scheme_id');
const changesBy = group(objects(DATA.scheme.plan_changes), 'scheme_id');
const reasonsBy = group(objects(DATA.scheme.reasons), 'scheme_id');
const counterBy = group(objects(DATA.changes), 'case_id');
const missesBy = group(objects(DATA.misses), 'project_id');
const norms = objects(DATA.verdicts.norms);
const placed = { alone: by(objects(DATA.placements.alone), 'project_id'), referral: by(objects(DATA.placements.referral), 'project_id'), board: by(objects(DATA.placements.board), 'project_id') };
const cases = objects(DATA.verdicts.preliminary), casesBy = group(cases, 'project_id');
const finals = objects(DATA.verdicts.final), finalById = by(finals, 'case_id');
for (const c of [...cases, ...finals]) c.results = DATA.verdicts.results[c.results];
const inPlay = projects.filter((p) => p.in_play);
const placementBySite = new Map();
for (const p of placed.board.values()) for (const u of unitsBy.get(p.scheme_id) || []) placementBySite.set(u.site_id, { ...p, take_m2: u.take_m2 });
const RANK = { admitted: 0, conference: 1, refused: 2 };
function best(project) {
  const own = casesBy.get(project.project_id) || [];
  return own.reduce((a, c) => (!a || RANK[c.verdict] < RANK[a.verdict] ? c : a), null);
}
projects.forEach((p) => { p.best = best(p); p.verdict = p.best ? p.best.verdict : null; });

const zh = () => state.language === 'zh';
function pick(pair) { return pair[zh() ? 0 : 1]; }
function text(id) { const pair = DATA.texts[id]; return pair ? pick(pair) : id; }
function t(id, params) {
  return text('report.' + id).replace(/\{(\w+)\}/g, (whole, name) => (params && name in params ? params[name] : whole));
}
function lab(set, code) { return code === null || code === undefined || code === '' ? '—' : text(`label.${set}.${code}`); }
function say(number) { return pick(DATA.phrases[number]); }

const formats = {};
function n(value, places = 0) {
  if (value === null || value === undefined) return '—';
  const key = places;
  formats[key] = formats[key] || new Intl.NumberFormat('en', { minimumFractionDigits: 0, maximumFractionDigits: places });
  return formats[key].format(value).replace('-', '−');
}
const MU = 2000 / 3;
const mu = (m2, places = 1) => (m2 === null || m2 === undefined ? '—' : `${n(m2 / MU, places)} ${t('unit.mu')}`);
const m2 = (v) => (v === null || v === undefined ? '—' : `${n(v, 0)} ${t('unit.m2')}`);
const pct = (v, places = 1) => (v === null || v === undefined ? '—' : `${n(v * 100, places)}%`);
function wan(v, places = 2) {
  if (v === null || v === undefined) return '—';
  if (!zh() && Math.abs(v) < 100) return `${n(v * 10)} ${t('unit.k')}`;
  if (!zh()) return Math.abs(v) >= 1e5 ? `${n(v / 1e5, 2)} ${t('unit.yi')}` : `${n(v / 100, Math.abs(v) < 1000 ? 2 : 1)} ${t('unit.wan')}`;
  return Math.abs(v) >= 10000 ? `${n(v / 10000, places)} ${t('unit.yi')}` : `${n(v, Math.abs(v) < 100 ? 1 : 0)} ${t('unit.wan')}`;
}
// 亿元 in Chinese, thousand million yuan in English: the large unit of money, without its name.
const yi = (v, places = 2) => n(v / (zh() ? 1e4 : 1e5), places);
const day = (v) => v || '—';
const townName = (id) => (townById.get(id) ? townById.get(id).name : id);
const siteName = (id) => (siteById.get(id) ? siteById.get(id).name : id);
const joined = (list) => list.join(zh() ? '、' : ', ');
const DOT = ' · ';

// Elements: texts go in as text nodes, so no name can become markup.
const SVG = document.getElementById('map').namespaceURI;
function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? '' : value);
  }
  for (const child of children.flat(3)) if (child !== null && child !== undefined && child !== false) node.append(child);
  return node;
}
const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const g = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
const tag = (words, look) => h('span', { class: 'tag ' + (look || '') }, words);
const link = (words, view) => h('a', { href: '#' + view, class: 'go' }, words);
const cardOf = (title, note, more, ...body) => h('section', { class: 'card' },
  title && h('h2', {}, title, note && h('small', {}, note), more), ...body);
const VERDICT_LOOK = { admitted: 'g', conference: 'y', refused: 'r' };
const verdictTag = (v) => (v ? tag(t('verdict.' + v), VERDICT_LOOK[v]) : tag('—'));
const BASIS_LOOK = { regulation: 'g', paper: 'b', 'paper-proposal': 'b', 'published-example': '', assumed: 'y' };
const basisTag = (b) => h('span', { class: 'tag ' + (BASIS_LOOK[b] || ''), title: lab('basis', b) }, t('basis.' + b));
const projectLink = (p) => h('a', { href: '#project/' + encodeURIComponent(p.project_id) }, p.name);
const siteLink = (id) => h('a', { href: '#site/' + encodeURIComponent(id), onclick: (e) => { e.preventDefault(); e.stopPropagation(); openSite(id); } }, siteName(id));

function need(project) {
  const parts = (demandsBy.get(project.project_id) || []).map((d) => (d.need_kind === 'land' ? mu(d.need_m2) : m2(d.need_m2)));
  return parts.length ? parts.join(' + ') : '—';
}
// A reader wants one answer: placed, and if not, why.
function fate(project) {
  if (!project.in_play) return 'out';
  if (placed.board.has(project.project_id)) return 'placed';
  if (project.verdict === 'refused') return 'refused';
  return (schemesBy.get(project.project_id) || []).length ? 'outbid' : 'nowhere';
}
projects.forEach((p) => { p.fate = fate(p); });
const unmatched = inPlay.filter((p) => p.fate !== 'placed');
