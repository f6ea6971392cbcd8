// Every word of the page in both languages. What the API says of itself is in English.
const words = {
  en: {
    title: 'API', tagline: 'Every call, to read and to try', search: 'Find a call',
    none: 'No call has these words.', language: 'Language', theme: 'Colours', system: 'As the system',
    light: 'Light', dark: 'Dark', document: 'OpenAPI document', groups: 'Calls',
    token: 'Token or API key', tokenHint: 'Sent as Authorization: Bearer with what you try here, and kept until this page is closed. Without it the cookie of a log-in counts.',
    open: 'Anyone may call it', role: 'Role', scope: 'Scope of a key', limit: 'Counts as',
    parameters: 'Parameters', body: 'Body', replies: 'Replies', example: 'Example', fields: 'Fields',
    required: 'required', optional: 'optional', tryIt: 'Try it', send: 'Send', stop: 'Stop',
    sending: 'Waiting for the reply…', failed: 'There was no reply: {why}', took: '{status} in {ms} ms',
    save: 'Save the {bytes} bytes of {type}', cut: 'shown to here', copy: 'Copy', copied: 'Copied',
    asCommand: 'As a command', missing: 'Fill in {name}.', loadFailed: 'The description did not arrive: {why}',
    path: 'in the path', query: 'in the query', header: 'in a header', oneOf: 'one of',
    any: 'anything', anyField: 'any other field', upTo: 'up to {n} bytes', array: 'list of {what}', characters: 'characters', items: 'items',
    skip: 'To the calls', change: 'This call changes something.',
    none_: 'nothing', address: 'address', login: 'log-in', request: 'request', watch: 'watching',
  },
  es: {
    title: 'API', tagline: 'Cada llamada, para leer y probar', search: 'Buscar una llamada',
    none: 'Ninguna llamada tiene esas palabras.', language: 'Idioma', theme: 'Colores', system: 'Como el sistema',
    light: 'Claro', dark: 'Oscuro', document: 'Documento OpenAPI', groups: 'Llamadas',
    token: 'Token o clave de API', tokenHint: 'Se envía como Authorization: Bearer con lo que pruebe aquí y se guarda hasta cerrar la página. Sin él vale la cookie de una sesión.',
    open: 'Cualquiera puede llamarla', role: 'Rol', scope: 'Alcance de una clave', limit: 'Cuenta como',
    parameters: 'Parámetros', body: 'Cuerpo', replies: 'Respuestas', example: 'Ejemplo', fields: 'Campos',
    required: 'obligatorio', optional: 'opcional', tryIt: 'Probar', send: 'Enviar', stop: 'Detener',
    sending: 'Esperando la respuesta…', failed: 'No hubo respuesta: {why}', took: '{status} en {ms} ms',
    save: 'Guardar los {bytes} bytes de {type}', cut: 'se muestra hasta aquí', copy: 'Copiar', copied: 'Copiado',
    asCommand: 'Como orden', missing: 'Rellene {name}.', loadFailed: 'La descripción no llegó: {why}',
    path: 'en la ruta', query: 'en la consulta', header: 'en una cabecera', oneOf: 'uno de',
    any: 'cualquier cosa', anyField: 'cualquier otro campo', upTo: 'hasta {n} bytes', array: 'lista de {what}', characters: 'caracteres', items: 'elementos',
    skip: 'A las llamadas', change: 'Esta llamada cambia algo.',
    none_: 'nada', address: 'dirección', login: 'inicio de sesión', request: 'petición', watch: 'consulta',
  },
};

function kept() {
  try {
    const found = localStorage.getItem('language');
    if (found === 'en' || found === 'es') return found;
  } catch {
    // The browser's languages decide.
  }
  for (const tag of navigator.languages ?? []) {
    if (/^es\b/i.test(tag)) return 'es';
    if (/^en\b/i.test(tag)) return 'en';
  }
  return 'en';
}

export let language = kept();

export function setLanguage(to) {
  language = to;
  try {
    localStorage.setItem('language', to);
  } catch {
    // It holds until the page is closed.
  }
}

// {name} in a text is replaced by its value.
export const t = (key, values = {}) =>
  (words[language][key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
