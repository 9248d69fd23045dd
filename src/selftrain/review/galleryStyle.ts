import { formulaCell } from '../labels/csv.js';

/** Looks and the little script of the gallery, which is one file without anything from elsewhere. */

export const galleryStyle = `
:root {
  color-scheme: light dark;
  --paper: #f7f8fa; --card: #ffffff; --ink: #1b2430; --muted: #5b6775; --line: #dfe3e9;
  --sure: #0072b2; --other: #c24e00; --good: #00795a; --track: #e8ebf0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #12161c; --card: #1b2129; --ink: #e6eaf0; --muted: #98a4b3; --line: #2c343f;
    --sure: #56b4e9; --other: #f0a05a; --good: #4cc9a0; --track: #2a323d;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; }
body {
  margin: 0 auto; padding: 2rem 1.5rem 5rem; max-width: 84rem;
  background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif;
}
h1 { margin: 0 0 0.25rem; font-size: 1.7rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 0; font-size: 1.25rem; }
h3 { margin: 1rem 0 0.5rem; font-size: 0.8rem; font-weight: 600; color: var(--muted); }
a { color: inherit; }
.muted { color: var(--muted); }
code { font: 0.92em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.facts { display: flex; flex-wrap: wrap; gap: 0.75rem; margin: 1.25rem 0; }
.fact { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 0.6rem 1rem; }
.fact b { display: block; font-size: 1.3rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.fact span { color: var(--muted); font-size: 0.82rem; }
.how { max-width: 62rem; }
table { border-collapse: collapse; width: 100%; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.overview { overflow-x: auto; margin-bottom: 2rem; }
th, td { padding: 0.35rem 0.9rem; text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
th { font-size: 0.8rem; font-weight: 600; color: var(--muted); border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; }
tr + tr td { border-top: 1px solid var(--line); }
.spark { vertical-align: middle; fill: var(--sure); }
.track { display: inline-block; width: 6rem; height: 0.5rem; margin-left: 0.6rem; border-radius: 4px; background: var(--track); overflow: hidden; }
.track i { display: block; height: 100%; background: var(--sure); }
.good i { background: var(--good); }
section { margin-top: 2.5rem; padding-top: 1.25rem; border-top: 1px solid var(--line); }
.title { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.25rem 1rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr)); gap: 0.75rem; }
figure { margin: 0; display: flex; flex-direction: column; background: var(--card); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
figure:focus-within { border-color: var(--sure); box-shadow: 0 0 0 1px var(--sure); }
figure.said { border-color: var(--good); box-shadow: 0 0 0 1px var(--good); }
figure.wrong { border-color: var(--other); box-shadow: 0 0 0 1px var(--other); }
figure img, .none { display: block; width: 100%; height: auto; aspect-ratio: 1; object-fit: contain; background: var(--track); }
.none { display: grid; place-items: center; padding: 0.5rem; text-align: center; color: var(--muted); font-size: 0.8rem; }
.bar { height: 4px; background: var(--track); }
.bar i { display: block; height: 100%; background: var(--sure); }
figcaption { padding: 0.4rem 0.6rem 0.5rem; font-size: 0.82rem; display: flex; flex-direction: column; flex: 1; gap: 0.1rem; }
.says { display: flex; justify-content: space-between; gap: 0.5rem; font-variant-numeric: tabular-nums; }
.says b { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.says.before { color: var(--other); }
figcaption code { color: var(--muted); font-size: 0.72rem; line-height: 1.35; overflow-wrap: anywhere; user-select: all; cursor: copy; }
figcaption code:hover { color: var(--ink); }
figcaption input {
  width: 100%; margin-top: auto; padding: 0.15rem 0; border: 0; border-bottom: 1px solid var(--line);
  background: none; color: var(--ink); font: inherit;
}
figcaption select { align-self: flex-start; font: inherit; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 4px; }
figcaption input:focus { outline: none; border-color: var(--sure); }
#said {
  position: fixed; inset: auto 0 0 0; display: none; align-items: center; justify-content: center; gap: 1rem;
  padding: 0.6rem 1rem; background: var(--card); border-top: 1px solid var(--line); box-shadow: 0 -4px 16px #0002;
}
#said.some { display: flex; }
#said a { padding: 0.4rem 1rem; border-radius: 8px; background: var(--sure); color: var(--card); font-weight: 600; text-decoration: none; }
@media print { #said, input, select { display: none !important; } figure { break-inside: avoid; } }
`;

/**
 * Gathers what was typed beneath the pictures into a CSV to be saved. Without it the page shows all
 * the same, and the CSV is written by hand.
 */
export const galleryScript = `
const classes = new Set([...document.querySelectorAll('#classes option:not(:last-child)')].map((own) => own.value));
const marks = [...document.querySelectorAll('select[data-mark]')];
const inputs = [...document.querySelectorAll('input[data-id]')];
const said = new Map();
let saved = true;
const inert = (text) => (${String(formulaCell)}.test(text) ? "'" + text : text);
const quoted = (text) => (/[",\\r\\n]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text);
const cell = (text) => quoted(inert(text));
const begins = (text) => [...classes].some((name) => name.startsWith(text));
function hear({ target, type }) {
  const { id, mark } = target.dataset;
  if (mark !== undefined) {
    const { classList } = target.closest('figure');
    classList.toggle('said', target.value === 'right');
    classList.toggle('wrong', target.value === 'wrong');
    return gather();
  }
  if (id === undefined) return;
  const text = target.value.trim();
  const known = classes.has(text) || text === '-';
  // Text that may still become a class is wrong only once it is left like that.
  const wrong = text !== '' && !known && (type === 'change' || !begins(text));
  if (known) said.set(id, classes.has(text) ? text : '');
  else said.delete(id);
  for (const own of inputs) {
    if (own.dataset.id !== id) continue;
    if (own !== target) own.value = target.value;
    const { classList } = own.closest('figure');
    classList.toggle('said', known);
    classList.toggle('wrong', wrong);
  }
  gather();
}
/* A sample goes into the list whole, so that it shows how much of it was not marked. */
function gather() {
  const rows = new Map([...said].map(([image, name]) => [image, [image, name, '', '']]));
  for (const { dataset, value } of marks) {
    const [, name = '?'] = rows.get(dataset.mark) ?? [];
    // A class that was typed says more than a mark.
    rows.set(dataset.mark, [dataset.mark, name, dataset.judged, name === '?' ? value : '?']);
  }
  // An image that was both marked and corrected is one.
  const count = [...rows.values()].filter(([, name, , mark]) => name !== '?' || !['?', ''].includes(mark)).length;
  saved = count === 0;
  const width = marks.length > 0 ? 4 : 2;
  const titles = ['image', 'class', 'teacher', 'audit'];
  const lines = [titles, ...rows.values()].map((cells) => cells.slice(0, width).map(cell).join(',') + '\\n');
  const link = document.querySelector('#said a');
  URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(new Blob(lines, { type: 'text/csv' }));
  document.querySelector('#said b').textContent = String(count);
  document.querySelector('#said').classList.toggle('some', count > 0);
}
document.addEventListener('input', hear);
document.addEventListener('change', hear);
document.querySelector('#said a').addEventListener('click', () => { saved = true; });
addEventListener('beforeunload', (event) => { if (!saved) event.preventDefault(); });
`;
