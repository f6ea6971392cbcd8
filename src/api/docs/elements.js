// Elements from code: nothing that the server says is ever read as HTML.

// el('p.soft', { title: 'x', onclick: f }, 'text', child, [more]); nothing for null and false.
export function el(what, given = {}, ...children) {
  const plain = given === null || typeof given !== 'object' || given instanceof Node || Array.isArray(given);
  const [tag, ...classes] = what.split('.');
  const made = document.createElement(tag);
  if (classes.length) made.className = classes.join(' ');
  for (const [name, value] of Object.entries(plain ? {} : given)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of (plain ? [given, ...children] : children).flat(4)) {
    if (child !== null && child !== undefined && child !== false) made.append(child);
  }
  return made;
}

// Paragraphs, with `code` in backticks.
export function prose(text) {
  return text.split('\n\n').map((part) =>
    el('p', part.split('`').map((piece, n) => (n % 2 ? el('code', piece) : piece))));
}

export const inline = (text) =>
  text.split('`').map((piece, n) => (n % 2 ? el('code', piece) : piece));

export const pretty = (value) => JSON.stringify(value, null, 2);
