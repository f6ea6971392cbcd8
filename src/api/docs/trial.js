// "Try it": the fields of one call, the request made of them, and its reply.
import { el, pretty } from './elements.js';
import { exampleOf, resolved } from './schema.js';
import { language, t } from './words.js';

const shownMax = 200_000; // characters of a reply
const credential = { token: '' };
export const setToken = (to) => { credential.token = to.trim(); };

const isText = (type) => /^text\/|json|xml/.test(type);
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function input(parameter, id) {
  const schema = resolved(parameter.schema);
  if (schema.enum) {
    return el('select', { id }, el('option', { value: '' }, ''),
      schema.enum.map((one) => el('option', { value: one }, String(one))));
  }
  const value = parameter.in === 'path' ? '' : null;
  return el('input', { id, value, placeholder: parameter.example ?? schema.default ?? '',
                       autocomplete: 'off', spellcheck: 'false' });
}

// {method, url, headers, body}, or the name of a required field that is empty.
function requestOf(operation, fields, body) {
  let url = operation.path;
  const query = new URLSearchParams();
  const headers = { 'Accept-Language': language };
  for (const { parameter, control } of fields) {
    const value = control.value;
    if (value === '') {
      if (parameter.required) return { missing: parameter.name };
      continue;
    }
    if (parameter.in === 'path') url = url.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (parameter.in === 'query') query.set(parameter.name, value);
    else if (parameter.in === 'header') headers[parameter.name] = value;
  }
  if (credential.token && operation.security?.length) headers.Authorization = `Bearer ${credential.token}`;
  const text = body ? body.value.trim() : '';
  if (text) headers['Content-Type'] = 'application/json';
  const asked = query.toString();
  return { method: operation.method.toUpperCase(), url: asked ? `${url}?${asked}` : url, headers,
           body: text || undefined };
}

function command(request) {
  const parts = ['curl', '-i'];
  if (request.method !== 'GET') parts.push('-X', request.method);
  for (const [name, value] of Object.entries(request.headers)) parts.push('-H', quoted(`${name}: ${value}`));
  if (request.body) parts.push('--data-raw', quoted(request.body));
  return [...parts, quoted(location.origin + request.url)].join(' ');
}

function shown(text, type) {
  let out = text;
  if (/json/.test(type)) {
    try {
      out = pretty(JSON.parse(text));
    } catch {
      // As it came.
    }
  }
  return out.length > shownMax ? `${out.slice(0, shownMax)}\n… ${t('cut')}` : out;
}

async function readStream(reply, into) {
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done || into.textContent.length > shownMax) return;
    into.append(value);
  }
}

async function showReply(reply, started, out) {
  const type = reply.headers.get('Content-Type') ?? '';
  const kept = ['RateLimit', 'Retry-After', 'Location', 'ETag', 'X-Request-Id']
    .filter((name) => reply.headers.has(name))
    .map((name) => `${name}: ${reply.headers.get(name)}`);
  const text = el('pre', { tabindex: '0' });
  const line = el(`p.status.status-${String(reply.status)[0]}`);
  const tell = () => {
    line.textContent = t('took', { status: `${reply.status} ${reply.statusText}`,
                                   ms: Math.round(performance.now() - started) });
  };
  tell();
  out.replaceChildren(line, el('p.soft', kept.join(' · ')), text);
  if (type.startsWith('text/event-stream')) {
    await readStream(reply, text);
  } else if (isText(type) || !type) {
    text.textContent = shown(await reply.text(), type);
  } else {
    const bytes = await reply.blob();
    text.replaceWith(el('a', { href: URL.createObjectURL(bytes), download: `reply.${type.split('/').pop()}` },
      t('save', { bytes: bytes.size, type })));
  }
}

export function trial(operation) {
  const fields = (operation.parameters ?? []).map((one, n) => {
    const id = `${operation.operationId}-${n}`;
    return { parameter: one, id, control: input(one, id) };
  });
  const media = Object.values(operation.requestBody?.content ?? {})[0];
  const body = media ? el('textarea', {
    id: `${operation.operationId}-body`, rows: '8', spellcheck: 'false',
  }) : null;
  if (body) body.value = pretty(media.example ?? exampleOf(media.schema));
  const out = el('div.reply', { 'aria-live': 'polite' });
  const line = el('pre.command', { tabindex: '0' });
  let ends = null;
  const stop = el('button', { type: 'button', disabled: true, onclick: () => ends?.abort() }, t('stop'));

  async function send(event) {
    event.preventDefault();
    const request = requestOf(operation, fields, body);
    if (request.missing) {
      out.replaceChildren(el('p.bad', t('missing', { name: request.missing })));
      fields.find((one) => one.parameter.name === request.missing).control.focus();
      return;
    }
    line.textContent = command(request);
    out.replaceChildren(el('p.soft', t('sending')));
    ends?.abort();
    const own = ends = new AbortController();
    stop.disabled = false;
    const started = performance.now();
    try {
      const reply = await fetch(request.url, { ...request, signal: own.signal });
      await showReply(reply, started, out);
    } catch (fault) {
      if (!own.signal.aborted) out.replaceChildren(el('p.bad', t('failed', { why: fault.message })));
    }
    if (ends === own) stop.disabled = true;
  }

  return el('form.trial', { onsubmit: send },
    fields.map(({ parameter, id, control }) => el('div.control',
      el('label', { for: id }, parameter.name, parameter.required ? el('span.must', ' *') : null), control)),
    body ? el('div.control.wide', el('label', { for: body.id }, t('body')), body) : null,
    operation.method === 'get' ? null : el('p.soft', t('change')),
    el('div.buttons', el('button.primary', { type: 'submit' }, t('send')), stop),
    out, el('details.inner', el('summary', t('asCommand')), line));
}
