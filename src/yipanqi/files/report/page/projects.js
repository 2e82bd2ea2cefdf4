// 准入一把尺 and the page of one project: verdicts clause by clause, schemes side by side, nearest misses.
function caseParts(c) {
  const rest = c.case_id.startsWith(c.project_id + '/') ? c.case_id.slice(c.project_id.length + 1) : c.case_id;
  return rest.split('/');
}
// The site classes of a group of cases in few words: a whole area class is named once, all of them not at all.
function caseWords(group, all) {
  if (group.length === all.length) return t(all.length > 1 ? 'case.all' : 'case.any');
  const areas = [...new Set(group.map((c) => caseParts(c)[0]))];
  return joined(areas.map((area) => {
    const inArea = (c) => caseParts(c)[0] === area, own = group.filter(inArea);
    if (own.length === all.filter(inArea).length) return lab('area_class', area);
    return `${lab('area_class', area)}${zh() ? '（' : ' ('}${joined(own.map((c) => codeWord('label.functional_type', caseParts(c)[1] || null) || '—'))}${zh() ? '）' : ')'}`;
  }));
}
const measure = (norm, v) => (norm.unit === 'share' ? pct(v, 2) : n(v, v !== null && Math.abs(v) >= 10 ? 2 : 3));
function threshold(norm) {
  if (norm.threshold === null) return t('comparison.' + norm.comparison);
  return `${t('comparison.' + norm.comparison)} ${measure(norm, norm.threshold)}`;
}
function clauseTable(results) {
  const ordered = results.map(([k, value, gap, met, band, points]) => ({ norm: norms[k], value, gap, met, band, points }));
  ordered.sort((a, b) => b.norm.hard - a.norm.hard || (a.met === true) - (b.met === true));
  return smallTable([[''], [t('clause.indicator')], [t('clause.value'), 'num'], [t('clause.threshold'), 'num'], [t('clause.gap'), 'num'], [t('clause.basis')]], ordered.map((r) => [
    mark(r), [h('div', {}, text('admission.indicator.' + r.norm.indicator), r.norm.mandatory ? [' ', tag(t('clause.mandatory'), 'r')] : null), h('div', { class: 'note' }, [r.norm.clause !== text('admission.indicator.' + r.norm.indicator) && r.norm.clause, r.norm.unit && r.norm.unit !== 'share' && unitWord(r.norm.unit)].filter(Boolean).join(DOT))],
    r.points !== null && r.norm.points_max ? `${n(r.points, 1)} / ${n(r.norm.points_max)}` : measure(r.norm, r.value), r.norm.hard || r.norm.threshold !== null ? threshold(r.norm) : '—',
    r.gap === null ? '—' : h('span', { class: r.gap < 0 ? 'dn' : '' }, (r.gap > 0 ? '+' : '') + measure(r.norm, r.gap)), basisTag(r.norm.basis)]), 'clauses');
}
const unitWord = (unit) => codeWord('label.admission_unit', unit) || '';
function mark(r) {
  if (!r.norm.hard) return tag(t('met.scored'), 'b');
  if (r.met === null) return tag(t('met.unknown'), 'y');
  if (r.met) return tag(t('met.yes'), 'g');
  return r.band ? tag(t('met.band'), 'y') : tag(t('met.no'), 'r');
}
function shortOf(r) {
  const norm = norms[r[0]], size = measure(norm, Math.abs(r[2]));
  return norm.unit && norm.unit !== 'share' ? `${size} ${unitWord(norm.unit)}` : size;
}
function verdictLine(c) {
  const hard = c.results.filter((r) => norms[r[0]].hard), met = hard.filter((r) => r[3] === true).length;
  const unknown = hard.filter((r) => r[3] === null).length;
  const parts = hard.length ? [t('verdict.line', { all: hard.length, met })] : [t('verdict.no_clause')];
  const short = hard.filter((r) => r[3] === false && r[2] !== null);
  if (short.length) parts.push(t('verdict.short', { list: joined(short.map((r) => `${text('admission.indicator.' + norms[r[0]].indicator)} ${shortOf(r)}`)) }));
  if (unknown) parts.push(t('verdict.unknown', { n: unknown }));
  if (c.score_points !== null) parts.push(t('verdict.score', { n: n(c.score_points, 1) }));
  return parts.join(zh() ? '；' : '; ');
}
function verdictBanner(c) {
  return h('div', { class: 'verdict v-' + c.verdict }, h('strong', {}, t('verdict.' + c.verdict)), h('div', {}, h('div', {}, verdictLine(c)),
    h('div', { class: 'note' }, c.standard_id ? t('verdict.standard', { standard: standardName(c.standard_id), edition: c.edition || '—', on: c.reference_on }) : t('verdict.no_standard'))));
}
// Site classes with the same answer are told once.
function admissionOf(project) {
  const own = casesBy.get(project.project_id) || [], alike = new Map();
  for (const c of own) { const key = JSON.stringify([c.verdict, c.standard_id, c.results]); if (alike.has(key)) alike.get(key).push(c); else alike.set(key, [c]); }
  const groups = [...alike.values()].sort((a, b) => RANK[a[0].verdict] - RANK[b[0].verdict]);
  if (!groups.length) return [h('p', { class: 'empty' }, t('case.none'))];
  return [groups.map((cs, i) => h('details', { class: 'case', open: i === 0 }, h('summary', {}, verdictTag(cs[0].verdict), h('span', {}, caseWords(cs, own))), verdictBanner(cs[0]), changesOf(cs[0]), clauseTable(cs[0].results)))];
}
// The smallest changes that pass; those of one number belong together.
function changesOf(c) {
  const told = new Set(), own = [...group(counterBy.get(c.case_id) || [], 'order_no').values()].filter((together) => {
    const words = together.map(moveWords).join();
    return told.has(words) ? false : told.add(words); // one missed clause: its change and the change of all are the same
  });
  return own.length ? h('div', { class: 'pass' }, h('b', {}, t('pass')), h('ul', {}, own.map((together) => h('li', {}, together.map(moveWords).join(t('and')), ' ⇒ ', t('verdict.' + together[0].verdict))))) : null;
}
const SHOWN_AS = [[/^land_m2$/, (v) => mu(v, 2)], [/_m2$/, m2], [/_wan$/, (v) => wan(v)], [/_share$/, (v) => pct(v, 2)], [/_tce$/, (v) => `${n(v, 1)} tce`], [/_t$/, (v) => `${n(v, 3)} t`], [/./, (v) => n(v, 3)]];
function moveWords(c) {
  const show = SHOWN_AS.find(([name]) => name.test(c.lever))[1];
  const word = DATA.texts['column.projects.' + c.lever] ? text('column.projects.' + c.lever) : t('lever.' + c.lever);
  return `${word} ${show(c.value)} → ${show(c.value + c.amount)}（${c.amount > 0 ? '+' : ''}${show(c.amount)}）`;
}
function admission() {
  const columns = [
    { id: 'verdict', label: t('col.verdict'), cell: (p) => verdictTag(p.verdict), sort: (p) => (p.verdict ? RANK[p.verdict] : null) },
    { id: 'name', label: t('col.project'), look: 'main', cell: (p) => [projectLink(p), h('div', { class: 'note' }, p.investor)], sort: (p) => p.name },
    { id: 'category', label: t('col.category'), cell: (p) => lab('category', p.category), sort: (p) => p.category },
    { id: 'town', label: t('col.origin'), cell: (p) => townName(p.origin_town_id), sort: (p) => townName(p.origin_town_id) },
    { id: 'need', label: t('col.need'), num: true, cell: need, sort: (p) => (demandsBy.get(p.project_id) || []).reduce((a, d) => a + d.need_m2, 0) },
    { id: 'tax', label: t('col.tax'), num: true, cell: (p) => wan(p.tax_wan), sort: (p) => p.tax_wan },
    { id: 'short', label: t('col.short'), cell: (p) => (p.best ? shortfall(p.best) : '—') }];
  return [heading(t('nav.admission'), t('admission.note')), list({ id: 'admission', rows: projects.filter((p) => p.best), columns, expand: admissionOf,
    search: (p) => `${p.name} ${p.investor} ${p.project_id} ${p.industry_code} ${p.product_line || ''} ${townName(p.origin_town_id)}`, hint: t('admission.search'),
    filters: [{ id: 'verdict', label: t('col.verdict'), options: options(projects, (p) => p.verdict, (v) => t('verdict.' + v)), test: (p, v) => p.verdict === v },
      { id: 'category', label: t('col.category'), options: options(projects, (p) => p.category, (v) => lab('category', v)), test: (p, v) => p.category === v },
      { id: 'town', label: t('col.origin'), options: options(projects, (p) => p.origin_town_id, townName), test: (p, v) => p.origin_town_id === v }] })];
}
function shortfall(c) {
  const hard = c.results.filter((r) => norms[r[0]].hard), missed = hard.filter((r) => r[3] === false), unknown = hard.filter((r) => r[3] === null).length;
  if (!hard.length) return h('span', { class: 'note' }, t('verdict.no_clause'));
  if (!missed.length) return unknown ? h('span', { class: 'note' }, t('verdict.unknown', { n: unknown })) : h('span', { class: 'note' }, t('verdict.all_met', { n: hard.length }));
  return missed.slice(0, 2).map((r) => h('div', { class: 'dn' }, `${text('admission.indicator.' + norms[r[0]].indicator)} ${r[2] === null ? '' : '−' + shortOf(r)}`)).concat(missed.length > 2 ? h('div', { class: 'note' }, t('verdict.more', { n: missed.length - 2 })) : []);
}

