// Head band, navigation, search, language, print; and the page the address names.
const NAV = [['overview', ['overview']], ['inventory', ['sites']], ['admission', ['admission']], ['planning', ['planning']], ['board', ['placements', 'scenarios', 'towns', 'unmatched']], ['grounds', ['rules', 'findings']]];
const VIEWS = { overview, sites: sitesPage, admission, planning, placements, scenarios, towns: townsPage, unmatched: unmatchedPage, rules: rulesPage, findings: findingsPage };

function heading(title, note, ...acts) {
  return h('div', { class: 'h' }, h('h1', {}, title), h('span', { class: 'as' }, note), acts.length ? h('span', { class: 'act' }, acts) : null);
}
const profileName = () => (DATA.texts['report.profile.' + DATA.head.profile] ? t('profile.' + DATA.head.profile) : DATA.head.profile);
function headNote() {
  return [t('as_of', { on: DATA.head.as_of }), t('rules_of', { profile: profileName() }), DATA.head.synthetic ? t('synthetic') : null].filter(Boolean).join(DOT);
}
function band() {
  document.title = t('title', { district: DATA.head.district || profileName() });
  document.documentElement.lang = zh() ? 'zh-CN' : 'en';
  document.getElementById('skip').textContent = t('skip');
  const results = h('div', { class: 'results', role: 'listbox', hidden: true });
  const input = h('input', { type: 'search', placeholder: t('search'), 'aria-label': t('search'), oninput: (e) => found(e.target.value, results), onkeydown: (e) => {
    if (e.key === 'Enter' && results.firstChild) results.querySelector('a,button').click();
    if (e.key === 'Escape') results.hidden = true;
  } });
  document.getElementById('top').replaceChildren(h('b', {}, t('name')), h('span', { class: 'd' }, `${DATA.head.district || profileName()}${DOT}${t('subtitle')}`), DATA.head.synthetic ? h('span', { class: 'syn' }, t('synthetic')) : '',
    h('div', { class: 's' }, input, results), h('div', { class: 'lang', role: 'group', 'aria-label': t('language') }, ['zh', 'en'].map((l) => h('button', { type: 'button', 'aria-pressed': String(state.language === l), lang: l, onclick: () => { state.language = l; draw(); } }, l === 'zh' ? '中文' : 'EN'))));
}
function found(query, results) {
  const q = query.trim().toLowerCase();
  if (!q) { results.hidden = true; results.replaceChildren(); return; }
  const hit = (words) => words.toLowerCase().includes(q);
  const people = projects.filter((p) => hit(`${p.name} ${p.investor} ${p.project_id}`)).slice(0, 6);
  const places = sites.filter((s) => hit(`${s.name} ${s.site_id} ${townName(s.town_id)}`)).slice(0, 6);
  const hide = () => { results.hidden = true; };
  results.replaceChildren(...people.map((p) => h('a', { href: '#project/' + encodeURIComponent(p.project_id), role: 'option', onclick: hide }, p.name, h('small', {}, p.investor))),
    ...places.map((s) => h('button', { type: 'button', role: 'option', onclick: () => { hide(); openSite(s.site_id); } }, s.name, h('small', {}, townName(s.town_id)))));
  if (!results.firstChild) results.append(h('p', { class: 'empty' }, t('list.none')));
  results.hidden = false;
}
document.addEventListener('click', (e) => { if (!e.target.closest('.s')) for (const r of document.querySelectorAll('.results')) r.hidden = true; });

function navigation() {
  const badges = { findings: DATA.findings.filter((f) => f[0] === 'block').length, unmatched: unmatched.length };
  document.getElementById('nav').setAttribute('aria-label', t('nav'));
  document.getElementById('nav').replaceChildren(...NAV.flatMap(([head, views]) => [h('h6', {}, t('group.' + head)), ...views.map((v) => h('a', { href: '#' + v, class: v === state.view ? 'on' : '', 'aria-current': v === state.view ? 'page' : null },
    t('nav.' + v), badges[v] ? h('i', { class: v === 'findings' ? 'red' : '' }, n(badges[v])) : ''))]), h('p', { class: 'foot' }, t('internal'), h('br'), `yipanqi ${DATA.head.version}`));
}
function draw() {
  const [view, id] = location.hash.slice(1).split('/');
  state.view = VIEWS[view] || view === 'project' ? view : view === 'site' ? 'sites' : 'overview';
  document.getElementById('map-store').append(map); // the one map moves between pages
  band();
  navigation();
  const parts = state.view === 'project' ? project(decodeURIComponent(id || '')) : VIEWS[state.view]();
  const edge = h('footer', { class: 'edge' }, t('promise'), DOT, headNote(), DOT, t('edge', { digest: DATA.head.rulebook }));
  document.getElementById('content').replaceChildren(...parts.flat(2).filter(Boolean), edge);
  hover.hidden = true;
  if (view === 'site') openSite(decodeURIComponent(id || ''));
}
function printPage() { print(); }
addEventListener('beforeprint', () => { state.printing = true; draw(); });
addEventListener('afterprint', () => { state.printing = false; draw(); });
addEventListener('hashchange', () => { draw(); scrollTo(0, 0); document.getElementById('content').focus({ preventScroll: true }); });
addEventListener('resize', scale);
draw();
