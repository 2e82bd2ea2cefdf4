// 开发一盘棋: placements, the three ways to play, the unmatched, towns and the division of the gain.
function placements() {
  const rows = [...placed.board.values()].map((put, i) => ({ ...put, _i: i, project: projectById.get(put.project_id), scheme: schemeById.get(put.scheme_id) }));
  const columns = [
    { id: 'name', label: t('col.project'), look: 'main', cell: (r) => [projectLink(r.project), h('div', { class: 'note' }, r.project.investor)], sort: (r) => r.project.name },
    { id: 'way', label: t('col.way'), cell: (r) => [townName(r.project.origin_town_id), r.moved ? h('span', { class: 'teal' }, ` → ${joined(r.scheme.town_ids.map(townName))}`) : '', r.fixed ? [' ', tag(t('fixed'), 'v')] : ''], sort: (r) => townName(r.project.origin_town_id) },
    { id: 'sites', label: t('scheme.sites'), cell: (r) => (unitsBy.get(r.scheme_id) || []).map((u, i) => [i ? '、' : '', siteLink(u.site_id)]) },
    { id: 'kind', label: t('col.kind'), cell: (r) => [lab('scheme_kind', r.scheme.kind), r.scheme.relocation_count ? [' ', tag(t('scheme.firms_n', { n: r.scheme.relocation_count }), 'y')] : '', r.scheme.plan_change_count ? [' ', tag(t('todo.change.tag'), 'v')] : ''], sort: (r) => r.scheme.kind },
    { id: 'area', label: t('scheme.area'), num: true, cell: (r) => (r.scheme.land_m2 ? mu(r.scheme.land_m2) : m2(r.scheme.floor_m2)), sort: (r) => r.scheme.land_m2 || r.scheme.floor_m2 },
    { id: 'on', label: t('scheme.available'), num: true, cell: (r) => day(r.scheme.available_on), sort: (r) => r.scheme.available_on },
    { id: 'tax', label: t('col.tax'), num: true, cell: (r) => wan(r.tax_wan), sort: (r) => r.tax_wan },
    { id: 'value', label: t('scheme.value'), num: true, cell: (r) => wan(r.value_wan), sort: (r) => r.value_wan },
    { id: 'only', label: t('fate.elsewhere'), cell: (r) => ['alone', 'referral'].filter((k) => placed[k].has(r.project_id)).map((k) => lab('scenario_name', k)).join(DOT) || tag(t('only_board'), 't') }];
  const works = { relocation: (r) => r.scheme.relocation_count > 0, change: (r) => r.scheme.plan_change_count > 0 };
  return [heading(t('nav.placements'), t('placements.note', { n: n(rows.length) }), h('button', { type: 'button', class: 'btn', onclick: printPage }, t('print'))), list({ id: 'placements', rows, columns,
    search: (r) => `${r.project.name} ${r.project.investor} ${r.project_id} ${townName(r.project.origin_town_id)} ${r.scheme.town_ids.map(townName).join(' ')} ${(unitsBy.get(r.scheme_id) || []).map((u) => u.site_id + siteName(u.site_id)).join(' ')}`,
    filters: [{ id: 'move', label: t('col.move'), options: [['moved', t('moved')], ['stays', t('stays')], ['fixed', t('fixed')], ['only', t('only_board')]], test: (r, v) => ({ moved: r.moved, stays: !r.moved, fixed: r.fixed, only: !placed.alone.has(r.project_id) && !placed.referral.has(r.project_id) })[v] },
      { id: 'to', label: t('col.host'), options: options(rows.flatMap((r) => r.scheme.town_ids), (x) => x, townName), test: (r, v) => r.scheme.town_ids.includes(v) },
      { id: 'work', label: t('col.work'), options: [['relocation', t('work.relocation')], ['change', t('work.change')]], test: (r, v) => works[v](r) }] }), promise()];
}

