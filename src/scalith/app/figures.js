// Pictures: what the library drew, in the colours of the page, with those of pinned states beside.
const pictures = (() => {
  const settings = {responsive: true, displaylogo: false, modeBarButtonsToRemove: ['lasso2d', 'select2d', 'autoScale2d', 'toggleSpikelines', 'toImage']};
  let library;
  const loaded = () => library ??= (async () => {
    const text = typeof source === 'undefined' ? await server.text('/plotly.js') : await source();
    const script = document.createElement('script');
    script.nonce = document.getElementById('script').nonce;
    script.textContent = text;
    document.head.appendChild(script);
  })();
  // Lines of pinned states, thin and dotted, where the picture has lines; in the legend each state once.
  const beside = (figure, pinned) => {
    const flat = trace => (trace.type ?? 'scatter') === 'scatter' && (trace.fill ?? 'none') === 'none';
    const own = JSON.stringify(figure.data);
    if (figure.frames) return figure;
    const extra = pinned.flatMap(({label, figure: other}) => other && JSON.stringify(other.data) !== own ? other.data.filter(flat).map((trace, k) => ({...trace,
      name: label, legendgroup: label, showlegend: k === 0, opacity: 0.65, line: {...trace.line, dash: 'dot', width: 1.5}})) : []);
    return extra.length ? {...figure, data: [...figure.data, ...extra], layout: {...figure.layout, showlegend: true}} : figure;
  };
  const save = (place, name, format) => Plotly.downloadImage(place, {format, filename: name, width: 1000, height: 640});
  const made = (tag, text, inside = []) => { const e = document.createElement(tag); if (text) e.textContent = text; e.append(...inside); return e; };
  const placed = (into, item) => {
    let figure = [...into.children].find(one => one.dataset.name === item.name);
    if (!figure) {
      figure = made('figure', '', [made('figcaption'), made('div')]);
      figure.dataset.name = item.name;
      const place = figure.lastChild;
      place.className = 'figure';
      place.setAttribute('role', 'img');
      const saves = ['png', 'svg'].map(format => {
        const button = made('button', format.toUpperCase());
        button.type = 'button';
        button.className = 'save';
        button.setAttribute('aria-label', `save ${item.title} as ${format.toUpperCase()}`);
        button.onclick = () => save(place, item.name.replaceAll(' ', '_'), format);
        return button;
      });
      figure.firstChild.append(made('span', item.title), ...saves);
      into.append(figure);
    }
    figure.lastChild.setAttribute('aria-label', 'Picture: ' + item.title);
    return figure;
  };
  // Draws all pictures of a list into a place; those that are not in the list go.
  const show = async (into, items, pinned = []) => {
    const mine = into.asked = (into.asked ?? 0) + 1; // the last list asked for is the one that stays
    await loaded();
    if (mine !== into.asked) return;
    const places = items.map(item => placed(into, item));
    [...into.children].forEach(figure => { if (!places.includes(figure)) { Plotly.purge(figure.lastChild); figure.remove(); } });
    for (const [k, item] of items.entries()) {
      if (mine !== into.asked) return;
      const others = pinned.map(pin => ({label: pin.label, figure: pin.figures?.find(one => one.name === item.name)?.figure}));
      const drawn = themed(beside(item.figure, others));
      try {
        await Plotly.react(places[k].lastChild, {...drawn, config: settings});
        if (mine === into.asked) places[k].dataset.drawn = 'yes';
      } catch (error) { if (mine === into.asked) places[k].lastChild.textContent = 'This browser cannot draw this picture (' + error + ').'; }
    }
  };
  return {show, made};
})();
