'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const find = (selector) => document.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const filter = find('#filter');
  const differing = find('#differing');

  function make(name, text, className) {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    if (className) element.className = className;
    return element;
  }

  // One test on one host: what was called, what should have come, what came.
  function article(row, host) {
    const cell = data.cells[row]?.[host];
    if (!cell) return undefined;
    const box = make('article');
    box.append(make('h2', `${data.rows[row]} on ${data.hosts[host]}: ${cell.outcome}`));
    if (cell.reason) box.append(make('p', cell.reason));
    if (cell.place) box.append(make('p', cell.place));
    if (cell.call) box.append(make('p', cell.call, 'call'));
    const list = make('dl');
    for (const name of ['expected', 'actual']) {
      if (cell[name]) list.append(make('dt', name), make('dd', cell[name], name));
    }
    box.append(list);
    return box;
  }

  function close(button) {
    button.setAttribute('aria-expanded', 'false');
    document.getElementById(button.getAttribute('aria-controls'))?.remove();
    button.removeAttribute('aria-controls');
  }

  function open(button) {
    const line = button.closest('tr');
    all('button[aria-expanded=true]', line).forEach(close);
    const detail = make('tr', undefined, 'detail');
    detail.id = 'detail-' + line.id;
    const room = make('td');
    room.colSpan = line.cells.length;
    const host = Number(button.dataset.host);
    const articles = line.dataset.rows.split(',').map((row) => article(Number(row), host)).filter(Boolean);
    room.append(...articles);
    detail.append(room);
    line.after(detail);
    button.setAttribute('aria-expanded', 'true');
    button.setAttribute('aria-controls', detail.id);
  }

  document.addEventListener('click', ({ target }) => {
    const button = target.closest?.('td > button');
    if (!button) return;
    if (button.getAttribute('aria-expanded') === 'true') close(button);
    else open(button);
  });

  function show() {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const view = find('input[name=view]:checked')?.value ?? 'tests';
    let shown = 0;
    let count = 0;
    for (const table of all('table')) {
      table.closest('.scroll').hidden = table.id !== view;
      for (const line of all('tbody > tr:not(.detail)', table)) {
        const fits = words.every((word) => line.dataset.text.includes(word));
        const hidden = !fits || (differing.checked && !line.dataset.differs);
        if (hidden) all('button[aria-expanded=true]', line).forEach(close);
        line.hidden = hidden;
        if (table.id === view) {
          count += 1;
          if (!hidden) shown += 1;
        }
      }
    }
    find('output').textContent = shown === count ? `${count} shown` : `${shown} of ${count} shown`;
  }

  // Up and down go to the nearest button of the column, left and right to that of the line; Escape closes.
  document.addEventListener('keydown', (event) => {
    if (event.key === '/' && document.activeElement !== filter) {
      filter.focus();
      event.preventDefault();
      return;
    }
    const button = document.activeElement?.closest?.('td > button');
    if (!button) return;
    if (event.key === 'Escape' && button.getAttribute('aria-expanded') === 'true') return close(button);
    const step = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 }[event.key];
    if (!step) return;
    const sideways = event.key === 'ArrowLeft' || event.key === 'ArrowRight';
    const near = sideways
      ? all('td > button', button.closest('tr'))
      : all(`td > button[data-host="${button.dataset.host}"]`, button.closest('tbody')).filter((other) => other.offsetParent);
    const next = near[near.indexOf(button) + step];
    if (next) next.focus();
    event.preventDefault();
  });

  filter.addEventListener('input', show);
  for (const input of all('.tools input:not([type=search])')) input.addEventListener('change', show);
  show();
})();
