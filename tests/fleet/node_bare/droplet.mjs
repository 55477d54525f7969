// A right droplet on bare Node (18.3 or later), without any package. Legal difference: it answers
// every message `processing`, calls back where a reply_to is given, and serves /openapi.json.
//
// Run: node droplet.mjs [PORT]

import { createPublicKey, randomUUID, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';

const VERSION = '0.9.2';
const MEGABYTE = 1024 * 1024;
const SECONDS = 1000;
const monotonic = () => performance.now();
const BORN = monotonic();
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// ---------------------------------------------------------------- settings

const env = process.env;
const whole = (text, fallback, low, high) => {
  const number = /^\d{1,10}$/.test(text ?? '') ? Number(text) : NaN;
  return number >= low && number <= high ? number : fallback;
};
const settings = {
  registry: (env.REGISTRY_URL || 'http://registry:8000').replace(/\/+$/, ''),
  orchestrator: (env.ORCHESTRATOR_URL || 'http://orchestrator:8001').replace(/\/+$/, ''),
  name: (env.SERVICE_NAME || '').trim() || 'node-bare',
  number: whole(env.DROPLET_ID, 31, 1, 2147483647),
  port: whole(process.argv[2] ?? env.SERVICE_PORT, 8031, 1, 65535),
  mode: env.ENVIRONMENT === 'development' ? 'development' : 'production',
  level: ['DEBUG', 'INFO', 'WARNING', 'ERROR'].indexOf(env.LOG_LEVEL) + 1 || 2,
};

// ---------------------------------------------------------------- log: one JSON object a line

const write = (rank, level) => (message, more = {}) => {
  if (rank < settings.level) return;
  const line = { timestamp: new Date().toISOString(), level, service: settings.name, message, ...more };
  process.stdout.write(`${JSON.stringify(line)}\n`);
};
const log = {
  debug: write(1, 'DEBUG'),
  info: write(2, 'INFO'),
  warning: write(3, 'WARNING'),
  error: write(4, 'ERROR'),
};

// ---------------------------------------------------------------- what it measures

const traffic = {
  recent: [],
  total: 0,
  last: null,
  add(milliseconds, failed) {
    this.recent.push([monotonic(), milliseconds, failed]);
    if (this.recent.length > 200_000) this.recent.splice(0, 100_000);
    this.total += 1;
    this.last = new Date();
  },
  numbers() {
    const edge = monotonic() - 60 * SECONDS;
    const gone = this.recent.findIndex(([at]) => at >= edge);
    this.recent.splice(0, gone < 0 ? this.recent.length : gone);
    const n = this.recent.length;
    const spent = this.recent.reduce((sum, entry) => sum + entry[1], 0);
    const failed = this.recent.reduce((sum, entry) => sum + (entry[2] ? 1 : 0), 0);
    return {
      requests_per_minute: n,
      average_response_time_ms: n ? Math.round((1000 * spent) / n) / 1000 : 0,
      error_rate_percent: n ? Math.round((10_000 * failed) / n) / 100 : 0,
      requests_total: this.total,
    };
  },
};

// ---------------------------------------------------------------- calling others

// One exchange with a deadline over all of it. No redirect is followed; the answer's text is cut
// off at one megabyte. Rejects with an error whose `sent` says whether a connection was made.
function call(method, url, { token, body, within }) {
  return new Promise((resolve, reject) => {
    const target = new URL(url);
    const [, path] = /^https?:\/\/[^/?#]*([^#]*)/i.exec(url);
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = { accept: 'application/json' };
    if (token) headers.authorization = `Bearer ${token}`;
    if (payload) Object.assign(headers, { 'content-type': 'application/json', 'content-length': payload.length });
    const request = (target.protocol === 'https:' ? https : http).request({
      method,
      host: target.hostname.replace(/^\[|\]$/g, ''),
      port: target.port || undefined,
      path: path.startsWith('/') ? path : `/${path}`,
      headers: { host: target.host, ...headers },
      agent: false,
    });
    let sent = false;
    const fail = (message) => {
      clearTimeout(alarm);
      request.destroy();
      reject(Object.assign(new Error(message), { sent }));
    };
    const alarm = setTimeout(() => fail(`no answer within ${within / SECONDS} s`), within);
    request.on('socket', (socket) => socket.once('connect', () => { sent = true; }));
    request.on('error', (error) => fail(error.code || error.message));
    request.on('response', (response) => {
      const parts = [];
      let size = 0;
      response.on('data', (part) => {
        size += part.length;
        if (size > MEGABYTE) fail('the answer is too large');
        else parts.push(part);
      });
      response.on('error', (error) => fail(error.code || error.message));
      response.on('end', () => {
        clearTimeout(alarm);
        if (!response.complete) return fail('the answer was cut short');
        resolve({ status: response.statusCode, text: Buffer.concat(parts).toString('utf8') });
      });
    });
    request.end(payload);
  });
}

const parsed = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

// ---------------------------------------------------------------- who it is: registration

const CAPABILITIES = ['job_listing'];
const identity = { token: null, id: null, expires: Infinity, margin: 0 };
let registering = null;

// One registration at a time: whoever asks meanwhile gets the same promise.
function register() {
  registering ??= registerOnce().finally(() => { registering = null; });
  return registering;
}

async function registerOnce() {
  const answer = await call('POST', `${settings.registry}/register`, {
    within: 10 * SECONDS,
    body: {
      name: settings.name,
      droplet_id: settings.number,
      port: settings.port,
      health_endpoint: '/health',
      capabilities: CAPABILITIES,
      version: VERSION,
      udc_compliant: true,
    },
  });
  if (answer.status !== 201) throw new Error(`the Registry answered ${answer.status}`);
  const given = parsed(answer.text);
  if (!isObject(given) || typeof given.token !== 'string' || !given.token || !Number.isInteger(given.service_id)) {
    throw new Error('the Registry answered 201 without a token and a service_id');
  }
  const claims = parsed(Buffer.from(given.token.split('.')[1] ?? '', 'base64url').toString());
  const expires = isObject(claims) && Number.isFinite(claims.exp) ? claims.exp * SECONDS : Infinity;
  const life = Math.max(0, expires - Date.now());
  Object.assign(identity, { token: given.token, id: given.service_id, expires, margin: Math.min(60 * SECONDS, life / 4) });
  log.info('registered', { service_id: given.service_id });
}

async function registerUntilDone() {
  for (let wait = 1; ; wait = Math.min(2 * wait, 10)) {
    try {
      return await register();
    } catch (error) {
      log.warning('registration failed', { operation: 'POST /register', error: error.message, next_try_in_s: wait });
    }
    await sleep(wait * SECONDS);
  }
}

// A token that still holds; a new one where the old one is about to end.
async function freshToken() {
  const left = identity.expires - Date.now();
  if (identity.token && left > identity.margin) return identity.token;
  if (!identity.token || left <= SECONDS) await registerUntilDone();
  else {
    try {
      await register();
    } catch (error) {
      log.warning('the token could not be renewed yet', { operation: 'POST /register', error: error.message });
    }
  }
  return identity.token;
}

// Calls with the token; refused with 401, once more with a new one.
async function callWithToken(method, url, options) {
  const token = await freshToken();
  const answer = await call(method, url, { ...options, token });
  if (answer.status !== 401) return answer;
  log.warning('the token was refused, registering again', { operation: `${method} ${new URL(url).pathname}` });
  if (identity.token === token) await register();
  return call(method, url, { ...options, token: identity.token });
}

// ---------------------------------------------------------------- beats

async function beatForEver() {
  let due = monotonic();
  for (;;) {
    const began = monotonic();
    try {
      await freshToken();
      const answer = await beat();
      if (answer.status < 200 || answer.status > 299) throw new Error(`the Orchestrator answered ${answer.status}`);
      log.debug('heartbeat taken');
    } catch (error) {
      log.error('heartbeat failed', { operation: 'POST /heartbeat', error: error.message });
    }
    due = (began - due < 2 * SECONDS ? due : began) + 60 * SECONDS;
    await sleep(Math.max(0, due - monotonic()));
  }
}

function beat() {
  const { requests_per_minute, error_rate_percent, requests_total } = traffic.numbers();
  const memory_mb = Math.round(process.memoryUsage().rss / 10_000) / 100;
  return callWithToken('POST', `${settings.orchestrator}/heartbeat`, {
    within: 5 * SECONDS,
    body: {
      service_id: identity.id,
      service_name: settings.name,
      status: 'active',
      metrics: { requests_per_minute, error_rate: error_rate_percent, requests_total, memory_mb },
    },
  });
}

// ---------------------------------------------------------------- the Registry's key

const key = { pem: null, object: null, failed: -Infinity, fetching: null, spent: [] };

async function fetchKey() {
  const answer = await call('GET', `${settings.registry}/auth/public-key`, { within: 5 * SECONDS });
  const pem = answer.status === 200 ? parsed(answer.text)?.public_key : undefined;
  if (typeof pem !== 'string' || !pem.includes('PUBLIC KEY')) throw new Error(`no key in the answer (${answer.status})`);
  if (pem === key.pem) return;
  const object = createPublicKey(pem);
  if (object.asymmetricKeyType !== 'rsa') throw new Error(`an ${object.asymmetricKeyType} key is of no use`);
  Object.assign(key, { pem, object });
}

function renewKey() {
  key.fetching ??= fetchKey()
    .catch((error) => {
      key.failed = monotonic();
      log.error('the public key could not be fetched', { operation: 'GET /auth/public-key', error: error.message });
    })
    .finally(() => { key.fetching = null; });
  return key.fetching;
}

// The key, fetched on first need; null where the Registry does not give one.
async function currentKey() {
  if (!key.object && (key.fetching || monotonic() - key.failed > SECONDS)) await renewKey();
  return key.object;
}

// After a signature that does not verify the key may be another by now: look three times at once,
// then every ten seconds.
async function keyAfter(known) {
  const now = monotonic();
  key.spent = key.spent.filter((at) => now - at < 60 * SECONDS);
  if (key.object === known && key.fetching) await key.fetching;
  else if (key.object === known && (key.spent.length < 3 || now - key.spent.at(-1) > 10 * SECONDS)) {
    key.spent.push(now);
    await renewKey();
  }
  return key.object;
}

setInterval(() => { if (key.object) renewKey(); }, 180 * SECONDS).unref();

// ---------------------------------------------------------------- who is asking

class Problem extends Error {
  constructor(status, code, message, headers = {}) {
    super(message);
    Object.assign(this, { status, code, headers });
  }
}

const refused = (why) => {
  log.warning('request refused', { status: 401, reason: why });
  return new Problem(401, 'UNAUTHORIZED', 'A valid bearer token is needed', { 'www-authenticate': 'Bearer' });
};

async function caller(request) {
  const given = request.headersDistinct.authorization ?? [];
  const words = given.length === 1 ? given[0].split(/[ \t]+/).filter(Boolean) : [];
  if (words.length !== 2 || words[0].toLowerCase() !== 'bearer') throw refused('no bearer token');
  const shape = words[1].length <= 8192 && /^([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(words[1]);
  if (!shape) throw refused('not a compact token');
  const [, head, body, signature] = shape;
  const header = parsed(Buffer.from(head, 'base64url').toString());
  if (!isObject(header) || header.alg !== 'RS256' || 'crit' in header) throw refused('not a plain RS256 token');
  const known = await currentKey();
  if (!known) throw new Problem(503, 'KEY_UNAVAILABLE', 'Tokens cannot be verified now', { 'retry-after': '5' });
  const holds = (object) => verify('RSA-SHA256', Buffer.from(`${head}.${body}`), object, Buffer.from(signature, 'base64url'));
  if (!holds(known)) {
    const newer = await keyAfter(known);
    if (newer === known || !holds(newer)) throw refused('the signature does not verify');
  }
  const claims = parsed(Buffer.from(body, 'base64url').toString());
  if (!isObject(claims)) throw refused('no claims');
  if (!Number.isFinite(claims.exp) || claims.exp * SECONDS <= Date.now()) throw refused('expired, or without exp');
  if (!Number.isInteger(claims.service_id)) throw refused('no service_id');
  if (typeof claims.service_name !== 'string' || !claims.service_name) throw refused('no service_name');
  return claims;
}

// ---------------------------------------------------------------- messages

const invalid = (field, wanted) => new Problem(400, 'INVALID_MESSAGE', `${field} must be ${wanted}`);

function checked(text) {
  const message = parsed(text);
  if (!isObject(message) || tooDeep(text)) throw new Problem(400, 'INVALID_JSON', 'The body must be a JSON object');
  const { from_service, message_type, payload, reply_to } = message;
  if (typeof from_service !== 'string' || !from_service) throw invalid('from_service', 'a non-empty string');
  if (!['task_assignment', 'status_update', 'query'].includes(message_type)) {
    throw invalid('message_type', 'task_assignment, status_update or query');
  }
  if (!isObject(payload)) throw invalid('payload', 'an object');
  const target = reply_to === undefined || reply_to === null ? null : place(reply_to);
  return { from_service, message_type, payload, target };
}

function tooDeep(text) {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const sign = text[i];
    if (quoted) {
      if (sign === '\\') i += 1;
      else if (sign === '"') quoted = false;
    } else if (sign === '"') quoted = true;
    else if (sign === '{' || sign === '[') {
      depth += 1;
      if (depth > 200) return true;
    } else if (sign === '}' || sign === ']') depth -= 1;
  }
  return false;
}

// A reply_to that can be called: its very text, and the host and port that are looked up.
function place(url) {
  const shape = typeof url === 'string' && url.length <= 2048 && /^https?:\/\/([!-~]+)$/i.exec(url);
  let parts;
  try {
    parts = shape && !url.includes('\\') ? new URL(url) : null;
  } catch {
    parts = null;
  }
  if (!parts || parts.username || parts.password || /^[^/?#]*@/.test(shape[1]) || parts.port === '0') {
    throw invalid('reply_to', 'an absolute http or https URL');
  }
  const host = parts.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = Number(parts.port || (parts.protocol === 'https:' ? 443 : 80));
  return { url, host, port };
}

// The droplet's token goes to places that the Registry lists, or to the Orchestrator, and nowhere else.
async function known(target) {
  if (new URL(target.url).origin === new URL(settings.orchestrator).origin) return true;
  const lookUp = async () => {
    const answer = await callWithToken('GET', `${settings.registry}/services`, { within: 4 * SECONDS });
    const body = answer.status === 200 ? parsed(answer.text) : undefined;
    const services = Array.isArray(body) ? body : body?.services;
    if (!Array.isArray(services)) throw new Error(`the Registry answered ${answer.status} to the look-up`);
    return services.some((one) => isObject(one) && one.port === target.port
      && [one.host, one.name].some((name) => typeof name === 'string' && name.toLowerCase() === target.host));
  };
  let alarm;
  const late = new Promise((_, reject) => { alarm = setTimeout(() => reject(new Error('no answer within 4 s')), 4 * SECONDS); });
  try {
    return await Promise.race([lookUp(), late]);
  } catch (error) {
    log.error('the host of a reply_to could not be looked up', { operation: 'GET /services', error: error.message });
    throw new Problem(503, 'REGISTRY_UNAVAILABLE', 'The host of reply_to cannot be looked up now', { 'retry-after': '5' });
  } finally {
    clearTimeout(alarm);
  }
}

async function take(claims, text) {
  const message = checked(text);
  if (message.from_service !== claims.service_name) {
    log.warning('a message names another sender than its token');
    throw new Problem(403, 'SENDER_MISMATCH', 'from_service is not the service of the token');
  }
  if (message.target && !(await known(message.target))) throw invalid('reply_to', 'at a host that the Registry knows');
  const message_id = `msg-${randomUUID()}`;
  work(message_id, message);
  return { received: true, message_id, status: 'processing' };
}

async function work(message_id, { message_type, payload, target }) {
  await sleep(20);
  const result = { message_type, members: Object.keys(payload).length };
  if (typeof payload.task_id === 'string' && payload.task_id.isWellFormed?.() !== false) result.task_id = payload.task_id;
  if (target) await callBack(target.url, { message_id, status: 'completed', result, from_service: settings.name });
}

// Three tries at most, one and two seconds apart, and only where the first surely was not taken.
async function callBack(url, body) {
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    let outcome;
    try {
      const answer = await callWithToken('POST', url, { body, within: 10 * SECONDS });
      if (answer.status < 300) return log.info('called back', { message_id: body.message_id });
      outcome = `answered ${answer.status}`;
      if (![429, 502, 503, 504].includes(answer.status)) attempt = 3;
    } catch (error) {
      outcome = error.message;
      if (error.sent !== false) attempt = 3;
    }
    log.error('callback failed', { operation: 'callback', message_id: body.message_id, error: outcome });
    if (attempt < 3) await sleep(2 ** (attempt - 1) * SECONDS);
  }
}

// ---------------------------------------------------------------- routes

const JOBS = [
  { id: 'nightly-report', schedule: 'daily' },
  { id: 'index-refresh', schedule: 'hourly' },
];
const OPENAPI = readFileSync(new URL('./openapi.json', import.meta.url));

const routes = {
  '/health': {
    GET: () => ({
      status: identity.token ? 'healthy' : 'degraded',
      timestamp: new Date().toISOString(),
      uptime_seconds: Math.floor((monotonic() - BORN) / SECONDS),
      version: VERSION,
      checks: { registration: identity.token ? 'healthy' : 'unhealthy' },
    }),
  },
  '/capabilities': {
    GET: () => ({
      service_name: settings.name,
      droplet_id: settings.number,
      capabilities: CAPABILITIES,
      supported_operations: ['list_jobs'],
      integration_endpoints: [
        { path: '/health', method: 'GET', description: 'How the droplet is' },
        { path: '/capabilities', method: 'GET', description: 'What it can do' },
        { path: '/state', method: 'GET', description: 'What it is doing' },
        { path: '/dependencies', method: 'GET', description: 'What it needs' },
        { path: '/jobs', method: 'GET', description: 'The jobs this droplet knows' },
        { path: '/message', method: 'POST', description: 'Takes a message, works on it, calls back' },
      ],
      version: VERSION,
    }),
  },
  '/state': {
    GET: async (request) => {
      await caller(request);
      return {
        status: identity.token ? 'active' : 'inactive',
        mode: settings.mode,
        metrics: traffic.numbers(),
        ...(traffic.last && { last_activity: traffic.last.toISOString() }),
      };
    },
  },
  '/dependencies': {
    GET: async (request) => {
      await caller(request);
      return { required_services: [], optional_services: [], external_apis: [] };
    },
  },
  '/message': { POST: async (request, body) => take(await caller(request), await body()) },
  '/jobs': {
    GET: async (request) => {
      await caller(request);
      return { jobs: JOBS };
    },
  },
  '/openapi.json': { GET: () => OPENAPI },
};

// ---------------------------------------------------------------- the server

const SAFE = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-xss-protection': '1; mode=block',
};

async function readBody(request) {
  const parts = [];
  let size = 0;
  for await (const part of request.iterator({ destroyOnReturn: false })) {
    size += part.length;
    if (size <= MEGABYTE) parts.push(part);
    else if (size > 32 * MEGABYTE) break;
  }
  if (size > MEGABYTE) throw new Problem(413, 'BODY_TOO_LARGE', 'One megabyte is the limit', { connection: 'close' });
  return Buffer.concat(parts);
}

async function jsonText(request, body) {
  const type = (request.headers['content-type'] ?? '').split(';')[0].trim().toLowerCase();
  const bytes = await body;
  if (bytes.length && type !== 'application/json' && !type.endsWith('+json')) {
    throw new Problem(415, 'UNSUPPORTED_MEDIA_TYPE', 'The body must be application/json');
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Problem(400, 'INVALID_JSON', 'The body is not UTF-8');
  }
}

async function answer(request, response) {
  const began = monotonic();
  let status = 200;
  let headers = {};
  let content;
  try {
    const path = request.url.replace(/^https?:\/\/[^/?#]*/i, '').split(/[?#]/)[0];
    const methods = Object.hasOwn(routes, path) ? routes[path] : null;
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const body = await readBody(request);
    if (!methods) throw new Problem(404, 'NOT_FOUND', 'There is nothing here');
    if (!Object.hasOwn(methods, method)) {
      throw new Problem(405, 'METHOD_NOT_ALLOWED', 'Not with this method', { allow: Object.keys(methods).join(', ') });
    }
    content = await methods[method](request, () => jsonText(request, body));
  } catch (problem) {
    if (problem.code === 'ECONNRESET' || request.destroyed && !request.complete) return response.destroy();
    if (!(problem instanceof Problem)) log.error('unhandled error', { error: String(problem?.stack ?? problem) });
    const known = problem instanceof Problem ? problem : new Problem(500, 'INTERNAL_ERROR', 'Something went wrong here');
    ({ status, headers } = known);
    content = { error: { code: known.code, message: known.message } };
  }
  const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
  traffic.add(monotonic() - began, status >= 500);
  response.writeHead(status, { ...SAFE, ...headers, 'content-type': 'application/json', 'content-length': bytes.length });
  return response.end(request.method === 'HEAD' ? undefined : bytes);
}

const server = http.createServer((request, response) => { answer(request, response); });
server.listen({ port: settings.port, host: '127.0.0.1', backlog: 511 }, () => {
  log.info('listening', { port: settings.port });
  registerUntilDone().then(beatForEver);
});
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
