(async () => {
  const read = id => JSON.parse(document.getElementById(id).textContent);
  const made = (tag, text, inside = []) => { const e = document.createElement(tag); if (text) e.textContent = text; e.append(...inside); return e; };
  const spaced = name => name.replaceAll('_', ' ');

  // The ledger: search and sort.
  const search = document.getElementById('page-search'), table = document.getElementById('ledger-table');
  const rows = [...table.tBodies[0].rows];
  search.addEventListener('input', () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    rows.forEach(r => { const t = r.textContent.toLowerCase(); r.hidden = !words.every(w => t.includes(w)); });
  });
  [...table.tHead.rows[0].cells].forEach((th, k) => th.firstChild.addEventListener('click', () => {
    const text = r => r.cells[k].textContent, up = th.getAttribute('aria-sort') !== 'ascending';
    [...table.tHead.rows[0].cells].forEach(other => other.setAttribute('aria-sort', 'none'));
    th.setAttribute('aria-sort', up ? 'ascending' : 'descending');
    rows.sort((a, b) => { const x = parseFloat(text(a)), y = parseFloat(text(b));
      return (up ? 1 : -1) * (isNaN(x) || isNaN(y) ? text(a).localeCompare(text(b)) : x - y); })
      .forEach(r => r.parentNode.appendChild(r));
  }));

  // The ladder: what a box needs and what it feeds.
  const ladder = document.querySelector('svg.ladder');
  ladder?.querySelectorAll('a[data-box]').forEach(box => {
    const light = on => { ladder.classList.toggle('tracing', on); ladder.querySelectorAll('path').forEach(p =>
      p.classList.toggle('lit', on && (p.dataset.from === box.dataset.box || p.dataset.to === box.dataset.box))); };
    ['mouseenter', 'focus'].forEach(event => box.addEventListener(event, () => light(true)));
    ['mouseleave', 'blur'].forEach(event => box.addEventListener(event, () => light(false)));
  });

  // Where a number comes from, down to files and papers.
  const entries = read('page-entries'), panel = document.getElementById('page-trace');
  const branch = (name, seen) => {
    const entry = entries[name];
    if (!entry) return made('li', spaced(name));
    const item = made('li', '', [made('b', spaced(name)), ' ' + entry.found]);
    if (seen.has(name)) { item.append(made('small', 'shown above')); return item; }
    seen.add(name);
    item.append(made('small', [entry.kind, entry.source].filter(Boolean).join(': ')));
    if (entry.note) item.append(made('small', 'note: ' + entry.note));
    entry.files.forEach(file => item.append(made('small', 'file ' + file)));
    if (entry.parents.length) item.append(made('ul', '', entry.parents.map(parent => branch(parent, seen))));
    return item;
  };
  document.querySelectorAll('button.trace').forEach(button => button.addEventListener('click', () => {
    document.getElementById('page-trace-title').textContent = 'Where ' + spaced(button.dataset.trace) + ' comes from';
    panel.lastElementChild.replaceChildren(made('ul', '', [branch(button.dataset.trace, new Set())]));
    panel.showModal();
  }));

  // The figures, each when it comes into view.
  const figures = read('page-figures'), places = [...document.querySelectorAll('.figure')];
  const settings = {responsive: true, displaylogo: false, modeBarButtonsToRemove: ['lasso2d', 'select2d', 'autoScale2d', 'toggleSpikelines']};
  let library;
  const loaded = () => library ??= (async () => {
    const packed = Uint8Array.from(atob(document.getElementById('page-plotly').textContent), c => c.charCodeAt(0));
    const text = await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'))).text();
    const script = document.createElement('script'); script.textContent = text; document.head.appendChild(script);
  })();
  const draw = async place => {
    try {
      await loaded();
      const made = themed(figures[place.dataset.figure][+place.dataset.index]);
      await Plotly.react(place, {...made, config: settings});
      place.dataset.drawn = 'yes';
    } catch (error) {
      place.textContent = 'This browser cannot draw this figure (' + error + '); its data is in the results folder.';
    }
  };
  const begun = new Map();
  const once = place => begun.get(place) ?? (begun.set(place, draw(place)), begun.get(place));
  const watch = new IntersectionObserver(seen => seen.filter(one => one.isIntersecting).forEach(one => {
    watch.unobserve(one.target); once(one.target); }), {rootMargin: '300px'});
  places.forEach(place => watch.observe(place));
  const again = () => begun.forEach((_, place) => draw(place));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', again);

  // A browser prints what is drawn: the figure of each scale is drawn while nothing else happens, the others once they are opened.
  const idle = () => new Promise(resolve => (window.requestIdleCallback ?? setTimeout)(resolve));
  const drawMain = (async () => {
    for (const place of places.filter(one => !one.closest('details'))) { await idle(); await once(place); }
    document.body.dataset.drawn = 'yes';
  })();
  window.drawAll = async () => {
    document.querySelectorAll('details').forEach(part => { part.open = true; });
    await drawMain;
    for (const place of places) await once(place);
  };
  addEventListener('beforeprint', () => document.querySelectorAll('details.source').forEach(part => { part.open = true; }));
  document.body.dataset.ready = 'yes';
})();
