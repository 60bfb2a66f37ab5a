(async () => {
  const search = document.getElementById('search');
  const rows = [...document.querySelectorAll('#ledger tbody tr')];
  search.addEventListener('input', () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    rows.forEach(r => { const t = r.textContent.toLowerCase(); r.hidden = !words.every(w => t.includes(w)); });
  });
  document.querySelectorAll('#ledger th').forEach((th, k) => th.addEventListener('click', () => {
    const text = r => r.cells[k].textContent, up = th.dataset.up !== '1'; th.dataset.up = up ? '1' : '';
    rows.sort((a, b) => { const x = parseFloat(text(a)), y = parseFloat(text(b));
      return (up ? 1 : -1) * (isNaN(x) || isNaN(y) ? text(a).localeCompare(text(b)) : x - y); })
      .forEach(r => r.parentNode.appendChild(r));
  }));
  const figures = JSON.parse(document.getElementById('figures').textContent);
  const places = [...document.querySelectorAll('.figure')];
  try {
    const packed = Uint8Array.from(atob(document.getElementById('plotly').textContent), c => c.charCodeAt(0));
    const text = await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'))).text();
    const script = document.createElement('script'); script.textContent = text; document.head.appendChild(script);
    const draw = p => { const f = figures[p.dataset.figure][+p.dataset.index];
      Plotly.newPlot(p, f.data, f.layout, {responsive: true, displaylogo: false}); };
    places.forEach(draw);
  } catch (error) {
    places.forEach(p => { p.textContent = 'This browser cannot draw the pictures (' + error + '); the data is in the results folder.'; });
  }
  document.body.dataset.drawn = 'yes';
})();
