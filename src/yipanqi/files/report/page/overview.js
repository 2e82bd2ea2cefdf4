// 一盘棋: key figures, the map, what needs attention, the three ways to play, stages.
const COLOUR = { placed: 'var(--placed)', refused: 'var(--alarm)', nowhere: 'var(--warn)', outbid: 'var(--brand)' };

function townSums(id) {
  const out = { own: inPlay.filter((p) => p.origin_town_id === id).length, hosted: 0, moved_in: 0, moved_out: 0, land_m2: 0, floor_m2: 0, tax_wan: 0 };
  for (const put of placed.board.values()) {
    const scheme = schemeById.get(put.scheme_id), here = scheme.town_ids.includes(id), own = projectById.get(put.project_id).origin_town_id === id;
    if (here) { out.hosted += 1; out.tax_wan += put.tax_wan / scheme.town_ids.length; }
    if (here && !own) out.moved_in += 1;
    if (own && !here) out.moved_out += 1;
    if (here) for (const u of unitsBy.get(scheme.scheme_id) || []) {
      const site = siteById.get(u.site_id);
      if (site && site.town_id === id) out[site.site_kind === 'land' ? 'land_m2' : 'floor_m2'] += u.take_m2;
    }
  }
  return out;
}
const OFFERED = ['available', 'idle', 'low_efficiency', 'clearing'];

function keyCard(id, number, unit, line, view) {
  return h('a', { class: 'card key', href: '#' + view }, h('div', { class: 'l' }, t(`key.${id}`)), h('div', { class: 'n' }, number, h('small', {}, unit)), h('div', { class: 'f' }, line));
}
function keys() {
  const k = Object.fromEntries(DATA.keys.map((x) => [x.id, x])), gain = k.gain;
  const cards = [
    keyCard('projects', n(k.projects.value), t('unit.projects'), t('key.projects.line', { pool: n(k.projects.pool), major: n(k.projects.major) }), 'admission'),
    keyCard('land', n(k.land.value), t('unit.mu'), t('key.land.line', { cleared: n(k.land.cleared), share: pct(k.land.verified, 0) }), 'sites'),
    keyCard('plant', n(k.plant.value, 1), t('unit.wan_m2'), t('key.plant.line', { free: n(k.plant.free, 1), units: n(k.plant.units) }), 'sites'),
    keyCard('admitted', n(k.admitted.value), t('unit.projects'), t('key.admitted.line', { conference: n(k.admitted.conference), refused: n(k.admitted.refused) }), 'admission'),
    keyCard('settled', n(k.settled.value), t('unit.projects'), t('key.settled.line', { share: pct(k.settled.share, 0), moved: n(k.settled.moved) }), 'placements')];
  if (k.schedule) cards.push(keyCard(k.schedule.major ? 'schedule_major' : 'schedule', n(k.schedule.value * 100, 2), '%', t('key.schedule.line', { on_time: k.schedule.on_time, judged: k.schedule.judged, late: k.schedule.late }), 'overview'));
  cards.push(keyCard('gain', gainWords(), t('unit.yi'), t('key.gain.line'), 'scenarios'));
  return h('div', { class: 'kpi' }, cards);
}
function gainWords() {
  const [low, high] = DATA.gain, places = zh() && Math.abs(high) >= 1e5 ? 1 : 2;
  const size = (v) => (v / (zh() ? 1e4 : 1e5)).toFixed(places).replace('-', '−');
  return size(low) === size(high) ? `+${size(low)}` : `${size(low)}–${size(high)}`;
}

