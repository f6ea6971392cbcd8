// The page: groups of calls, each with what it takes and gives, and a way to try it.
import { el, inline, pretty, prose } from './elements.js';
import { resolved, schemaView, setDocument } from './schema.js';
import { setToken, trial } from './trial.js';
import { language, setLanguage, t } from './words.js';

const root = document.getElementById('page');
const methods = ['get', 'post', 'put', 'patch', 'delete'];
let groups = [];
let about = {};
let token = '';

function operationsOf(document_) {
  const byTag = new Map(document_.tags.map((tag) => [tag.name, { ...tag, operations: [] }]));
  for (const [path, item] of Object.entries(document_.paths)) {
    for (const method of methods.filter((one) => item[one])) {
      const operation = { ...item[method], method, path };
      operation.parameters = (operation.parameters ?? []).map(resolved);
      byTag.get(operation.tags[0])?.operations.push(operation);
    }
  }
  return [...byTag.values()].filter((group) => group.operations.length);
}

function admission(operation) {
  const limit = operation['x-counts-as'];
  const facts = [];
  if (!operation.security?.length) facts.push(t('open'));
  if (operation['x-role']) facts.push(`${t('role')}: ${operation['x-role']}`);
  if (operation['x-scope']) facts.push(`${t('scope')}: ${operation['x-scope']}`);
  if (limit) facts.push(`${t('limit')}: ${t(limit === 'none' ? 'none_' : limit)}`);
  if (operation.requestBody?.['x-max-bytes'])
    facts.push(`${t('body')}: ${t('upTo', { n: operation.requestBody['x-max-bytes'].toLocaleString(language) })}`);
  return el('ul.facts', facts.map((one) => el('li', one)));
}

function parameters(operation) {
  if (!operation.parameters.length) return null;
  return [el('h4', t('parameters')), el('div.fields', operation.parameters.map((one) =>
    el('div.field',
      el('div.field-head', el('code.field-name', one.name), el('span.soft', t(one.in)),
        one.required ? el('span.must', t('required')) : null, schemaView(one.schema)),
      one.description ? el('p.soft', inline(one.description)) : null)))];
}

function content(media) {
  if (!media) return null;
  const example = media.example ?? Object.values(media.examples ?? {})[0]?.value;
  return [
    media.schema ? el('details.inner', { open: true }, el('summary', t('fields')), schemaView(media.schema)) : null,
    example === undefined ? null
      : el('details.inner', { open: true }, el('summary', t('example')), el('pre', { tabindex: '0' }, pretty(example))),
  ];
}

function replies(operation) {
  return [el('h4', t('replies')), Object.entries(operation.responses).map(([status, given]) => {
    const reply = resolved(given);
    const types = Object.keys(reply.content ?? {});
    return el('details.response', { open: status.startsWith('2') && status !== '206' },
      el('summary', el(`span.code.status-${status[0]}`, status), el('span', inline(reply.description)),
        el('span.soft', types.join(', '))),
      el('div.inset', content(reply.content?.[types[0]])));
  })];
}

function inner(operation) {
  const media = Object.values(operation.requestBody?.content ?? {})[0];
  return el('div.operation-body',
    operation.description ? prose(operation.description) : null,
    admission(operation),
    parameters(operation),
    media ? [el('h4', t('body'), el('span.soft', ` ${t(operation.requestBody.required ? 'required' : 'optional')}`)),
             el('div.inset', content(media))] : null,
    replies(operation),
    el('h4', t('tryIt')), trial(operation));
}

function operationView(operation) {
  const view = el('details.operation', { id: operation.operationId },
    el('summary', el(`span.method.method-${operation.method}`, operation.method.toUpperCase()),
      el('code.path', operation.path), el('span.summary', operation.summary ?? '')));
  // Made when it is opened: there are many.
  view.addEventListener('toggle', () => {
    if (!view.open || view.children.length > 1) return;
    view.append(inner(operation));
  });
  return view;
}

function switchOf(label, values, current, choose) {
  return el('div.switch', { role: 'group', 'aria-label': label }, values.map(([value, text, title]) =>
    el('button', { type: 'button', title, 'aria-pressed': String(value === current), onclick: () => choose(value) }, text)));
}

