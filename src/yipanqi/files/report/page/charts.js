// Charts as inline SVG and plain bars.
function bar(share, colour) {
  return h('div', { class: 'bar' }, h('b', { style: `width:${Math.max(0, Math.min(100, share * 100)).toFixed(1)}%;background:${colour}` }));
}

function donut(parts, middle, under) {
  const whole = parts.reduce((a, p) => a + p.value, 0) || 1, r = 34, length = 2 * Math.PI * r;
  let turned = 0;
  const rings = parts.map((p) => {
    const share = (p.value / whole) * length;
    const arc = g('circle', { cx: 45, cy: 45, r, fill: 'none', stroke: p.colour, 'stroke-width': 12,
      'stroke-dasharray': `${share.toFixed(2)} ${(length - share).toFixed(2)}`, 'stroke-dashoffset': (-turned).toFixed(2), transform: 'rotate(-90 45 45)' });
    turned += share;
    return arc;
  });
  return g('svg', { viewBox: '0 0 90 90', class: 'donut', role: 'img', 'aria-label': `${middle} ${under}` }, ...rings,
    g('text', { x: 45, y: 46, class: 'mid' }, middle), g('text', { x: 45, y: 58, class: 'sub' }, under));
}

function ticks(low, high, count = 4) {
  const span = high - low || 1, raw = span / count, size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((k) => k * size).find((s) => s >= raw) || raw;
  const out = [];
  for (let v = Math.ceil(low / step) * step; v <= high + step * 1e-6; v += step) out.push(v);
  return out;
}

// points: [[x, y]]; both axes are labelled by the given functions.
function lineChart(points, xWords, yWords, label, unit) {
  const W = 460, H = 210, L = 58, R = 16, T = 26, B = 30;
  const xs = points.map((p) => p[0]), ys = points.map((p) => p[1]);
  const x0 = Math.min(...xs), x1 = Math.max(...xs), y0 = Math.min(0, ...ys), y1 = Math.max(...ys) * 1.06 || 1;
  const X = (v) => L + ((v - x0) / (x1 - x0 || 1)) * (W - L - R), Y = (v) => H - B - ((v - y0) / (y1 - y0 || 1)) * (H - T - B);
  const line = points.map((p, i) => `${i ? 'L' : 'M'}${X(p[0]).toFixed(1)},${Y(p[1]).toFixed(1)}`).join('');
  const area = `${line}L${X(x1).toFixed(1)},${Y(y0)}L${X(x0).toFixed(1)},${Y(y0)}Z`;
  return g('svg', { viewBox: `0 0 ${W} ${H}`, class: 'chart', role: 'img', 'aria-label': label },
    ticks(y0, y1).map((v) => [g('line', { x1: L, x2: W - R, y1: Y(v), y2: Y(v), class: 'grid' }), g('text', { x: L - 7, y: Y(v) + 4, class: 'ax e' }, yWords(v))]),
    g('text', { x: L - 7, y: 12, class: 'ax e' }, unit), g('path', { d: area, class: 'fill' }), g('path', { d: line, class: 'line' }),
    points.map((p) => g('circle', { cx: X(p[0]), cy: Y(p[1]), r: 3.5, class: 'dot' }, g('title', {}, `${xWords(p[0])}: ${yWords(p[1])}`))),
    (points.length > 6 ? ticks(x0, x1, 5) : xs).map((v) => g('text', { x: X(v), y: H - 9, class: 'ax m' }, xWords(v))));
}

// Value reached (solid) and what could at most be reached (outline) for each way to play.
function boundChart(scenarios) {
  const W = 460, rowH = 46, L = 84, R = 96, H = scenarios.length * rowH + 8;
  const top = Math.max(...scenarios.map((s) => Math.max(s.value, s.bound || 0))) || 1;
  const X = (v) => L + (v / top) * (W - L - R);
  return g('svg', { viewBox: `0 0 ${W} ${H}`, class: 'chart', role: 'img', 'aria-label': t('chart.bound') }, scenarios.map((s, i) => {
    const y = i * rowH + 8;
    return [g('text', { x: L - 10, y: y + 19, class: 'ax e strong' }, lab('scenario_name', s.name)),
      g('rect', { x: L, y: y + 4, width: Math.max(1, X(s.bound || s.value) - L), height: 22, rx: 3, class: 'limit' }),
      g('rect', { x: L, y: y + 4, width: Math.max(1, X(s.value) - L), height: 22, rx: 3, class: 'val v-' + s.name }),
      g('text', { x: X(Math.max(s.value, s.bound || 0)) + 8, y: y + 19, class: 'ax strong' }, wan(s.value))];
  }));
}

// Each town: playing alone (grey), its Shapley value (blue) with ± standard error.
function shareChart(list) {
  const rowH = 26, W = 560, L = 96, R = 108, H = list.length * rowH + 24;
  const top = Math.max(1, ...list.map((s) => Math.max(s.shapley_wan + 2 * s.stderr_wan, s.alone_wan)));
  const X = (v) => L + (Math.max(0, v) / top) * (W - L - R);
  return g('svg', { viewBox: `0 0 ${W} ${H}`, class: 'chart', role: 'img', 'aria-label': t('chart.share') },
    ticks(0, top, 4).map((v) => [g('line', { x1: X(v), x2: X(v), y1: 2, y2: H - 20, class: 'grid' }), g('text', { x: X(v), y: H - 6, class: 'ax m' }, yi(v, 1))]),
    list.map((s, i) => {
      const y = i * rowH + 4, mid = y + 10;
      return [g('text', { x: L - 8, y: mid + 4, class: 'ax e strong' }, s.name),
        g('rect', { x: L, y: y + 1, width: Math.max(1, X(s.shapley_wan) - L), height: 11, rx: 2, class: 'val v-board' }),
        g('rect', { x: L, y: y + 13, width: Math.max(1, X(s.alone_wan) - L), height: 5, rx: 1, class: 'val v-alone' }),
        s.stderr_wan > 0 && g('line', { x1: X(s.shapley_wan - 2 * s.stderr_wan), x2: X(s.shapley_wan + 2 * s.stderr_wan), y1: y + 6.5, y2: y + 6.5, class: 'err' }),
        g('text', { x: X(Math.max(s.shapley_wan + 2 * s.stderr_wan, s.alone_wan)) + 7, y: mid + 3, class: 'ax' }, wan(s.shapley_wan))];
    }));
}
