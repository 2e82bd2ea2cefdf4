// 资源一个库, 规划一张图, and the grounds: rules with their basis, findings.
function sitesPage() {
  const columns = [
    { id: 'name', label: t('col.site'), look: 'main', cell: (s) => [siteLink(s.site_id), h('div', { class: 'note' }, s.site_id)], sort: (s) => s.name },
    { id: 'kind', label: t('col.site_kind'), cell: (s) => lab('site_kind', s.site_kind), sort: (s) => s.site_kind },
    { id: 'town', label: t('town.town'), cell: (s) => townName(s.town_id), sort: (s) => townName(s.town_id) },
    { id: 'area', label: t('scheme.area'), num: true, cell: (s) => (s.site_kind === 'land' ? mu(s.area_m2) : m2(s.area_m2)), sort: (s) => s.area_m2 },
    { id: 'class', label: t('scheme.class'), cell: (s) => [lab('area_class', s.area_class), s.functional_type ? h('div', { class: 'note' }, lab('functional_type', s.functional_type)) : ''], sort: (s) => s.area_class },
    { id: 'state', label: t('col.state'), cell: (s) => siteState(s), sort: (s) => s.state },
    { id: 'on', label: t('scheme.available'), num: true, cell: (s) => day(s.available_on), sort: (s) => s.available_on },
    { id: 'fresh', label: t('col.fact'), cell: (s) => [lab('fact_state', s.fact_state), ' ', s.stale ? tag(t(s.valid_until ? 'stale' : 'undated'), 'r') : ''], sort: (s) => s.fact_on }];
  const use = { placed: (s) => placementBySite.has(s.site_id), offered: (s) => OFFERED.includes(s.state), left: (s) => OFFERED.includes(s.state) && !placementBySite.has(s.site_id) };
  return [heading(t('nav.sites'), t('sites.note')), list({ id: 'sites', rows: sites, columns, hint: t('sites.search'), search: (s) => `${s.name} ${s.site_id} ${townName(s.town_id)} ${s.address || ''} ${s.holder || ''}`,
    filters: [{ id: 'kind', label: t('col.site_kind'), options: options(sites, (s) => s.site_kind, (v) => lab('site_kind', v)), test: (s, v) => s.site_kind === v },
      { id: 'state', label: t('col.state'), options: options(sites, (s) => s.state, (v) => lab('site_state', v)), test: (s, v) => s.state === v },
      { id: 'town', label: t('town.town'), options: options(sites, (s) => s.town_id, townName), test: (s, v) => s.town_id === v },
      { id: 'class', label: t('col.class'), options: options(sites, (s) => s.area_class, (v) => lab('area_class', v)), test: (s, v) => s.area_class === v },
      { id: 'use', label: t('col.use'), options: [['offered', t('use.offered')], ['placed', t('use.placed')], ['left', t('use.left')]], test: (s, v) => use[v](s) },
      { id: 'stale', label: t('col.fact'), options: [['yes', t('stale')], ['no', t('fresh')]], test: (s, v) => (v === 'yes' ? s.stale === true : s.stale === false) }] })];
}
const STATE_LOOK = { available: 'g', idle: 'b', low_efficiency: 'y', reserved: 'v', clearing: 'b' };
function siteState(s) {
  return [tag(lab('site_state', s.state), STATE_LOOK[s.state]), placementBySite.has(s.site_id) ? [' ', tag(t('layer.placed'), 't')] : ''];
}
function openSite(id) {
  const s = siteById.get(id), box = document.getElementById('card');
  hover.hidden = true;
  if (!s) return;
  const put = placementBySite.get(id), firms = firmsBySite.get(id) || [];
  const lines = [['scheme.area', s.site_kind === 'land' ? `${mu(s.area_m2, 2)}（${m2(s.area_m2)}）` : m2(s.area_m2)], ['town.town', townName(s.town_id)], ['scheme.class', `${lab('area_class', s.area_class)}${DOT}${lab('functional_type', s.functional_type)}`],
    ['fact.use', lab('use_class', s.use_class)], ['fact.far', n(s.far_max_ratio, 2)], ['fact.height', s.height_max_m === null ? '—' : `${n(s.height_max_m)} m`], ['fact.power', s.power_kva === null ? '—' : `${n(s.power_kva)} kVA`],
    ['fact.clear', s.clear_height_m === null ? '—' : `${n(s.clear_height_m, 1)} m`], ['fact.load', s.floor_load_kn_m2 === null ? '—' : `${n(s.floor_load_kn_m2, 1)} kN/㎡`], ['fact.price', s.price_wan_per_mu === null ? '—' : t('fact.price_n', { n: n(s.price_wan_per_mu, 1) })], ['fact.rent', s.rent_yuan_m2_day === null ? '—' : t('fact.rent_n', { n: n(s.rent_yuan_m2_day, 2) })],
    ['scheme.available', [day(s.available_on), s.waits_for && (!s.available_on || s.available_on > DATA.head.as_of) ? DOT + t('waits.' + s.waits_for) : '']], ['fact.owner', [lab('ownership', s.ownership), s.holder ? DOT + s.holder : '']], ['fact.address', s.address || '—'], ['fact.firms', firms.length ? joined(firms.map((f) => f.name)) : t('none')],
    ['fact.source', s.fact_source || '—'], ['col.fact', `${lab('fact_state', s.fact_state)}${DOT}${day(s.fact_on)}`], ['fact.until', day(s.valid_until)]];
  box.replaceChildren(h('form', { method: 'dialog' }, h('h2', {}, s.name, h('small', {}, s.site_id), h('button', { class: 'btn', 'aria-label': t('close') }, '✕')), h('div', { class: 'tags' }, tag(lab('site_kind', s.site_kind), 'b'), siteState(s), s.stale ? tag(t('stale'), 'r') : ''),
    put ? h('p', { class: 'good' }, t('map.placed_here', { project: '' }), h('a', { href: '#project/' + encodeURIComponent(put.project_id), onclick: () => box.close() }, projectById.get(put.project_id).name)) : null,
    h('dl', { class: 'wide' }, lines.filter((l) => l[1] !== '—').map(([words, value]) => h('div', {}, h('dt', {}, t(words)), h('dd', {}, value)))), promise()));
  if (!box.open) box.showModal();
}