const standardName = (id) => (DATA.standards[id] ? pick(DATA.standards[id]) : id);

// One project: what became of it, its schemes side by side, and its admission.
function project(id) {
  const p = projectById.get(id);
  if (!p) return [heading(id, t('list.none'))];
  const own = schemesBy.get(id) || [], put = placed.board.get(id);
  const shown = own.filter((s) => s.shown_rank !== null || (put && put.scheme_id === s.scheme_id));
  const tags = [tag(lab('category', p.category), 'b'), p.verdict && verdictTag(p.verdict), p.major && tag(t('major'), 'v'), ...(p.strategic_tags || []).map((s) => tag(lab('strategic_tag', s)))];
  const facts = [t('project.need', { need: need(p) }), t('project.industry', { code: p.industry_code }), p.investor, t('project.origin', { town: townName(p.origin_town_id), on: p.reported_at || '—' })];
  return [heading(p.name, facts.join(DOT), h('button', { type: 'button', class: 'btn', onclick: printPage }, t('print')), h('a', { class: 'btn', href: '#' + (p.fate === 'placed' ? 'placements' : p.in_play ? 'unmatched' : 'admission') }, t('back'))),
    h('div', { class: 'tags' }, tags), fateBanner(p, put),
    shown.length ? h('div', { class: 'cards n' + shown.length }, shown.map((s, i) => schemeCard(s, i, put, shown))) : null,
    shown.length > 1 ? compare(shown, put) : null,
    missCards(p),
    cardOf(t('project.admission'), t('project.admission_note'), null, admissionOf(p)),
    shown.length ? cardOf(t('project.final'), t('project.final_note'), null, shown.map((s, i) => finalCase(s, i))) : null, projectFacts(p), promise()];
}
function finalCase(s, i) {
  const c = finalById.get(s.scheme_id);
  return c ? h('details', { class: 'case' }, h('summary', {}, verdictTag(c.verdict), h('span', {}, schemeTitle(s, i))), verdictBanner(c), clauseTable(c.results)) : null;
}
const schemeTitle = (s, i) => t('scheme.title', { n: zh() ? '一二三四'[i] : i + 1, kind: lab('scheme_kind', s.kind) });
function fateBanner(p, put) {
  const facts = [];
  if (put) {
    const s = schemeById.get(put.scheme_id);
    facts.push([t('fate'), h('b', {}, t('fate.placed'), zh() ? '：' : ': ', joined(s.town_ids.map(townName)))], [t('scheme.available'), day(s.available_on)], [t('scheme.value'), wan(put.value_wan)], [t('scheme.expected'), wan(put.expected_wan)],
      [t('fate.elsewhere'), joined(['alone', 'referral'].map((k) => `${lab('scenario_name', k)} ${placed[k].has(p.project_id) ? '✓' : '✗'}`))], [t('consent'), lab('consent', p.consent)]);
  } else facts.push([t('fate'), h('b', {}, t('fate.' + p.fate))], [t('fate.why'), t('fate.' + p.fate + '.line')]);
  return h('section', { class: 'card strip' }, facts.map(([words, value]) => h('div', {}, h('div', { class: 'note' }, words), value)), h('p', { class: 'note' }, t('promise')));
}
function schemeLines(s) {
  const units = unitsBy.get(s.scheme_id) || [];
  const area = [s.land_m2 ? mu(s.land_m2, 2) : null, s.floor_m2 ? m2(s.floor_m2) : null].filter(Boolean).join(' + ');
  const wanted = need(projectById.get(s.project_id));
  return [[t('scheme.sites'), units.map((u, i) => [i ? (zh() ? '、' : ', ') : '', siteLink(u.site_id)])], [t('scheme.area'), t('scheme.area_of', { area, need: wanted })], [t('scheme.town'), joined(s.town_ids.map(townName))],
    [t('scheme.class'), s.area_class ? `${lab('area_class', s.area_class)}${s.functional_type ? DOT + lab('functional_type', s.functional_type) : ''}` : '—'], [t('scheme.available'), day(s.available_on)],
    [t('scheme.firms'), t('scheme.firms_n', { n: s.relocation_count })], [t('scheme.cost'), s.relocation_cost_wan ? wan(s.relocation_cost_wan) : '—'], [t('scheme.changes'), s.plan_change_count ? t('scheme.changes_n', { n: s.plan_change_count }) : t('none')],
    [t('scheme.distance'), s.distance_km === null ? '—' : `${n(s.distance_km, 1)} km`], [t('scheme.tax'), wan(s.tax_wan)]];
}
function schemeCard(s, i, put, all) {
  const soonest = all.length > 1 && all.every((o) => s.available_on <= o.available_on) && all.some((o) => s.available_on < o.available_on);
  const taken = put && put.scheme_id === s.scheme_id, p = projectById.get(s.project_id);
  return h('section', { class: 'card scheme' + (taken ? ' taken' : '') }, h('h2', {}, schemeTitle(s, i), taken && tag(t('scheme.taken'), 't'), s.shown_rank === 1 && tag(t('scheme.first'), 'b'), soonest && tag(t('scheme.soonest'), 'g'),
    s.town_ids.some((x) => x !== p.origin_town_id) && tag(t('scheme.moved'), 'v'), h('span', { class: 'score', title: t('scheme.score') }, s.score_share.toFixed(2))), miniMap(s),
    h('dl', {}, schemeLines(s).map(([words, value]) => h('div', {}, h('dt', {}, words), h('dd', {}, value)))), reasonList(s), moveList(s), changeList(s));
}
const ROLE_LOOK = { strength: 'g', price: 'y', note: '' };
function reasonList(s) {
  const own = reasonsBy.get(s.scheme_id) || [];
  return h('ul', { class: 'reasons' }, own.map((r) => h('li', {}, tag(t('role.' + r.role), ROLE_LOOK[r.role]), ' ', say(r.text))));
}
function moveList(s) {
  const own = relocationsBy.get(s.scheme_id) || [];
  return own.length ? h('div', { class: 'sub' }, h('b', {}, t('moves')), smallTable([[t('moves.firm')], [t('moves.from')], [t('moves.to')], [t('moves.cost'), 'num'], [t('moves.months'), 'num']], own.map((m) => [
    firmById.get(m.firm_id) ? firmById.get(m.firm_id).name : m.firm_id, siteLink(m.from_site_id), m.to_site_id ? siteLink(m.to_site_id) : t('moves.closes'), wan(m.cost_wan), n(m.months, 1)]))) : null;
}
function changeList(s) {
  const own = changesBy.get(s.scheme_id) || [];
  return own.length ? h('div', { class: 'sub' }, h('b', {}, t('changes')), h('ul', {}, own.map((c) => h('li', {}, changeWords(c))))) : null;
}
function codeWord(group, code) { return code === null ? null : DATA.texts[`${group}.${code}`] ? text(`${group}.${code}`) : code; }
const VALUE_WORDS = { use_class: 'use_class', area_class: 'area_class', functional_type: 'functional_type', state: 'site_state', red_line: 'red_line' };
function changeWords(c) {
  const value = (v) => (v === null ? '—' : VALUE_WORDS[c.parameter] ? codeWord('label.' + VALUE_WORDS[c.parameter], v) : v);
  const what = c.parameter ? `${codeWord('label.plan_parameter', c.parameter)} ${value(c.from_value)} → ${value(c.to_value)}` : null;
  return [siteLink(c.site_id), zh() ? '：' : ': ', [what, codeWord('label.plan_procedure', c.procedure), c.decider && t('changes.decider', { who: DATA.bodies[c.decider] ? pick(DATA.bodies[c.decider]) : c.decider })].filter(Boolean).join(DOT)];
}
function compare(shown, put) {
  const lines = [['scheme.available', (s) => day(s.available_on), (s) => s.available_on, -1], ['scheme.value', (s) => wan(s.value_wan), (s) => s.value_wan, 1], ['scheme.expected', (s) => wan(s.expected_wan), (s) => s.expected_wan, 1],
    ['scheme.cost', (s) => wan(s.relocation_cost_wan), (s) => s.relocation_cost_wan, -1], ['scheme.price', (s) => wan(s.price_wan), (s) => s.price_wan, -1], ['scheme.distance', (s) => (s.distance_km === null ? '—' : `${n(s.distance_km, 1)} km`), (s) => s.distance_km, -1],
    ['scheme.changes', (s) => n(s.plan_change_count), (s) => s.plan_change_count, -1], ['scheme.fit', (s) => pct(s.fit_share, 0), (s) => s.fit_share, 1], ['scheme.unsure', (s) => t('scheme.unsure_n', { stale: s.stale_count, unverified: s.unverified_count }), (s) => s.stale_count + s.unverified_count, -1]];
  const rows = lines.map(([id, words, value, sign]) => {
    const known = shown.map(value).filter((v) => v !== null && v !== undefined);
    const bestOne = known.length > 1 && new Set(known).size > 1 ? known.reduce((a, b) => ((b > a) === (sign > 0) ? b : a)) : undefined;
    return bestOne === undefined ? null : [t(id), ...shown.map((s) => (value(s) === bestOne ? h('b', {}, words(s)) : words(s))), h('span', { class: 'note' }, t(id + '.line'))];
  }).filter(Boolean);
  return rows.length ? cardOf(t('compare'), t('compare.note'), null, smallTable([[t('compare.what')], ...shown.map((s, i) => [schemeTitle(s, i), 'num']), [t('compare.line')]], rows)) : null;
}
function missCards(p) {
  const own = group(missesBy.get(p.project_id) || [], 'miss_rank');
  return own.size ? cardOf(t('misses'), t('misses.note'), null, h('div', { class: 'cards n3' }, [...own].map(([rank, reasons]) => h('div', { class: 'card flat' }, h('h2', {}, `${rank}. `, reasons[0].site_ids.map((s, i) => [i ? '、' : '', siteLink(s)])),
    h('ul', { class: 'reasons' }, reasons.map((r) => h('li', {}, tag(t('misses.tag'), 'y'), ' ', say(r.text)))))))) : null;
}
function projectFacts(p) {
  const lines = [['total', wan(p.total_investment_wan)], ['fixed', wan(p.fixed_investment_wan)], ['output', wan(p.output_wan)], ['tax', wan(p.tax_wan)], ['rd', pct(p.rd_share)], ['energy', p.energy_tce === null ? '—' : `${n(p.energy_tce)} tce`], ['emission', p.emission_t === null ? '—' : `${n(p.emission_t, 2)} t`], ['stage', lab('stage', p.stage)], ['product', p.product_line || '—']];
  return cardOf(t('project.facts'), t('project.facts_note'), null, h('dl', { class: 'wide' }, lines.map(([id, value]) => h('div', {}, h('dt', {}, t('fact.' + id)), h('dd', {}, value)))));
}
const promise = () => h('p', { class: 'promise' }, t('promise'));
