// Pictures in the colours of the page: what is drawn dark on white follows its light or dark theme.
const themed = (() => {
  const colour = name => getComputedStyle(document.body).getPropertyValue(name).trim();
  // Numbers that are packed, within the moments of a picture: the library unpacks those of its first moment only.
  const kinds = {f4: Float32Array, f8: Float64Array, i1: Int8Array, u1: Uint8Array, i2: Int16Array, u2: Uint16Array, i4: Int32Array, u4: Uint32Array};
  const unpacked = part => {
    if (Array.isArray(part)) return part.map(unpacked);
    if (part === null || typeof part !== 'object') return part;
    if (!part.bdata) return Object.fromEntries(Object.entries(part).map(([key, item]) => [key, unpacked(item)]));
    const flat = [...new kinds[part.dtype](Uint8Array.from(atob(part.bdata), c => c.charCodeAt(0)).buffer)], [rows, columns] = `${part.shape ?? ''}`.split(',').map(Number);
    return columns ? Array.from({length: rows}, (_, k) => flat.slice(k * columns, (k + 1) * columns)) : flat;
  };
  return figure => {
    const made = JSON.parse(JSON.stringify(figure).replaceAll('#1c232b', colour('--ink')).replaceAll('#0072b2', colour('--blue')));
    const layout = made.layout;
    layout.font = {...layout.font, color: colour('--ink')};
    layout.hoverlabel = {bgcolor: colour('--card'), font: {color: colour('--ink')}};
    layout.modebar = {bgcolor: 'rgba(0,0,0,0)', color: colour('--faint'), activecolor: colour('--ink')};
    const lines = {gridcolor: colour('--grid'), linecolor: colour('--faint'), tickcolor: colour('--faint')};
    Object.keys(layout).filter(key => /^[xy]axis/.test(key)).forEach(key => Object.assign(layout[key], lines));
    ['xaxis', 'yaxis', 'zaxis'].forEach(key => { if (layout.scene) layout.scene[key] = {...layout.scene[key], ...lines, backgroundcolor: 'rgba(0,0,0,0)'}; });
    if (made.frames) made.frames = unpacked(made.frames);
    layout.sliders?.forEach(one => Object.assign(one, {bgcolor: colour('--line'), activebgcolor: colour('--blue'), bordercolor: colour('--faint'), tickcolor: colour('--faint')}));
    layout.updatemenus?.forEach(one => Object.assign(one, {bgcolor: colour('--card'), bordercolor: colour('--faint'), font: {color: colour('--ink')}}));
    return made;
  };
})();