function scenarios() {
  const [alone, , board] = DATA.scenarios, losses = objects(DATA.losses);
  return [heading(t('nav.scenarios'), t('plays.note')),
    h('div', { class: 'g3 three' }, DATA.scenarios.map((s) => h('section', { class: 'card way' + (s.name === 'board' ? ' taken' : '') }, h('h2', {}, lab('scenario_name', s.name), h('small', {}, t('way.' + s.name))),
      h('div', { class: 'n' }, n(s.settled), h('small', {}, t('unit.projects'))), h('div', { class: 'f' }, t('way.moved', { n: n(s.moved) })),
      h('dl', {}, [['way.value', wan(s.value)], ['way.expected', wan(s.expected)], ['way.tax', wan(s.tax)], ['way.bound', wan(s.bound)], ['way.gap', pct(s.gap, 3)], ['way.proven', s.proven ? tag(t('proven'), 'g') : tag(t('not_proven'), 'y')], ['way.stopped', lab('stopped_by', s.stopped_by)]].map(([id, value]) => h('div', {}, h('dt', {}, t(id)), h('dd', {}, value))))))),
    h('section', { class: 'card gain' }, h('div', {}, h('div', { class: 'l' }, t('key.gain')), h('div', { class: 'n' }, gainWords(), h('small', {}, t('unit.yi')))),
      h('div', {}, h('p', {}, t('gain.define')), h('p', {}, t('gain.loss'), ' ', tag(t('basis.assumed'), 'y')), h('p', { class: 'note' }, t('gain.count', { more: n(board.settled - alone.settled), tax: wan(board.tax - alone.tax) })))),
    h('div', { class: 'g2e' }, cardOf(t('chart.bound'), t('chart.bound_note'), null, boundChart(DATA.scenarios), h('p', { class: 'note' }, t('chart.bound_line'))),
      losses.length ? cardOf(t('chart.losses'), t('chart.losses_note'), null, bandChart(losses.map((l) => [l.loss_share, l.gain_low_wan, l.gain_high_wan]), (v) => pct(v, 0), (v) => yi(v, 1), t('chart.losses'), t('unit.yi')), h('p', { class: 'note' }, t('chart.losses_line'), tag(t('basis.assumed'), 'y'))) : null)];
}

function unmatchedPage() {
  const columns = [
    { id: 'fate', label: t('fate.why'), cell: (p) => tag(t('fate.' + p.fate + '.tag'), { refused: 'r', nowhere: 'y', outbid: 'b' }[p.fate]), sort: (p) => p.fate },
    { id: 'name', label: t('col.project'), look: 'main', cell: (p) => [projectLink(p), h('div', { class: 'note' }, p.investor)], sort: (p) => p.name },
    { id: 'town', label: t('col.origin'), cell: (p) => townName(p.origin_town_id), sort: (p) => townName(p.origin_town_id) },
    { id: 'need', label: t('col.need'), num: true, cell: need, sort: (p) => (demandsBy.get(p.project_id) || []).reduce((a, d) => a + d.need_m2, 0) },
    { id: 'tax', label: t('col.tax'), num: true, cell: (p) => wan(p.tax_wan), sort: (p) => p.tax_wan },
    { id: 'near', label: t('misses.near'), cell: nearest }];
  return [heading(t('nav.unmatched'), t('unmatched.note', { n: n(unmatched.length) })), list({ id: 'unmatched', rows: unmatched, columns, expand: unfold,
    search: (p) => `${p.name} ${p.investor} ${p.project_id} ${townName(p.origin_town_id)}`,
    filters: [{ id: 'fate', label: t('fate.why'), options: options(unmatched, (p) => p.fate, (v) => t('fate.' + v)), test: (p, v) => p.fate === v }, { id: 'town', label: t('col.origin'), options: options(unmatched, (p) => p.origin_town_id, townName), test: (p, v) => p.origin_town_id === v }] })];
}
function nearest(p) {
  const own = (missesBy.get(p.project_id) || []).filter((m) => m.miss_rank === 1);
  if (own.length) return own.slice(0, 2).map((m) => h('div', {}, say(m.text)));
  if (p.fate === 'refused' && p.best) return shortfall(p.best);
  return h('span', { class: 'note' }, t('fate.' + p.fate + '.line'));
}
function unfold(p) {
  const own = (schemesBy.get(p.project_id) || []).filter((s) => s.shown_rank !== null);
  return [missCards(p), own.length ? h('p', {}, t('unmatched.schemes', { n: own.length }), ' ', projectLink(p)) : null, p.fate === 'refused' ? admissionOf(p) : null, !missesBy.has(p.project_id) && p.fate === 'nowhere' ? h('p', { class: 'note' }, t('misses.none')) : null];
}