function planning() {
  const changes = [...placed.board.values()].flatMap((p) => (changesBy.get(p.scheme_id) || []).map((c) => ({ ...c, project: projectById.get(p.project_id) })));
  return [heading(t('nav.planning'), t('planning.note')),
    h('section', { class: 'card tall' }, ...mapBox(['104', '195', '198', 'plain', 'held', 'placed', 'busy', 'arcs', 'zones'])),
    h('div', { class: 'g2e' }, cardOf(t('changes'), t('changes.note', { n: n(changes.length) }), null, changes.length ? h('ul', { class: 'lines' }, changes.slice(0, state.printing ? 1e4 : 40).map((c) => h('li', {}, projectLink(c.project), h('div', { class: 'note' }, changeWords(c))))) : h('p', { class: 'empty' }, t('changes.none')), changes.length > 40 ? h('p', { class: 'note' }, t('list.first', { n: 40, all: changes.length })) : null), quotaCard())];
}
const QUOTA_UNIT = { land: (v) => mu(v, 0), energy: (v) => `${n(v)} tce`, emission: (v) => `${n(v, 1)} t`, office: m2 };
function quotaCard() {
  const rows = objects(DATA.quotas);
  return cardOf(t('quotas'), t('quotas.note'), null, rows.length ? smallTable([[t('quotas.kind')], [t('town.town')], [t('quotas.issued'), 'num'], [t('quotas.used'), 'num'], [t('quotas.left'), 'num'], ['']], rows.map((q) => {
    const show = QUOTA_UNIT[q.quota_kind], whole = q.issued + q.returned;
    return [lab('quota_kind', q.quota_kind), q.town_id === null ? t('district') : townName(q.town_id), show(q.issued), show(q.reserved + q.used - q.returned), show(q.available), bar(whole ? 1 - q.available / whole : 0, 'var(--brand)')];
  })) : h('p', { class: 'empty' }, t('quotas.none')));
}

