// A long list: search, filters, sorting, pages of rows, and a row that unfolds. The reader's choices outlive a redraw.
function listState(id, preset) {
  state.lists[id] = state.lists[id] || { query: '', filters: id === 'sites' ? { use: 'offered' } : {}, sort: null, down: true, page: 0, open: new Set() };
  if (preset) Object.assign(state.lists[id], { filters: preset, page: 0, query: '' });
  return state.lists[id];
}
function chosenRows(spec, s) {
  const words = s.query.trim().toLowerCase().split(/\s+/).filter(Boolean);
  let found = spec.rows.filter((row) => (spec.filters || []).every((f) => !s.filters[f.id] || f.test(row, s.filters[f.id])));
  if (words.length) found = found.filter((row) => { const all = spec.search(row).toLowerCase(); return words.every((w) => all.includes(w)); });
  const column = spec.columns.find((c) => c.id === s.sort);
  if (column) {
    const sign = s.down ? -1 : 1, dash = (v) => v === null || v === undefined;
    found = found.slice().sort((a, b) => {
      const x = column.sort(a), y = column.sort(b);
      if (dash(x) || dash(y)) return dash(x) - dash(y); // what is not stated stands last either way
      return (typeof x === 'string' ? x.localeCompare(y, 'zh') : x - y) * sign;
    });
  }
  return found;
}
function list(spec) {
  const s = listState(spec.id), body = h('div', {}), count = h('span', { class: 'note', 'aria-live': 'polite' });
  const draw = () => {
    const found = chosenRows(spec, s), printing = state.printing, pages = Math.max(1, Math.ceil(found.length / PAGE));
    s.page = Math.min(s.page, pages - 1);
    const shown = printing ? found : found.slice(s.page * PAGE, (s.page + 1) * PAGE);
    count.textContent = found.length === spec.rows.length ? t('list.count', { n: n(found.length) }) : t('list.found', { n: n(found.length), all: n(spec.rows.length) });
    body.replaceChildren(found.length ? table(spec, s, shown, draw) : h('p', { class: 'empty' }, t('list.none')), pages > 1 && !printing ? pager(s, pages, draw, body) : '');
  };
  const search = h('input', { type: 'search', value: s.query, placeholder: spec.hint || t('list.search'), 'aria-label': spec.hint || t('list.search'),
    oninput: (e) => { s.query = e.target.value; s.page = 0; draw(); } });
  const choices = (spec.filters || []).map((f) => h('label', { class: 'pick' }, h('span', {}, f.label), h('select', { onchange: (e) => { s.filters[f.id] = e.target.value; s.page = 0; draw(); } },
    h('option', { value: '' }, t('list.all')), f.options.map(([value, words]) => h('option', { value, selected: s.filters[f.id] === value }, words)))));
  draw();
  return h('section', { class: 'card list' }, h('div', { class: 'tools' }, search, choices, count), body);
}
function table(spec, s, shown, draw) {
  const heads = spec.columns.map((c) => h('th', { class: c.num ? 'num' : '', scope: 'col', 'aria-sort': s.sort === c.id ? (s.down ? 'descending' : 'ascending') : null },
    c.sort ? h('button', { type: 'button', class: 'plain', onclick: () => { s.down = s.sort === c.id ? !s.down : Boolean(c.num); s.sort = c.id; draw(); } }, c.label, s.sort === c.id ? (s.down ? ' ↓' : ' ↑') : '') : c.label));
  const lines = shown.map((row) => {
    const open = s.open.has(row._i);
    const toggle = () => { if (open) s.open.delete(row._i); else s.open.add(row._i); draw(); };
    const mark = spec.expand && h('button', { type: 'button', class: 'fold plain', 'aria-expanded': String(open), 'aria-label': t(open ? 'list.close' : 'list.open'), onclick: (e) => { e.stopPropagation(); toggle(); } }, open ? '▾' : '▸');
    const cells = spec.columns.map((c, i) => h('td', { class: (c.num ? 'num ' : '') + (c.look || ''), 'data-l': c.label }, i === 0 && mark, h('div', { class: 'v' }, c.cell(row))));
    const line = h('tr', { class: spec.expand ? 'can' : '', onclick: spec.expand && ((e) => { if (!e.target.closest('a,button')) toggle(); }) }, cells);
    return [line, open && spec.expand && h('tr', { class: 'inner' }, h('td', { colspan: spec.columns.length }, spec.expand(row)))];
  });
  return h('div', { class: 'scroll' }, h('table', { class: 'rows' }, h('thead', {}, h('tr', {}, heads)), h('tbody', {}, lines)));
}
function pager(s, pages, draw, body) {
  const go = (page) => () => { s.page = page; draw(); body.closest('.card').scrollIntoView({ block: 'start' }); };
  return h('div', { class: 'pager' }, h('button', { type: 'button', class: 'btn', disabled: s.page === 0, onclick: go(s.page - 1) }, t('list.before')),
    h('span', { class: 'note' }, t('list.page', { page: s.page + 1, pages })),
    h('button', { type: 'button', class: 'btn', disabled: s.page >= pages - 1, onclick: go(s.page + 1) }, t('list.after')));
}
function smallTable(columns, rows, look) {
  return h('div', { class: 'scroll' }, h('table', { class: look || '' }, h('thead', {}, h('tr', {}, columns.map(([words, kind]) => h('th', { scope: 'col', class: kind || '' }, words)))),
    h('tbody', {}, rows.map((r) => h('tr', { class: r.look || '' }, (r.cells || r).map((c, i) => h('td', { class: columns[i][1] || '', 'data-l': columns[i][0] }, c)))))));
}
function options(rows, pickOne, words) {
  const counts = new Map();
  for (const r of rows) { const v = pickOne(r); if (v !== null && v !== undefined) counts.set(v, (counts.get(v) || 0) + 1); }
  return [...counts].sort((a, b) => b[1] - a[1]).map(([v, c]) => [String(v), `${words(v)} ${c}`]);
}
