// A JSON Schema as a list of fields that people read.
import { el, inline } from './elements.js';
import { t } from './words.js';

const depthMax = 6;

let document_ = {};
export function setDocument(to) { document_ = to; }

// What a "$ref" points at, in this document.
export function resolved(schema) {
  if (!schema?.$ref) return schema ?? {};
  return schema.$ref.slice(2).split('/').reduce((at, name) => at?.[name], document_) ?? {};
}
const nameOf = (schema) => schema?.$ref?.split('/').pop() ?? '';

// "string", "list of Piece", "one of: a, b".
export function typeOf(schema) {
  const own = resolved(schema);
  if ('const' in own) return JSON.stringify(own.const);
  if (own.enum) return own.enum.map((one) => JSON.stringify(one)).join(' | ');
  if (own.oneOf) return own.oneOf.map(typeOf).join(' | ');
  if (own.type === 'array') return t('array', { what: typeOf(own.items ?? {}) });
  if (own.type === 'object') return nameOf(schema) || 'object';
  const type = Array.isArray(own.type) ? own.type.join(' | ') : own.type;
  return type ? (own.format ? `${type} (${own.format})` : type) : t('any');
}

function bounds(own) {
  const out = [];
  const range = (low, high, unit) => {
    if (low !== undefined && high !== undefined) out.push(`${low} … ${high}${unit}`);
    else if (low !== undefined) out.push(`≥ ${low}${unit}`);
    else if (high !== undefined) out.push(`≤ ${high}${unit}`);
  };
  range(own.minimum, own.maximum, '');
  range(own.minLength, own.maxLength, ` ${t('characters')}`);
  range(own.minItems, own.maxItems, ` ${t('items')}`);
  if (own.default !== undefined) out.push(`= ${JSON.stringify(own.default)}`);
  return out.join(' · ');
}

// The object schemas that stand behind a schema: itself, what it lists, what it may be.
function inside(schema) {
  const own = resolved(schema);
  if (own.type === 'array') return inside(own.items ?? {});
  if (own.oneOf) return own.oneOf.flatMap(inside);
  return own.properties ? [{ name: nameOf(schema), own }] : [];
}

function field(name, schema, required, seen) {
  const own = resolved(schema);
  const about = schema.description ?? own.description;
  const row = el('div.field',
    el('div.field-head', el('code.field-name', name), el('span.type', typeOf(schema)),
      required ? el('span.must', t('required')) : null, el('span.soft', bounds(own))),
    about ? el('p.soft', inline(about)) : null);
  for (const { name: called, own: object } of inside(schema)) {
    if (!Object.keys(object.properties).length || (called && seen.includes(called))) continue;
    if (seen.length >= depthMax) continue;
    const list = fields(object, [...seen, called]);
    row.append(el('details.inner', el('summary', called || t('fields')), list));
  }
  return row;
}

function fields(own, seen) {
  const must = new Set(own.required ?? []);
  const rows = Object.entries(own.properties ?? {})
    .map(([name, schema]) => field(name, schema, must.has(name), seen));
  if (own.additionalProperties === true) rows.push(el('p.soft', t('anyField')));
  return el('div.fields', rows);
}

// null where there is nothing to tell beyond the type.
export function schemaView(schema) {
  const found = inside(schema);
  if (!found.length) return el('p.type', typeOf(schema));
  return el('div', el('p.type', typeOf(schema)),
    found.map(({ name, own }) => fields(own, [name])));
}

// An example from the schema itself, where none is written.
export function exampleOf(schema, seen = []) {
  const own = resolved(schema);
  const name = nameOf(schema);
  if (own.examples?.length) return own.examples[0];
  if ('const' in own) return own.const;
  if (own.enum) return own.enum[0];
  if (own.default !== undefined) return own.default;
  if (name && seen.includes(name)) return null;
  const next = name ? [...seen, name] : seen;
  if (own.oneOf) return exampleOf(own.oneOf[0], next);
  if (own.properties) {
    return Object.fromEntries(Object.entries(own.properties)
      .map(([key, one]) => [key, exampleOf(one, next)]));
  }
  const type = Array.isArray(own.type) ? own.type[0] : own.type;
  if (type === 'array') return [exampleOf(own.items ?? {}, next)].filter((one) => one !== null);
  return { string: 'text', integer: own.minimum ?? 1, number: own.minimum ?? 1, boolean: true,
           object: {} }[type] ?? null;
}
