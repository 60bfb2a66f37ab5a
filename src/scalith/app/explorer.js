// The explorer: a state is what its knobs differ by from the study; the server says what follows from it.
const server = (() => {
  const token = new URLSearchParams(location.search).get('token') ?? '';
  const ask = async (path, options = {}) => {
    const answer = await fetch(path, {...options, headers: {'X-Scalith-Token': token, ...options.headers}});
    if (!answer.ok) {
      const said = await answer.json().catch(() => ({}));
      throw new Error(said.error ?? `${answer.status} ${answer.statusText}`);
    }
    return answer;
  };
  const post = (path, body) => ask(path, {method: 'POST', body: JSON.stringify(body), headers: {'Content-Type': 'application/json'}});
  return {
    text: async path => (await ask(path)).text(),
    json: async path => (await ask(path)).json(),
    post, ask,
    events: async (body, hear) => {
      const reader = (await post('/climb', body)).body.pipeThrough(new TextDecoderStream()).getReader();
      for (let rest = ''; ;) {
        const {done, value} = await reader.read();
        if (done) return;
        const lines = (rest + value).split('\n');
        rest = lines.pop();
        lines.filter(Boolean).forEach(line => hear(JSON.parse(line)));
      }
    },
  };
})();

(async () => {
  const {made} = pictures, $ = id => document.getElementById(id), spaced = name => name.replaceAll('_', ' ');
  const tab = crypto.randomUUID(), MOST = 4;
  let about, present = null, settled = null, past = [], future = [], touched = {name: '', at: 0}, running = 0, unanswered = false, files = [];
  const state = {changes: {}, view: '', box: '', pins: [{label: 'as stated', changes: {}}], units: 'usual', theme: ''};

  // The state in the address: whoever has it sees the same.
  const write = () => {
    const {changes: c, view: v, box: b, pins, units: u, theme: t} = state;
    history.replaceState(null, '', '#' + encodeURIComponent(JSON.stringify({c, v, b, u, t, p: pins.map(pin => [pin.label, pin.changes])})));
  };
  const read = () => {
    try {
      const {c = {}, v = '', b = '', u = 'usual', t = '', p} = JSON.parse(decodeURIComponent(location.hash.slice(1)));
      const known = changes => Object.fromEntries(Object.entries(Object(changes)).filter(([name]) => about.knobs.some(knob => knob.name === name)));
      Object.assign(state, {changes: known(c), view: v, box: b, units: u === 'si' ? 'si' : 'usual', theme: ['light', 'dark'].includes(t) ? t : ''});
      if (Array.isArray(p)) state.pins = p.slice(0, MOST).map(([label, changes]) => ({label: String(label).slice(0, 60), changes: known(changes)}));
    } catch { /* no state, or not one of ours */ }
    if (!about.views.some(view => view.name === state.view)) state.view = (about.views.find(view => view.name === 'cell') ?? about.views[0])?.name ?? '';
    if (!about.quantities.includes(state.box)) state.box = '';
  };

  // Numbers in words.
  const digits = (value, count = 4) => {
    const size = Math.abs(value);
    return size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(count - 1) : String(+value.toPrecision(count));
  };
  const shown = (unit, [text, factor, offset]) => state.units === 'si' ? {text: unit === '1' ? '' : unit, factor: 1, offset: 0} : {text, factor, offset};
  const words = line => {
    if (state.units !== 'si' || line.value === null) return line.words;
    return `${digits(line.value, 6)}${line.error ? ' ± ' + digits(line.error, 2) : ''} ${line.unit === '1' ? '' : line.unit}`;
  };
  const change = (line, from) => {
    if (!from || line.value === null || from.value === null) return from && from.words !== line.words ? 'was ' + from.words : '';
    const by = line.value - from.value;
    if (Math.abs(by) <= 1e-5 * Math.abs(from.value)) return ''; // runs are solved to a tolerance
    const {text, factor, offset} = shown(line.unit, line.shown);
    const part = offset || !from.value || line.unit === 'K' ? '' : `, ${by > 0 ? '+' : '−'}${digits(Math.abs(100 * by / from.value), 2)} %`;
    return `${by > 0 ? '+' : '−'}${digits(Math.abs(by * factor), 3)} ${text === '°C' ? 'K' : text}${part}`;
  };

  // Knobs.
  const width = 1000;
  const ends = knob => knob.logarithmic ? [Math.log(knob.low), Math.log(knob.high)] : [knob.low, knob.high];
  const position = (knob, value) => { const [a, b] = ends(knob); return width * ((knob.logarithmic ? Math.log(value) : value) - a) / (b - a); };
  const valueAt = (knob, at) => {
    const [a, b] = ends(knob), x = a + (b - a) * at / width, value = knob.logarithmic ? Math.exp(x) : x;
    return knob.whole ? Math.round(value) : +value.toPrecision(4);
  };
  const valueOf = knob => state.changes[knob.name] ?? knob.value;
  const setKnob = (knob, value) => {
    const now = Date.now();
    if (touched.name !== knob.name || now - touched.at > 1500) { past.push({...state.changes}); future = []; }
    touched = {name: knob.name, at: now};
    if (JSON.stringify(value) === JSON.stringify(knob.value)) delete state.changes[knob.name]; else state.changes[knob.name] = value;
    refresh();
    soon();
  };
  let timer;
  const soon = () => { clearTimeout(timer); timer = setTimeout(go, 120); };
  const knobElement = knob => {
    const box = made('div'), id = 'knob-' + about.knobs.indexOf(knob), list = Array.isArray(knob.value);
    box.className = 'knob'; box.dataset.knob = knob.name;
    const label = made('label', knob.label); label.htmlFor = id;
    const number = made('input'); number.id = id; number.type = list ? 'text' : 'number'; number.step = 'any';
    const unit = made('span'), back = made('button', '↺'); back.type = 'button'; back.setAttribute('aria-label', `${knob.label} as stated`);
    const row = made('div', '', [number, unit, back]); row.className = 'row';
    const note = made('small'), wrong = made('div'); wrong.className = 'refused';
    box.append(label, row);
    let slider;
    if (!list) {
      slider = made('input'); slider.type = 'range'; slider.min = 0; slider.max = width; slider.step = 'any';
      slider.setAttribute('aria-label', `${knob.label}, slider`);
      slider.oninput = () => setKnob(knob, valueAt(knob, +slider.value));
      slider.onkeydown = event => {
        const step = {ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 5, PageDown: -5}[event.key];
        if (!step) return;
        event.preventDefault();
        const at = Math.min(width, Math.max(0, +slider.value + step * width / 50));
        const moved = valueAt(knob, at), before = valueOf(knob);
        setKnob(knob, moved === before && knob.whole ? before + Math.sign(step) : moved);
      };
      box.append(slider);
    }
    number.onchange = () => {
      const {factor, offset} = shown(knob.unit, knob.shown), back = text => (+text - offset) / factor;
      if (list) setKnob(knob, number.value.split(/[,;\s]+/).filter(Boolean).map(back));
      else if (number.value !== '') setKnob(knob, +back(number.value).toPrecision(12));
    };
    back.onclick = () => setKnob(knob, knob.value);
    box.append(note, wrong);
    if (knob.slow) {
      const learn = made('button', 'Answer at once (8 climbs)'); learn.type = 'button'; learn.className = 'teach';
      learn.setAttribute('aria-label', `climb 8 members over the range of ${knob.label}, so that its answers are estimated at once`);
      learn.onclick = () => teach(knob); box.append(learn);
    }
    box.update = () => {
      const {text, factor, offset} = shown(knob.unit, knob.shown), value = valueOf(knob), out = x => String(+(x * factor + offset).toPrecision(8));
      if (document.activeElement !== number || document.activeElement.value === '') number.value = list ? [value].flat().map(out).join(', ') : out(value);
      unit.textContent = text;
      if (slider) { slider.value = position(knob, value); slider.setAttribute('aria-valuetext', `${out(value)} ${text}`); }
      const moved = knob.name in state.changes;
      box.classList.toggle('moved', moved); back.disabled = !moved;
      const error = knob.error ? ` ± ${digits(knob.error * factor, 2)}` : '';
      note.textContent = `${knob.stated ? 'stated' : 'default'}: ${[knob.value].flat().map(out).join(', ')}${error} ${text}${knob.words ? '; plausible: ' + knob.words : ''}`;
      wrong.textContent = '';
    };
    return box;
  };
  const filter = () => {
    const asked = $('find').value.toLowerCase().split(/\s+/).filter(Boolean);
    document.querySelectorAll('.knob').forEach(box => {
      const knob = about.knobs.find(one => one.name === box.dataset.knob);
      const named = `${knob.name} ${knob.label} ${knob.section}`.toLowerCase();
      box.hidden = !asked.every(word => named.includes(word)) || ($('only').dataset.box && !knob.reaches.includes($('only').dataset.box));
    });
    if (asked.length || $('only').dataset.box) $('more').open = true;
  };
  const onlyFor = name => {
    if (name) $('only').dataset.box = name; else delete $('only').dataset.box;
    $('only').hidden = !name;
    $('only').firstElementChild.textContent = name ? `those that reach ${spaced(name)}` : '';
    filter();
  };

  // What is seen at once.
  const refresh = () => {
    document.querySelectorAll('.knob').forEach(box => box.update());
    $('undo').disabled = !past.length; $('redo').disabled = !future.length; $('reset').disabled = !Object.keys(state.changes).length;
    $('pin').disabled = state.pins.length >= MOST;
    document.querySelectorAll('#tabs button').forEach(button => {
      const on = button.dataset.view === state.view;
      button.setAttribute('aria-selected', on); button.tabIndex = on ? 0 : -1;
    });
    $('question').textContent = about.views.find(view => view.name === state.view)?.question ?? '';
    $('members').hidden = state.view !== 'uncertainty'; $('drop').hidden = state.view !== 'agreement';
    if (state.theme) document.documentElement.dataset.theme = state.theme; else delete document.documentElement.dataset.theme;
    $('units').value = state.units; $('theme').value = state.theme;
    write();
    table(); pins(); detail();
  };
  const same = (one, other) => JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort());
  const compared = () => state.pins.filter(pin => pin.numbers && !same(pin.changes, state.changes));
  const table = () => {
    if (!present) return;
    const others = compared(), from = others[0]?.numbers, key = line => line.topic + ' ' + line.label;
    const find = (lines, line) => lines?.find(one => key(one) === key(line));
    const head = made('tr', '', [made('th', 'number'), made('th', 'this state'), ...others.map(pin => made('th', pin.label))]);
    [...head.cells].forEach(cell => cell.scope = 'col');
    $('numbers').querySelector('thead').replaceChildren(head);
    const rows = [];
    let topic = '';
    for (const line of present.numbers.filter(one => one.value !== null || state.view === 'agreement' || !one.quantity.endsWith('_agreement'))) {
      if (line.topic !== topic) {
        topic = line.topic;
        const title = made('th', topic); title.colSpan = 2 + others.length; title.scope = 'rowgroup';
        const row = made('tr', '', [title]); row.className = 'topic'; rows.push(row);
      }
      const label = made('th', line.label), now = made('td', (line.estimated ? '≈ ' : '') + words(line)); label.scope = 'row'; now.className = line.value === null ? '' : 'now';
      const row = made('tr', '', [label, now, ...others.map(pin => { const found = find(pin.numbers, line); return made('td', found ? words(found) : '–'); })]);
      Object.assign(row.dataset, {quantity: line.quantity, topic: line.topic, label: line.label, value: line.value, error: line.error});
      const by = change(line, find(from, line));
      if (line.value !== null && line.error === null && !line.estimated) { const said = made('span', '± not known'); said.className = 'unknown'; now.append(said); }
      if (line.estimated) { const said = made('span', line.estimate_error ? `± ${digits(line.estimate_error * shown(line.unit, line.shown).factor, 2)} by the estimate` : 'estimated'); said.className = 'change'; now.append(said); row.classList.add('estimated'); }
      if (by) { const said = made('span', by); said.className = 'change'; now.append(said); row.classList.add('changed'); }
      rows.push(row);
    }
    $('numbers').querySelector('tbody').replaceChildren(...rows);
  };
  const pins = () => $('pins').replaceChildren(...state.pins.map((pin, k) => {
    const go = made('button', 'go to'), drop = made('button', 'unpin'); go.type = drop.type = 'button';
    go.onclick = () => move({...pin.changes}); drop.onclick = () => { state.pins.splice(k, 1); refresh(); draw(); };
    return made('li', '', [`${'ABCD'[k]}: ${pin.label} `, go, ' ', drop]);
  }));
  const move = changes => { past.push({...state.changes}); future = []; touched.name = ''; state.changes = changes; refresh(); go(); };

  // The ladder.
  const ladder = svg => {
    $('ladder').innerHTML = svg; // made by the library, every name escaped
    const from = compared()[0]?.boxes;
    $('ladder').querySelectorAll('a[data-box]').forEach(link => {
      const name = link.dataset.box, box = present?.boxes[name], before = from?.[name];
      link.querySelector('rect').classList.toggle('changed', Boolean(before && box && before.digest !== box.digest));
      if (name === state.box) link.setAttribute('aria-current', 'true');
      const lit = on => $('ladder').querySelectorAll('path').forEach(line => line.classList.toggle('lit', on && (line.dataset.from === name || line.dataset.to === name)));
      link.onmouseenter = link.onfocus = () => lit(true); link.onmouseleave = link.onblur = () => lit(false);
      link.onclick = event => { event.preventDefault(); choose(state.box === name ? '' : name); };
    });
  };
  const choose = name => { state.box = name; onlyFor(name); refresh(); go(); $('box').scrollIntoView({block: 'nearest'}); };
  const detail = () => {
    const article = $('box'), name = state.box, box = present?.boxes[name], failed = present?.failed[name];
    article.hidden = !name;
    if (!name) return;
    const parts = [made('h3', box?.title ?? spaced(name))];
    if (failed) { const said = made('p', failed); said.className = 'refused'; parts.push(said); }
    if (box) {
      const found = made('p', box.words); found.className = 'found'; parts.push(found);
      if (box.value !== null) {
        const {text, factor, offset} = shown(box.unit, box.shown);
        const error = box.error ? ` ± ${digits(box.error * factor, 2)}` : ' (± not known)';
        const line = made('p', `${box.value_of || 'value'}: ${digits(box.value * factor + offset, 6)}${error} ${text}`);
        line.dataset.value = box.value; parts.push(line);
        const before = compared()[0]?.boxes[name];
        const by = before && change({...box, words: box.words}, before);
        if (by) parts.push(made('p', `against ${compared()[0].label}: ${by}`));
      }
      parts.push(made('p', `${box.kind}${box.source ? ': ' + box.source : ''}`), ...Object.keys(box.marks).map(mark => made('p', `${box.marks[mark].includes(name) ? '' : 'rests on, '}${mark}: ${box.marks[mark].map(spaced).join(', ')}`)));
      parts.push(made('p', box.parents.length ? 'from ' + box.parents.map(spaced).join(', ') : ''));
    }
    article.replaceChildren(...parts);
  };

  // Computing.
  const key = () => state.view + ' ' + state.box;
  const draw = () => {
    const missing = Object.entries(present?.not_drawn ?? {});
    $('not-drawn').hidden = !missing.length; $('not-drawn').textContent = missing.map(([title, reason]) => `${title} cannot be drawn: ${reason}`).join('; ');
    return pictures.show($('figures'), present?.figures ?? [], compared().map(pin => ({label: pin.label, figures: pin.pictures?.[key()]})));
  };
  const trouble = (words, knob) => {
    $('trouble').hidden = !words; $('trouble').textContent = words ?? '';
    if (words && knob) { const box = [...document.querySelectorAll('.knob')].find(one => one.dataset.knob === knob); if (box) box.querySelector('.refused').textContent = words; }
  };
  const busy = (words, part = null) => {
    $('said').textContent = words; $('part').hidden = part === null; if (part !== null) $('part').value = part;
  };
  const heard = (event, into) => {
    if (event.event === 'started') { busy(`computing ${spaced(event.name)}`); $('ladder').querySelectorAll('a[data-box]').forEach(link => link.classList.toggle('working', link.dataset.box === event.name)); }
    if (event.event === 'advanced') busy(`computing ${spaced(event.name)}: ${event.message}`, event.fraction);
    if (event.event === 'noted') busy(event.message);
    if (event.event === 'estimate') into.estimate = event;
    if (event.event === 'figures') Object.assign(into, {figures: event.figures, not_drawn: event.not_drawn});
    if (event.event === 'state') Object.assign(into, event);
    if (event.event === 'refused' || event.event === 'crashed') into.trouble = event.message;
    if (['done', 'cancelled', 'refused', 'crashed'].includes(event.event)) into.end = event.event;
  };
  // What is there before the exact answer: marked, with the error that it adds.
  const estimated = event => {
    if (!present) return;
    present = {...present, figures: event.figures, not_drawn: {}, numbers: event.numbers, estimate: event.words};
    $('estimate').hidden = false; $('estimate').textContent = `≈ estimated: ${event.words}. The exact answer follows.`;
    $('figures').classList.remove('old'); $('figures').classList.add('estimated');
    document.body.dataset.estimates = 1 + +(document.body.dataset.estimates ?? 0);
    table(); draw();
  };
  // The first pictures of an answer, in the places of the old ones; the others follow.
  const curves = some => {
    const old = present?.figures ?? [];
    if (some.every(one => old.some(other => other.name === one.name))) pictures.show($('figures'), old.map(one => some.find(other => other.name === one.name) ?? one));
  };
  const exact = () => { $('estimate').hidden = true; $('figures').classList.remove('estimated'); };
  const teach = async knob => {
    const mine = ++running, found = {};
    $('cancel').hidden = false;
    try { await server.events({tab, changes: state.changes, teach: knob.name}, event => { heard(event, found); if (event.event === 'taught') found.taught = event; }); } catch (error) { found.trouble = error.message; }
    if (mine !== running) return;
    $('cancel').hidden = true;
    if (found.trouble) trouble(found.trouble);
    busy(found.taught ? `${knob.label}: ${found.taught.members} members; ${found.taught.quantities} quantities are now estimated at once` : found.end ?? 'not computed');
    document.body.dataset.taught = found.taught?.quantities ?? 0;
    if (unanswered) go();
  };
  // The state is unanswered until this ends: also where another question has come between.
  const go = async () => {
    unanswered = true;
    const mine = ++running, asked = {tab, changes: {...state.changes}, view: state.view, quantity: state.box}, found = {}, began = performance.now();
    $('cancel').hidden = false; $('figures').classList.add('old'); busy('computing');
    delete document.body.dataset.done;
    try {
      await server.events(asked, event => {
        if (mine !== running) return;
        heard(event, found);
        if (event.event === 'estimate') estimated(event);
        if (event.event === 'curves') curves(event.figures);
        if (event.event === 'figures') { $('figures').classList.remove('old'); present = {numbers: [], boxes: {}, failed: {}, ...(present?.estimate ? present : settled), figures: found.figures, not_drawn: found.not_drawn}; draw(); document.body.dataset.first = Math.round(performance.now() - began); }
      });
    } catch (error) { found.trouble = `the explorer's server does not answer (${error.message}): is 'scalith explore' still running?`; found.end = 'crashed'; }
    if (mine !== running) return;
    $('cancel').hidden = true;
    if (found.end === 'done') {
      exact(); present = settled = found; trouble();
      const spent = Math.round(performance.now() - began);
      busy(Object.keys(found.failed).length ? `${Object.keys(found.failed).length} quantities could not be computed: ${Object.values(found.failed)[0]}` : `up to date, ${spent} ms`);
      await keepPins(asked, found, mine);
      if (mine !== running) return;
      refresh(); ladder(found.ladder); draw(); again();
    } else {
      exact(); present = settled; refresh(); draw();
      busy(`${found.end === 'cancelled' ? 'cancelled' : 'not computed'}: what is shown is the state before`);
      if (found.end !== 'cancelled') trouble(found.trouble, touched.name);
    }
    unanswered = false;
    $('figures').classList.remove('old');
    document.body.dataset.done = found.end ?? 'none'; document.body.dataset.count = 1 + +(document.body.dataset.count ?? 0);
    return found.end === 'done';
  };
  // Pinned states are states like any other: they are climbed when their numbers or pictures are needed.
  const keepPins = async (asked, found, mine) => {
    for (const pin of state.pins) {
      pin.pictures ??= {};
      if (same(pin.changes, asked.changes)) { Object.assign(pin, {numbers: found.numbers, boxes: found.boxes}); pin.pictures[key()] = found.figures; }
      else if (!pin.numbers || !pin.pictures[key()]) {
        const there = {};
        try { await server.events({tab: tab + ' pin', changes: pin.changes, view: asked.view, quantity: asked.quantity}, event => heard(event, there)); } catch (error) { there.trouble = error.message; }
        if (mine !== running) return;
        if (there.end === 'done') { Object.assign(pin, {numbers: there.numbers, boxes: there.boxes}); pin.pictures[key()] = there.figures; }
        else trouble(`the pinned state '${pin.label}' could not be computed: ${there.trouble ?? there.end ?? 'the answer broke off'}`);
      }
    }
    busy($('said').textContent.startsWith('computing') ? 'up to date' : $('said').textContent);
  };

  // Measurements and other cells laid over.
  const lay = async file => {
    try {
      const query = new URLSearchParams({name: file.name, changes: JSON.stringify(state.changes)});
      return await (await server.ask('/measured?' + query, {method: 'POST', body: file})).json();
    } catch (error) { trouble(error.message); return null; }
  };
  const again = async () => {
    const laid = [];
    for (const file of files) { const found = await lay(file); if (found) laid.push({name: 'overlay ' + file.name, title: found.title + '. ' + found.words, figure: found.figure}); }
    if (files.length) await pictures.show($('overlays'), laid);
    document.body.dataset.laid = laid.length;
  };
  const take = async file => { if (!file) return; trouble(); files = [...files.filter(one => one.name !== file.name), file].slice(-4); if (about.views.some(view => view.name === 'agreement')) state.view = 'agreement'; refresh(); await again(); go(); };

  // Tours.
  const tours = JSON.parse($('tours').textContent);
  let walk = null;
  const step = () => {
    const guide = $('guide');
    guide.hidden = !walk;
    document.querySelectorAll('.knob.asked').forEach(box => box.classList.remove('asked'));
    if (!walk) return;
    const {sentence, equation, view, quantity, knob, factor, difference} = walk.tour.steps[walk.at];
    guide.querySelector('h2').textContent = walk.tour.title;
    guide.querySelector('.sentence').textContent = sentence; guide.querySelector('.equation').textContent = equation;
    guide.querySelector('.where').textContent = `${walk.at + 1} of ${walk.tour.steps.length}`;
    $('back').disabled = walk.at === 0; $('next').disabled = walk.at === walk.tour.steps.length - 1;
    const there = about.knobs.find(one => one.name === knob || (knob && one.name.endsWith('.' + knob))), turn = guide.querySelector('.turn');
    turn.replaceChildren();
    if (there && !Array.isArray(there.value)) {
      const box = [...document.querySelectorAll('.knob')].find(one => one.dataset.knob === there.name), {text, factor: scale} = shown(there.unit, there.shown);
      const by = difference ? `${digits(Math.abs(difference * scale))} ${text === '°C' ? 'K' : text}` : `${Math.abs(Math.round(100 * (factor - 1)))} %`;
      const button = made('button', `turn ${there.label} by ${factor > 1 || difference > 0 ? '+' : '−'}${by}`);
      button.type = 'button'; button.onclick = () => setKnob(there, +(there.value * factor + difference).toPrecision(12));
      box.classList.add('asked'); turn.append(button);
    }
    const box = about.quantities.find(name => name === quantity || name.endsWith('.' + quantity)) ?? '';
    if (quantity && !box) turn.append(`This study has no ${spaced(quantity)}.`);
    state.view = about.views.some(one => one.name === view) ? view : state.view;
    state.box = box; refresh(); go();
  };

  // Everything that can be done.
  $('undo').onclick = () => { if (!past.length) return; future.push({...state.changes}); state.changes = past.pop(); touched.name = ''; refresh(); go(); };
  $('redo').onclick = () => { if (!future.length) return; past.push({...state.changes}); state.changes = future.pop(); touched.name = ''; refresh(); go(); };
  $('reset').onclick = () => move({});
  $('pin').onclick = () => {
    const named = Object.entries(state.changes).map(([name, value]) => { const knob = about.knobs.find(one => one.name === name), {text, factor, offset} = shown(knob.unit, knob.shown); return `${name.split('.').slice(-2).join(' ')} ${[value].flat().map(x => digits(x * factor + offset)).join(', ')} ${text}`; });
    state.pins.push({label: spaced(named.join('; ')).slice(0, 60) || 'as stated', changes: {...state.changes}});
    refresh(); go();
  };
  $('cancel').onclick = () => server.post('/cancel', {tab});
  $('units').onchange = () => { state.units = $('units').value; refresh(); };
  $('theme').onchange = () => { state.theme = $('theme').value; refresh(); draw(); };
  $('find').oninput = filter;
  $('only').querySelector('button').onclick = () => onlyFor('');
  $('export').onchange = async () => {
    const form = $('export').value; $('export').value = '';
    try {
      const answer = await server.post('/export', {form, changes: state.changes, quantity: state.box});
      const link = made('a'); link.href = URL.createObjectURL(await answer.blob());
      link.download = /filename="([^"]+)"/.exec(answer.headers.get('Content-Disposition'))?.[1] ?? 'export'; link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    } catch (error) { trouble(error.message); }
  };
  $('spread').onclick = async () => {
    const found = {}, mine = ++running, note = $('members').querySelector('span');
    $('cancel').hidden = false; note.textContent = '';
    try {
      await server.events({tab, changes: state.changes, view: state.view, draws: +$('draws').value}, event => {
        heard(event, found);
        if (event.event === 'spread') Object.assign(found, event);
      });
    } catch (error) { found.trouble = error.message; }
    if (mine !== running) return;
    $('cancel').hidden = true;
    if (found.end !== 'done') {
      trouble(found.trouble); busy(found.end ?? 'not computed');
      if (unanswered) go();
      return;
    }
    if (unanswered && !await go()) return; // the other numbers are of this state as well
    present = settled = {boxes: {}, failed: {}, ...settled, figures: found.figures, not_drawn: found.not_drawn, numbers: (settled?.numbers ?? found.numbers).map(line => found.numbers.find(one => one.topic === line.topic && one.label === line.label) ?? line)};
    note.textContent = Object.entries(found.scatter).map(([name, said]) => `${spaced(name)}: ${said}`).join('; ') + Object.entries(found.lost).map(([member, reason]) => `; member ${member} failed: ${reason}`).join('');
    busy(`${found.draws} members`); table(); draw();
    document.body.dataset.spread = found.draws;
  };
  $('file').onchange = () => take($('file').files[0]);
  addEventListener('dragover', event => { event.preventDefault(); document.body.classList.add('dropping'); });
  addEventListener('dragleave', () => document.body.classList.remove('dropping'));
  addEventListener('drop', event => { event.preventDefault(); document.body.classList.remove('dropping'); take(event.dataTransfer.files[0]); });
  $('tour').onchange = () => { const tour = tours.find(one => one.name === $('tour').value); $('tour').value = ''; walk = tour ? {tour, at: 0} : null; step(); $('guide').focus(); };
  $('back').onclick = () => { walk.at--; step(); }; $('next').onclick = () => { walk.at++; step(); }; $('leave').onclick = () => { walk = null; step(); };
  addEventListener('keydown', event => {
    if (!(event.ctrlKey || event.metaKey) || ['number', 'text', 'search'].includes(document.activeElement?.type)) return;
    if (event.key === 'z') { event.preventDefault(); $('undo').click(); }
    if (event.key === 'y') { event.preventDefault(); $('redo').click(); }
  });
  $('to-ladder').onclick = event => { event.preventDefault(); $('place').scrollIntoView(); };
  addEventListener('hashchange', () => { read(); refresh(); go(); });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);

  try { about = await server.json('/about'); } catch (error) { trouble(error.message); busy('nothing to show'); document.body.dataset.done = 'none'; return; }
  document.title = about.title; $('title').textContent = about.title;
  tours.forEach(tour => { const option = made('option', tour.title); option.value = tour.name; $('tour').append(option); });
  about.knobs.forEach(knob => (knob.front ? $('front') : $('more').lastElementChild).append(knobElement(knob)));
  about.views.forEach(view => {
    const button = made('button', view.title); button.type = 'button'; button.role = 'tab'; button.dataset.view = view.name;
    button.onclick = () => { state.view = view.name; refresh(); go(); };
    button.onkeydown = event => {
      const all = [...$('tabs').children], to = {ArrowRight: 1, ArrowLeft: -1}[event.key];
      if (to) { const next = all[(all.indexOf(button) + to + all.length) % all.length]; next.focus(); next.click(); }
    };
    $('tabs').append(button);
  });
  read(); refresh(); ladder(about.ladder); if (state.box) onlyFor(state.box);
  document.body.dataset.ready = 'yes';
  go();
})();
