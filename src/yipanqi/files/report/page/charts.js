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

// points: [[x, low, high]], drawn as a band; both axes are labelled by the given functions.
function bandChart(points, xWords, yWords, label, unit) {
  const W = 460, H = 210, L = 58, R = 16, T = 26, B = 30;
  const xs = points.map((p) => p[0]), x0 = Math.min(...xs), x1 = Math.max(...xs);
  const y0 = Math.min(0, ...points.map((p) => p[1])), y1 = Math.max(...points.map((p) => p[2])) * 1.06 || 1;
  const X = (v) => (L + ((v - x0) / (x1 - x0 || 1)) * (W - L - R)).toFixed(1), Y = (v) => (H - B - ((v - y0) / (y1 - y0 || 1)) * (H - T - B)).toFixed(1);
  const line = (list, k) => list.map((p) => `${X(p[0])},${Y(p[k])}`).join('L');
  return g('svg', { viewBox: `0 0 ${W} ${H}`, class: 'chart', role: 'img', 'aria-label': label },
    ticks(y0, y1).map((v) => [g('line', { x1: L, x2: W - R, y1: Y(v), y2: Y(v), class: 'grid' }), g('text', { x: L - 7, y: Number(Y(v)) + 4, class: 'ax e' }, yWords(v))]),
    g('text', { x: L - 7, y: 12, class: 'ax e' }, unit), g('path', { d: `M${line(points, 2)}L${X(x1)},${Y(y0)}L${X(x0)},${Y(y0)}Z`, class: 'fill' }),
    g('path', { d: `M${line(points, 2)}L${line(points.slice().reverse(), 1)}Z`, class: 'band' }),
    points.map((p) => g('circle', { cx: X(p[0]), cy: Y((p[1] + p[2]) / 2), r: 3.5, class: 'dot' }, g('title', {}, `${xWords(p[0])}: ${yWords(p[1])}–${yWords(p[2])}`))),
    points.map((p) => g('text', { x: X(p[0]), y: Number(Y(p[2])) - 8, class: 'ax m strong' }, yWords((p[1] + p[2]) / 2))),
    xs.map((v, i) => (i && X(v) - X(xs[i - 1]) < 34 && i < xs.length - 1 ? null : g('text', { x: X(v), y: H - 9, class: 'ax m' }, xWords(v)))));
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