function todo() {
  const board = [...placed.board.values()], schemesOf = board.map((p) => schemeById.get(p.scheme_id));
  const firms = schemesOf.reduce((a, s) => a + s.relocation_count, 0), change = schemesOf.filter((s) => s.plan_change_count).length;
  const moved = board.filter((p) => p.moved).length, blocks = DATA.findings.filter((f) => f[0] === 'block').length;
  const conference = inPlay.filter((p) => p.verdict === 'conference').length;
  const stale = sites.filter((s) => s.stale && OFFERED.includes(s.state)).length;
  const lines = [['findings', blocks, 'r', 'findings', null], ['conference', conference, 'y', 'admission', { verdict: 'conference' }], ['moved', moved, 'b', 'placements', { move: 'moved' }],
    ['change', change, 'v', 'planning', null], ['firms', firms, 'y', 'placements', { work: 'relocation' }], ['stale', stale, 'r', 'sites', { stale: 'yes' }]].filter((x) => x[1]);
  return cardOf(t('todo'), n(lines.length), null, lines.length ? lines.map(([id, count, look, view, preset]) => h('a', { class: 'todo', href: '#' + view, onclick: () => { if (preset) listState(view, preset); } },
    tag(t(`todo.${id}.tag`), look), h('div', { class: 'w' }, t(`todo.${id}`, { n: n(count) }), h('div', {}, t(`todo.${id}.line`))))) : h('p', { class: 'empty' }, t('todo.none')));
}
function stuck() {
  const kinds = ['nowhere', 'outbid', 'refused'].map((id) => [id, unmatched.filter((p) => p.fate === id).length]);
  const top = Math.max(1, ...kinds.map((k) => k[1]));
  return cardOf(t('stuck'), t('stuck.note', { n: n(unmatched.length) }), link(t('more'), 'unmatched'), h('div', { class: 'bars' }, kinds.map(([id, count]) => h('a', { href: '#unmatched', onclick: () => listState('unmatched', { fate: id }) },
    h('span', {}, t('fate.' + id)), bar(count / top, COLOUR[id]), h('b', {}, n(count))))), h('p', { class: 'note' }, t('stuck.line')));
}
function playsTable() {
  return cardOf(t('plays'), t('plays.note'), link(t('more'), 'scenarios'), smallTable([[t('plays.way')], [t('plays.settled'), 'num'], [`${t('plays.value')} ${t('unit.yi')}`, 'num'], [`${t('plays.tax')} ${t('unit.yi')}`, 'num'], [t('plays.gap'), 'num']],
    DATA.scenarios.map((s) => ({ look: s.name === 'board' ? 'strong' : '', cells: [lab('scenario_name', s.name), n(s.settled), yi(s.value, 1), yi(s.tax, 1), pct(s.gap, 2)] })), 'ways'), h('p', { class: 'note' }, t('plays.line')));
}
const STAGE_BANDS = [['lead', 'negotiating'], ['reported', 'pre_assessed'], ['siting', 'chosen'], ['review', 'opinion'], ['agreement', 'land', 'permits'], ['started', 'completed', 'capacity', 'evaluated'], ['lost', 'withdrawn']];
function stages() {
  const bands = STAGE_BANDS.map((codes) => [codes, projects.filter((p) => codes.includes(p.stage)).length]).filter((b) => b[1]);
  const top = Math.max(1, ...bands.map((b) => b[1]));
  return cardOf(t('stages'), t('list.count', { n: n(projects.length) }), null, h('div', { class: 'bars' }, bands.map(([codes, count], i) => h('div', {},
    h('span', {}, t('stage.' + codes[0])), bar(count / top, `color-mix(in srgb, var(--brand) ${45 + i * 9}%, var(--tint))`), h('b', {}, n(count))))));
}
function wheel() {
  const schedule = DATA.keys.find((k) => k.id === 'schedule');
  const admitted = DATA.keys.find((k) => k.id === 'admitted');
  const parts = schedule ? [['on_time', schedule.on_time, 'var(--ok)', 'g'], ['late', schedule.late, 'var(--alarm)', 'r']]
    : [['admitted', admitted.value, 'var(--ok)', 'g'], ['conference', admitted.conference, 'var(--warn)', 'y'], ['refused', admitted.refused, 'var(--alarm)', 'r']];
  const all = parts.reduce((a, p) => a + p[1], 0), name = schedule ? 'schedule' : 'verdicts';
  return cardOf(t('wheel.' + name), t('list.count', { n: n(all) }), link(t('more'), 'admission'), h('div', { class: 'wheel' },
    donut(parts.map(([, value, colour]) => ({ value, colour })), pct(all ? parts[0][1] / all : null, 1), t('wheel.' + parts[0][0])),
    h('div', { class: 'facts' }, parts.map(([id, value, , look]) => h('div', {}, tag(t('wheel.' + id + '.tag'), look), h('b', {}, n(value)), h('span', { class: 'note' }, t('wheel.' + id + '.line')))))));
}
function overview() {
  return [heading(t('nav.overview'), headNote(), h('button', { type: 'button', class: 'btn', onclick: printPage }, t('print')), h('a', { class: 'btn p', href: '#placements' }, t('nav.placements'))),
    keys(),
    h('div', { class: 'g2' }, cardOf(t('map'), t('map.note'), link(t('map.open'), 'planning'), ...mapBox(['104', '195', '198', 'held', 'placed', 'busy', 'arcs'])), h('div', { class: 'stack' }, todo(), stuck())),
    h('div', { class: 'g3' }, playsTable(), stages(), wheel())];
}