function townsPage() {
  const price = new Map(objects(DATA.prices).map((r) => [r.resource + '/' + r.town_id, r]));
  const rows = towns.map((town) => ({ ...town, ...townSums(town.town_id), left_m2: landLeft(town.town_id), price: price.get('land/' + town.town_id) }));
  const total = (key) => rows.reduce((a, r) => a + r[key], 0);
  const cells = (r) => [r.name || t('total'), n(r.own), n(r.hosted), n(r.moved_in), n(r.moved_out), mu(r.land_m2, 0), mu(r.left_m2, 0), r.price ? wan(r.price.price_wan) : '—', r.price ? pct(r.price.used_share, 0) : '—', r.shapley_wan === undefined ? '—' : wan(r.alone_wan), r.shapley_wan === undefined || r.shapley_wan === null ? '—' : [wan(r.shapley_wan), r.stderr_wan ? h('small', { class: 'note' }, ` ± ${wan(r.stderr_wan)}`) : ''], wan(r.hosted_wan)];
  const sums = Object.fromEntries(['own', 'hosted', 'moved_in', 'moved_out', 'land_m2', 'left_m2'].map((k) => [k, total(k)]));
  const head = ['town', 'own', 'hosted', 'moved_in', 'moved_out', 'land', 'left', 'price', 'used', 'alone', 'shapley', 'hosted_wan'].map((id, i) => [t('town.' + id), i ? 'num' : '']);
  const shares = rows.filter((r) => r.shapley_wan !== null);
  return [heading(t('nav.towns'), t('towns.note'), h('button', { type: 'button', class: 'btn', onclick: printPage }, t('print'))),
    h('section', { class: 'card' }, smallTable(head, [...rows.map(cells), { look: 'strong', cells: [t('total'), ...cells({ ...sums, hosted_wan: null }).slice(1)] }], 'ways'), h('p', { class: 'note' }, t('towns.twice'))),
    h('div', { class: 'g2e' }, shares.length ? cardOf(t('chart.share'), t('chart.share_note'), null, shareChart(shares), h('p', { class: 'note' }, t('chart.share_line'))) : null, h('div', { class: 'stack' }, core(), prices()))];
}
function landLeft(id) {
  return sites.filter((s) => s.town_id === id && s.site_kind === 'land' && OFFERED.includes(s.state)).reduce((a, s) => a + s.area_m2 - (placementBySite.has(s.site_id) ? placementBySite.get(s.site_id).take_m2 : 0), 0);
}
function core() {
  const d = DATA.division;
  return cardOf(t('core'), d.exact ? t('core.exact') : t('core.sampled', { n: n(d.samples) }), null, h('p', { class: d.in_core ? 'good' : 'bad' }, d.in_core ? t(d.exact ? 'core.yes' : 'core.none_found') : t('core.no', { towns: joined(d.blocking.map(townName)), more: wan(d.excess) })),
    h('p', { class: 'note' }, t('core.define', { function: text(d.value_function), grand: wan(d.grand) })));
}
function prices() {
  const list = objects(DATA.prices).filter((p) => p.resource !== 'land' && p.price_wan > 0).sort((a, b) => b.price_wan - a.price_wan).slice(0, 8);
  return list.length ? cardOf(t('prices'), t('prices.note'), null, smallTable([[t('prices.what')], [t('town.town')], [t('prices.price'), 'num'], [t('town.used'), 'num']], list.map((p) => [t('resource.' + p.resource), p.town_id === 'district' ? t('district') : townName(p.town_id), t('prices.per', { price: wan(p.price_wan), unit: t('per.' + p.unit) }), pct(p.used_share, 0)]))) : null;
}