function rulesPage() {
  const rows = DATA.parameters.map((r, i) => ({ _i: i, name: r[0], title: zh() ? r[1] : r[2], value: r[3], unit: r[4], basis: r[5], clause: r[6], source: r[7], issued_by: r[8], from: r[9] }));
  const guessed = rows.filter((r) => r.basis === 'assumed').length;
  const yesNo = (v) => (typeof v === 'boolean' ? lab('yes_no', v) : typeof v === 'number' ? n(v, 4) : v);
  return [heading(t('nav.rules'), t('rules.note', { digest: DATA.head.rulebook, version: DATA.head.version })), guessed ? h('p', { class: 'card warn' }, tag(t('basis.assumed'), 'y'), ' ', t('rules.assumed', { n: guessed, all: rows.length })) : null,
    cardOf(t('rules.standards'), t('rules.standards_note'), null, DATA.editions.length ? smallTable([[t('rules.standard')], [t('rules.edition')], [t('clause.basis')], [t('rules.clause')], [t('rules.cases'), 'num']], DATA.editions.map(([id, edition, count, basis, clause, source, issued]) => [standardName(id), edition, basis ? basisTag(basis) : '—', clause ? [clause, h('div', { class: 'note' }, source, DOT, issued)] : '—', n(count)])) : h('p', { class: 'empty' }, t('verdict.no_standard'))),
    list({ id: 'rules', rows, search: (r) => `${r.name} ${r.title} ${r.clause} ${r.source}`, columns: [
      { id: 'title', label: t('rules.parameter'), look: 'main', cell: (r) => [r.title, h('div', { class: 'note' }, r.name)], sort: (r) => r.title }, { id: 'value', label: t('rules.value'), num: true, cell: (r) => yesNo(r.value) }, { id: 'unit', label: t('rules.unit'), cell: (r) => parameterUnit(r.unit) },
      { id: 'basis', label: t('clause.basis'), cell: (r) => basisTag(r.basis), sort: (r) => r.basis }, { id: 'clause', label: t('rules.clause'), cell: (r) => [r.clause, h('div', { class: 'note' }, r.source)] }, { id: 'from', label: t('rules.from'), num: true, cell: (r) => r.from, sort: (r) => r.from }],
      filters: [{ id: 'basis', label: t('clause.basis'), options: options(rows, (r) => r.basis, (v) => lab('basis', v)), test: (r, v) => r.basis === v }, { id: 'room', label: t('rules.room'), options: options(rows, (r) => r.name.split('.')[0], (v) => (DATA.texts['report.room.' + v] ? t('room.' + v) : v)), test: (r, v) => r.name.startsWith(v + '.') }] })];
}
const parameterUnit = (unit) => (DATA.texts['report.unit_of.' + unit] ? t('unit_of.' + unit) : unit);
const SEVERITY_LOOK = { block: 'r', warn: 'y', note: '' };
function findingsPage() {
  const rows = DATA.findings.map((f, i) => ({ _i: i, severity: f[0], rule: f[1], words: say(f[2]) }));
  return [heading(t('nav.findings'), t('findings.note')), rows.length ? list({ id: 'findings', rows, search: (r) => r.words, columns: [{ id: 'severity', label: t('findings.severity'), cell: (r) => tag(lab('severity', r.severity), SEVERITY_LOOK[r.severity]), sort: (r) => ['block', 'warn', 'note'].indexOf(r.severity) }, { id: 'words', label: t('findings.what'), look: 'main', cell: (r) => r.words }],
    filters: [{ id: 'severity', label: t('findings.severity'), options: options(rows, (r) => r.severity, (v) => lab('severity', v)), test: (r, v) => r.severity === v }] }) : h('section', { class: 'card' }, h('p', { class: 'empty' }, t('findings.none')))];
}
