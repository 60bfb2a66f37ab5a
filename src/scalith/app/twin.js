// The offline twin: every answer is a weighted sum of members that were computed before.
(async () => {
  const {made} = pictures, $ = id => document.getElementById(id), twin = JSON.parse($('twin').textContent), width = 1000;
  const at = twin.axes.map(axis => axis.value);
  let view = twin.views.find(one => one.name === 'cell')?.name ?? twin.views[0]?.name;
  const place = (axis, value) => axis.logarithmic ? 2 * Math.log(value / axis.low) / Math.log(axis.high / axis.low) - 1 : 2 * (value - axis.low) / (axis.high - axis.low) - 1;
  const valueAt = (axis, part) => axis.logarithmic ? axis.low * (axis.high / axis.low) ** part : axis.low + part * (axis.high - axis.low);
  const basis = (nodes, x) => nodes.map((node, k) => nodes.reduce((product, other, j) => j === k ? product : product * (x - other) / (node - other), 1));
  // Members in the order of the grid: the last axis runs fastest.
  const weights = () => twin.axes.map((axis, i) => basis(axis.places, place(axis, at[i]))).reduce((all, one) => all.flatMap(a => one.map(b => a * b)), [1]);
  const numbers = text => new Float32Array(Uint8Array.from(atob(text), c => c.charCodeAt(0)).buffer);
  twin.figures.forEach(figure => { figure.numbers = numbers(figure.values); });
  const digits = (value, count) => Math.abs(value) !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5) ? value.toExponential(count - 1) : String(+value.toPrecision(count));
  const table = w => {
    const rows = [];
    let topic = '';
    for (const line of twin.numbers) {
      if (line.topic !== topic) {
        const title = made('th', topic = line.topic), row = made('tr', '', [title]);
        title.colSpan = 2; title.scope = 'rowgroup'; row.className = 'topic'; rows.push(row);
      }
      const [text, factor, offset] = line.shown, value = line.values.reduce((sum, one, m) => sum + w[m] * one, 0);
      const label = made('th', line.label), row = made('tr', '', [label, made('td', `${digits(value * factor + offset, 5)} ± ${digits(line.error * factor, 2)} ${text}`)]);
      label.scope = 'row'; Object.assign(row.dataset, {topic: line.topic, label: line.label, value, error: line.error}); rows.push(row);
    }
    $('numbers').querySelector('tbody').replaceChildren(...rows);
  };
  const figure = (one, w) => {
    const size = 2 + one.points, count = one.traces.length, sum = new Float64Array(size * count);
    w.forEach((weight, m) => { for (let j = 0; j < sum.length; j++) sum[j] += weight * one.numbers[m * sum.length + j]; });
    const data = one.traces.map((trace, k) => {
      const [low, high, ...y] = sum.subarray(k * size, (k + 1) * size);
      return {...trace, x: y.map((_, j) => low + (high - low) * j / (one.points - 1)), y};
    });
    const unit = axis => /\(([^)]*)\)\s*$/.exec(one.layout[axis]?.title?.text ?? '')?.[1] ?? '';
    const ends = one.error_of_ends ? `; ends of lines ± ${digits(one.error_of_ends, 2)} ${unit('xaxis')}` : '';
    return {name: one.name, title: `${one.title} (± ${digits(one.error, 2)} ${unit('yaxis')}${ends})`, figure: {data, layout: one.layout}};
  };
  const show = async () => {
    const w = weights();
    table(w);
    document.querySelectorAll('#tabs button').forEach(button => button.setAttribute('aria-selected', button.dataset.view === view));
    await pictures.show($('figures'), twin.figures.filter(one => one.view === view).map(one => figure(one, w)));
    document.body.dataset.done = 1 + +(document.body.dataset.done ?? 0);
  };
  twin.axes.forEach((axis, i) => {
    const [text, factor, offset] = axis.shown, out = value => `${digits(value * factor + offset, 4)} ${text}`;
    const label = made('label', axis.label), slider = made('input'), said = made('output'), range = made('small', `${out(axis.low)} to ${out(axis.high)}, ${axis.places.length} nodes`);
    slider.type = 'range'; slider.min = 0; slider.max = width; slider.step = 'any'; slider.id = label.htmlFor = 'knob-' + i;
    slider.value = width * (place(axis, axis.value) + 1) / 2;
    const say = () => { said.textContent = out(at[i]); slider.setAttribute('aria-valuetext', out(at[i])); };
    slider.oninput = () => { at[i] = valueAt(axis, slider.value / width); say(); show(); };
    say();
    const box = made('div', '', [label, said, slider, range]);
    box.className = 'knob'; box.dataset.knob = axis.knob; $('knobs').append(box);
  });
  twin.views.filter(one => twin.figures.some(item => item.view === one.name)).forEach(one => {
    const button = made('button', one.title); button.type = 'button'; button.role = 'tab'; button.dataset.view = one.name;
    button.onclick = () => { view = one.name; show(); }; $('tabs').append(button);
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show);
  await show();
})();