function setTheme(to) {
  if (to === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = to;
  try {
    if (to === 'system') localStorage.removeItem('theme');
    else localStorage.setItem('theme', to);
  } catch {
    // It holds until the page is closed.
  }
  show();
}

function header() {
  const theme = document.documentElement.dataset.theme ?? 'system';
  return el('header.top',
    el('a.skip', { href: '#calls' }, t('skip')),
    el('a.brand', { href: '/' }, 'Son1k ', el('span.soft', `${t('title')} ${about.version ?? ''}`)),
    el('p.tagline', t('tagline')),
    el('a', { href: '/api/openapi.json' }, t('document')),
    switchOf(t('language'), [['en', 'EN', 'English'], ['es', 'ES', 'Español']], language,
      (to) => { setLanguage(to); show(); }),
    switchOf(t('theme'), [['system', '◐', t('system')], ['light', '○', t('light')], ['dark', '●', t('dark')]],
      theme, setTheme));
}

function filter(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const group of groups) {
    let here = 0;
    for (const operation of group.operations) {
      const said = `${operation.method} ${operation.path} ${operation.summary} ${operation.operationId} ${group.name}`.toLowerCase();
      const hit = words.every((word) => said.includes(word));
      here += hit;
      for (const one of document.querySelectorAll(`[data-operation="${operation.operationId}"]`)) one.hidden = !hit;
      document.getElementById(operation.operationId).hidden = !hit;
    }
    for (const one of document.querySelectorAll(`[data-group="${group.name}"]`)) one.hidden = !here;
    found += here;
  }
  document.getElementById('nothing').hidden = found > 0;
}

function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target?.matches('details.operation')) {
    target.open = true;
    target.scrollIntoView();
  }
}

function navigation() {
  return el('nav.side', { 'aria-label': t('groups') },
    el('input', { type: 'search', placeholder: t('search'), 'aria-label': t('search'), id: 'search',
                  oninput: (e) => filter(e.target.value) }),
    groups.map((group) => el('details', { 'data-group': group.name, open: innerWidth > 900 },
      el('summary', group.name),
      el('ul', group.operations.map((one) => el('li', { 'data-operation': one.operationId },
        el('a', { href: `#${one.operationId}`, onclick: () => setTimeout(openTarget) },
          el(`span.method.method-${one.method}`, one.method.toUpperCase()), one.summary ?? one.path)))))));
}

function credentials() {
  const field = el('input', { type: 'password', id: 'token', autocomplete: 'off', spellcheck: 'false',
                              oninput: (e) => { token = e.target.value; setToken(token); } });
  field.value = token;
  return el('section.card.credentials', el('label', { for: 'token' }, t('token')), field,
    el('p.soft', t('tokenHint')));
}

function show() {
  document.documentElement.lang = language;
  const asked = document.getElementById('search')?.value ?? '';
  const open = [...document.querySelectorAll('details.operation[open]')].map((one) => one.id);
  root.replaceChildren(header(), el('div.columns', navigation(),
    el('main', { id: 'calls', tabindex: '-1' },
      el('section.card.intro', { lang: 'en' }, prose(about.description ?? '')),
      credentials(),
      el('p.bad', { id: 'nothing', hidden: true }, t('none')),
      groups.map((group) => el('section.group', { 'data-group': group.name, lang: 'en' },
        el('h2', group.name), el('p.soft', group.description ?? ''),
        group.operations.map(operationView))))));
  for (const id of open) document.getElementById(id).open = true;
  if (asked) {
    document.getElementById('search').value = asked;
    filter(asked);
  }
}

addEventListener('hashchange', openTarget);
try {
  const reply = await fetch('/api/openapi.json');
  if (!reply.ok) throw new Error(String(reply.status));
  const document_ = await reply.json();
  setDocument(document_);
  about = document_.info;
  groups = operationsOf(document_);
  show();
  openTarget();
} catch (fault) {
  root.replaceChildren(el('p.bad', t('loadFailed', { why: fault.message })));
}
