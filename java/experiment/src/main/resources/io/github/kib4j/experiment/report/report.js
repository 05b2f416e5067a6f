'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const root = document.documentElement;
  const narrowest = 200;
  const dashes = [[], [7, 4], [2, 3], [10, 3, 2, 3], [14, 4]];
  const dash = run => dashes[data.runs[run].dash % dashes.length];
  const style = name => getComputedStyle(root).getPropertyValue('--' + name).trim();
  const hidden = new Set();
  const plots = [];

  const short = (value, unit) => {
    if (value == null) return '–';
    if (unit === '%') return value.toFixed(2) + ' %';
    if (Number.isInteger(value) && Math.abs(value) < 1000) return String(value).replace('-', '−');
    const size = Math.abs(value);
    if (size >= 1000) return Math.round(value).toLocaleString('en');
    if (size !== 0 && size < 1e-3) return value.toExponential(2);
    return value.toPrecision(4).replace('-', '−');
  };

  const rgb = hex => [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16));

  // A run's lines have its colour; where lines are layers, they go from one colour to another.
  const colour = line => {
    if (!line.layer) return style(data.runs[line.run].colour);
    const [first, last] = [rgb(style('layer-first')), rgb(style('layer-last'))];
    return 'rgb(' + first.map((c, i) => Math.round(c + (last[i] - c) * line.part)) + ')';
  };

  // The numbers at one epoch, or of one layer, beside a plot's title.
  const tell = (plot, index) => {
    const out = plot.figure.querySelector('output');
    const at = index == null ? plot.x.length - 1 : index;
    out.textContent = plot.over + ' ' + plot.x[at] + ' ';
    for (const line of plot.lines) {
      if (hidden.has(line.run) || line.y[at] == null) continue;
      const item = document.createElement('i');
      if (line.layer) item.style.setProperty('--c', colour(line)); else item.className = data.runs[line.run].colour;
      item.textContent = short(line.y[at], plot.unit);
      item.title = line.layer ? 'layer ' + line.layer : data.runs[line.run].label;
      out.append(item);
    }
  };

  const axis = (label, more) => ({
    stroke: () => style('muted'),
    font: '12px system-ui, sans-serif',
    labelFont: '12px system-ui, sans-serif',
    label, labelSize: 18, labelGap: 0, gap: 4,
    grid: {stroke: () => style('grid'), width: 1},
    ticks: {stroke: () => style('grid'), width: 1, size: 4},
    ...more,
  });

  const ticks = (u, values) => values.map(v =>
    v == null ? '' : Math.abs(v) >= 1e4 ? (v / 1000).toLocaleString('en') + 'k' :
      v !== 0 && Math.abs(v) < 1e-3 ? v.toExponential(0) : String(+v.toPrecision(6)).replace('-', '−'));

  const draw = figure => {
    const plot = data.plots[figure.dataset.plot];
    const chart = figure.querySelector('.chart');
    plot.figure = figure;
    const few = plot.x.length < 3 || plot.over === 'layer';
    const options = {
      width: Math.max(narrowest, chart.clientWidth),
      height: figure.closest('.small') ? 165 : 220,
      scales: {x: {time: false, range: (u, low, high) => low === high ? [low - 1, high + 1] : [low, high]}},
      axes: [
        axis(plot.over, {size: 26, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000], space: 40}),
        axis(plot.unit || null, {size: 50, values: ticks, labelSize: plot.unit ? 18 : 0}),
      ],
      series: [{}, ...plot.lines.map(line => ({
        label: line.layer ? 'layer ' + line.layer : data.runs[line.run].label,
        show: !hidden.has(line.run),
        stroke: () => colour(line),
        width: 2,
        dash: dash(line.run),
        points: {show: few, size: 7, fill: () => colour(line)},
      }))],
      legend: {show: false},
      cursor: {y: false, drag: {x: false, y: false}, sync: {key: plot.over}, points: {size: 8}},
      hooks: {setCursor: [u => tell(plot, u.cursor.idx)]},
    };
    plot.u = new uPlot(options, [plot.x, ...plot.lines.map(line => line.y)], chart);
    plots.push(plot);
    tell(plot, null);
    chart.addEventListener('keydown', event => {
      const step = {ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity}[event.key];
      if (step === undefined) return;
      event.preventDefault();
      const now = plot.u.cursor.idx ?? plot.x.length - 1;
      const next = Math.max(0, Math.min(plot.x.length - 1, now + step));
      plot.u.setCursor({left: plot.u.valToPos(plot.x[next], 'x'), top: plot.u.over.clientHeight / 2});
    });
    new ResizeObserver(() => {
      const width = Math.max(narrowest, chart.clientWidth);
      if (chart.clientWidth > 0 && width !== plot.u.width) plot.u.setSize({width, height: options.height});
    }).observe(chart);
  };

  const drawAll = within => within.querySelectorAll('.plot').forEach(figure => {
    if (!data.plots[figure.dataset.plot].u && !figure.closest('details:not([open])')) draw(figure);
  });

  // A picture of similarities: from the page's lightest to its darkest, or the other way round where the page is dark.
  const paint = canvas => {
    const gram = data.grams[canvas.dataset.gram];
    gram.bytes ??= Uint8Array.from(atob(gram.levels), c => c.charCodeAt(0));
    const low = rgb(style('heat-low'));
    const high = rgb(style('heat-high'));
    const context = canvas.getContext('2d');
    const image = context.createImageData(gram.size, gram.size);
    gram.bytes.forEach((level, i) => {
      for (let c = 0; c < 3; c++) image.data[4 * i + c] = low[c] + (high[c] - low[c]) * level / 255;
      image.data[4 * i + 3] = 255;
    });
    context.putImageData(image, 0, 0);
  };

  const point = (canvas, column, row) => {
    const gram = data.grams[canvas.dataset.gram];
    const batch = data.batches[gram.batch];
    const name = i => batch.classes[batch.labels[i]];
    const level = gram.bytes[row * gram.size + column];
    canvas.at = [column, row];
    canvas.closest('.batch').querySelector('.pointed').textContent =
      gram.title + ': an image of ' + name(row) + ' and one of ' + name(column) + ', ' +
      (level === 0 ? 'at most ' : level === 255 ? 'at least ' : '') +
      short(gram.low + (gram.high - gram.low) * level / 255, '');
  };

  const watch = canvas => {
    const size = data.grams[canvas.dataset.gram].size;
    const clamp = i => Math.max(0, Math.min(size - 1, i));
    canvas.addEventListener('pointermove', event => {
      const box = canvas.getBoundingClientRect();
      point(canvas, clamp(Math.floor((event.clientX - box.left) / box.width * size)),
        clamp(Math.floor((event.clientY - box.top) / box.height * size)));
    });
    canvas.addEventListener('keydown', event => {
      const step = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key];
      if (!step) return;
      event.preventDefault();
      const [column, row] = canvas.at ?? [0, 0];
      const far = event.shiftKey ? 10 : 1;
      point(canvas, clamp(column + far * step[0]), clamp(row + far * step[1]));
    });
  };

  const canvases = [...document.querySelectorAll('canvas[data-gram]')];
  document.querySelectorAll('line[data-swatch]').forEach(line =>
    line.setAttribute('stroke-dasharray', dash(line.dataset.swatch).join(' ')));
  drawAll(document);
  canvases.forEach(canvas => { paint(canvas); watch(canvas); });
  document.querySelectorAll('details').forEach(details =>
    details.addEventListener('toggle', () => { if (details.open) drawAll(details); }));
  document.querySelectorAll('input[data-run]').forEach(box => box.addEventListener('change', () => {
    const run = Number(box.dataset.run);
    if (box.checked) hidden.delete(run); else hidden.add(run);
    for (const plot of plots) {
      plot.lines.forEach((line, i) => { if (line.run === run) plot.u.setSeries(i + 1, {show: box.checked}); });
      tell(plot, plot.u.cursor.idx);
    }
  }));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    plots.forEach(plot => { plot.u.redraw(false, true); tell(plot, plot.u.cursor.idx); });
    canvases.forEach(paint);
  });
  root.dataset.plots = plots.filter(plot => plot.u.ctx.canvas.width > 0 && plot.u.ctx.canvas.height > 0).length;
  root.dataset.pictures = canvases.filter(canvas => canvas.width > 0).length;
  root.dataset.ready = 'true';
})();
