// A right droplet on Node and the `jose` package, without a framework. Legal differences: errors are
// `{detail}`, timestamps end in `+00:00` (a SHOULD that fails, and certifies all the same), and a
// header that is too large is answered 431. Messages are completed in their answers.
//
// Run: npm ci && node server.mjs [PORT]

import { readFileSync } from 'node:fs';
import http from 'node:http';
import { isIPv4, isIPv6 } from 'node:net';
import { randomBytes } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, errors, importSPKI, jwtVerify } from 'jose';

const manifest = JSON.parse(readFileSync(new URL('./package.json', import.meta.url)));

const BODY_LIMIT = 1_048_576;
const started = process.hrtime.bigint();
const uptime = () => Number((process.hrtime.bigint() - started) / 1_000_000n);
const stamp = (date = new Date()) => date.toISOString().replace('Z', '+00:00');
const pause = (seconds) => new Promise((done) => { setTimeout(done, seconds * 1000); });

class Config {
  constructor(env, argument) {
    this.registry = Config.url(env.REGISTRY_URL, 'http://registry:8000');
    this.orchestrator = Config.url(env.ORCHESTRATOR_URL, 'http://orchestrator:8001');
    this.name = env.SERVICE_NAME?.trim() || 'node-jose';
    this.dropletId = Config.count(env.DROPLET_ID, 51);
    this.port = Config.count(argument ?? env.SERVICE_PORT, 8051, 65_535);
    this.environment = ['production', 'development', 'staging'].includes(env.ENVIRONMENT) ? env.ENVIRONMENT : 'production';
    this.logLevel = ['DEBUG', 'INFO', 'WARNING', 'ERROR'].includes(env.LOG_LEVEL) ? env.LOG_LEVEL : 'INFO';
  }

  static url(value, fallback) {
    let text = value || fallback;
    while (text.endsWith('/')) text = text.slice(0, -1);
    return text;
  }

  static count(value, fallback, most = 2_147_483_647) {
    const number = Number(value);
    return value && Number.isInteger(number) && number > 0 && number <= most ? number : fallback;
  }
}

class Logger {
  static ranks = { DEBUG: 0, INFO: 1, WARNING: 2, ERROR: 3 };

  constructor(config) {
    this.least = Logger.ranks[config.logLevel];
    this.service = config.name;
  }

  say(level, msg, fields) {
    if (Logger.ranks[level] >= this.least) {
      console.log(JSON.stringify({ ts: stamp(), level, service: this.service, msg, ...fields }));
    }
  }
}

class Stats {
  constructor() {
    this.window = [];
    this.count = 0;
    this.latest = undefined;
  }

  record(ms, failed) {
    this.window.push({ at: uptime(), ms, failed });
    this.count += 1;
    this.latest = new Date();
  }

  snapshot() {
    const from = uptime() - 60_000;
    this.window = this.window.filter((entry) => entry.at >= from);
    const size = this.window.length;
    const mean = (values) => (size ? values.reduce((a, b) => a + b, 0) / size : 0);
    return {
      requests_per_minute: size,
      average_response_time_ms: Number(mean(this.window.map((entry) => entry.ms)).toFixed(3)),
      error_rate_percent: Number(mean(this.window.map((entry) => (entry.failed ? 100 : 0))).toFixed(3)),
      requests_total: this.count,
    };
  }
}

// fetch, with one deadline for everything, no redirects, and an answer of bounded size.
async function ask(url, { method = 'GET', seconds, token, json }) {
  const headers = { accept: 'application/json' };
  if (json !== undefined) headers['content-type'] = 'application/json';
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  const response = await fetch(url, {
    method,
    headers,
    body: json === undefined ? undefined : JSON.stringify(json),
    redirect: 'manual',
    signal: AbortSignal.timeout(seconds * 1000),
  });
  const chunks = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > BODY_LIMIT) throw new Error('answer too large');
    chunks.push(chunk);
  }
  let data;
  try {
    data = JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    data = undefined;
  }
  return { status: response.status, data };
}

const reason = (error) => String(error?.cause?.code ?? error?.message ?? error).slice(0, 200);

class Membership {
  constructor(config, log, stats) {
    Object.assign(this, { config, log, stats, token: undefined, serviceId: undefined, renewAt: Infinity });
  }

  async join() {
    const { status, data } = await ask(`${this.config.registry}/register`, {
      method: 'POST',
      seconds: 10,
      json: {
        name: this.config.name,
        droplet_id: this.config.dropletId,
        port: this.config.port,
        health_endpoint: '/health',
        capabilities: Droplet.capabilities,
        version: manifest.version,
        udc_compliant: true,
      },
    });
    if (status !== 201) throw new Error(`registration was answered ${status}`);
    if (typeof data?.token !== 'string' || data.token === '' || !Number.isSafeInteger(data.service_id)) {
      throw new Error('registration was answered without token or service_id');
    }
    this.token = data.token;
    this.serviceId = data.service_id;
    this.renewAt = Membership.renewal(data.token);
    this.log.say('INFO', 'registered with the Registry', { service_id: data.service_id });
  }

  // When four fifths of the token's life are over; Infinity where it does not say.
  static renewal(token) {
    try {
      const { exp, iat = Date.now() / 1000 } = decodeJwt(token);
      const life = (exp - iat) * 800;
      return life > 0 ? uptime() + life : Infinity;
    } catch {
      return Infinity;
    }
  }

  async joinEventually() {
    const waits = [1, 2, 4, 8];
    for (let failures = 0; ; failures += 1) {
      try {
        await this.join();
        return;
      } catch (error) {
        const wait = waits[failures] ?? 10;
        this.log.say('WARNING', 'the Registry did not register this droplet', { error: reason(error), attempt: failures + 1, wait });
        await pause(wait);
      }
    }
  }

  async live() {
    await this.joinEventually();
    for (let due = uptime(); ; ) {
      const began = uptime();
      try {
        if (uptime() >= this.renewAt) await this.joinEventually();
        await this.beat();
      } catch (error) {
        this.log.say('ERROR', 'heartbeat failed', { service: 'orchestrator', error: reason(error) });
      }
      due = Math.abs(began - due) > 2000 ? began + 60_000 : due + 60_000;
      await pause(Math.max(0, due - uptime()) / 1000);
    }
  }

  async beat() {
    let status = await this.pulse();
    if (status === 401) {
      this.log.say('WARNING', 'heartbeat refused with 401, registering again');
      await this.join();
      status = await this.pulse();
    }
    if (status < 200 || status >= 300) throw new Error(`answered ${status}`);
    this.log.say('DEBUG', 'heartbeat accepted');
  }

  async pulse() {
    const { requests_per_minute: rpm, error_rate_percent: errorRate, requests_total: total } = this.stats.snapshot();
    const { status } = await ask(`${this.config.orchestrator}/heartbeat`, {
      method: 'POST',
      seconds: 5,
      token: this.token,
      json: {
        service_id: this.serviceId,
        service_name: this.config.name,
        status: 'active',
        metrics: { requests_per_minute: rpm, error_rate: errorRate, requests_total: total },
      },
    });
    return status;
  }
}

class KeyStore {
  constructor(config, log) {
    Object.assign(this, { url: `${config.registry}/auth/public-key`, log, key: undefined, pem: undefined });
    this.pending = undefined;
    this.failedAt = -Infinity;
    this.fetchedAt = -Infinity;
    this.budget = 3;
    this.budgetAt = uptime();
  }

  load() {
    this.pending ??= this.#load().finally(() => { this.pending = undefined; });
    return this.pending;
  }

  async #load() {
    try {
      const { status, data } = await ask(this.url, { seconds: 5 });
      if (status !== 200 || typeof data?.public_key !== 'string') throw new Error(`answered ${status}, without a key`);
      if (data.public_key !== this.pem) {
        const key = await importSPKI(data.public_key, 'RS256');
        if (key.asymmetricKeyType !== 'rsa') throw new Error('not an RSA key');
        this.key = key;
        this.pem = data.public_key;
      }
      this.fetchedAt = uptime();
    } catch (error) {
      this.failedAt = uptime();
      this.log.say('ERROR', 'no public key from the Registry', { error: reason(error) });
    }
  }

  async current() {
    if (this.key === undefined) {
      if (this.pending || uptime() - this.failedAt > 1000) await this.load();
    } else if (uptime() - this.fetchedAt > 240_000 && uptime() - this.failedAt > 30_000) {
      this.load();
    }
    return this.key;
  }

  // Another key than the one that failed, if the Registry has one. Bounded, whoever asks how often.
  async other(failed) {
    if (this.key !== failed) return this.key;
    this.budget = Math.min(3, this.budget + (uptime() - this.budgetAt) / 10_000);
    this.budgetAt = uptime();
    if (this.pending) await this.pending;
    else if (this.budget >= 1) {
      this.budget -= 1;
      await this.load();
    }
    return this.key === failed ? undefined : this.key;
  }
}

class HttpError extends Error {
  constructor(status, detail, headers = {}) {
    super(String(detail));
    Object.assign(this, { status, detail, headers });
  }
}

class Droplet {
  static capabilities = ['payload_inspection'];

  constructor(config) {
    this.config = config;
    this.log = new Logger(config);
    this.stats = new Stats();
    this.membership = new Membership(config, this.log, this.stats);
    this.keys = new KeyStore(config, this.log);
    this.table = new Map([
      ['/health', ['GET', () => this.health()]],
      ['/capabilities', ['GET', () => this.abilities()]],
      ['/state', ['GET', (request) => this.authenticated(request, () => this.state())]],
      ['/dependencies', ['GET', (request) => this.authenticated(request, () => this.dependencies())]],
      ['/message', ['POST', (request, body) => this.authenticated(request, (claims) => this.message(claims, request, body))]],
    ]);
  }

  health() {
    return {
      status: this.membership.token ? 'healthy' : 'degraded',
      timestamp: stamp(),
      uptime_seconds: Math.floor(uptime() / 1000),
      version: manifest.version,
    };
  }

  abilities() {
    const about = {
      '/health': 'Health of the droplet',
      '/capabilities': 'Abilities of the droplet',
      '/state': 'State of the droplet',
      '/dependencies': 'Dependencies of the droplet',
      '/message': 'Messages to the droplet',
    };
    return {
      service_name: this.config.name,
      droplet_id: this.config.dropletId,
      capabilities: Droplet.capabilities,
      supported_operations: ['inspect_payload'],
      integration_endpoints: [...this.table].map(([path, [method]]) => ({ path, method, description: about[path] })),
      version: manifest.version,
    };
  }

  state() {
    return {
      status: this.membership.token ? 'active' : 'inactive',
      mode: this.config.environment === 'development' ? 'development' : 'production',
      metrics: this.stats.snapshot(),
      last_activity: stamp(this.stats.latest),
    };
  }

  dependencies() {
    return { required_services: [], optional_services: [], external_apis: [] };
  }

  message(claims, request, body) {
    const media = (request.headers['content-type'] ?? '').split(';', 1)[0].trim().toLowerCase();
    if (body.length > 0 && media !== 'application/json' && !media.endsWith('+json')) {
      throw new HttpError(415, 'Content-Type must be application/json');
    }
    let message;
    try {
      message = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    } catch {
      throw new HttpError(400, 'The body is not JSON');
    }
    if (message === null || typeof message !== 'object' || Array.isArray(message)) {
      throw new HttpError(400, 'The body is not a JSON object');
    }
    const problems = Droplet.problems(message);
    if (problems.length > 0) throw new HttpError(400, problems);
    if (message.from_service !== claims.service_name) {
      this.log.say('WARNING', 'sender and token disagree', { status: 403 });
      throw new HttpError(403, 'from_service is not the service that the token was issued to');
    }
    return {
      received: true,
      message_id: `msg-${randomBytes(16).toString('hex')}`,
      status: 'completed',
      result: { bytes: body.length, members: Object.keys(message.payload).length },
    };
  }

  static problems(message) {
    const found = [];
    const say = (member, msg) => found.push({ loc: ['body', member], msg });
    if (typeof message.from_service !== 'string' || message.from_service === '') say('from_service', 'a non-empty string is required');
    const kinds = ['task_assignment', 'status_update', 'query'];
    if (!kinds.includes(message.message_type)) say('message_type', `one of ${kinds} is required`);
    const { payload } = message;
    if (payload === null || typeof payload !== 'object' || Array.isArray(payload)) say('payload', 'an object is required');
    if (message.reply_to != null && !Droplet.callable(message.reply_to)) say('reply_to', 'an absolute http(s) URL of a service is required');
    return found;
  }

  // This droplet never calls back; yet it says so when nobody could.
  static callable(text) {
    if (typeof text !== 'string' || text.length > 2048 || !/^https?:\/\/[^/?#\\@]+([/?#][^\\]*)?$/i.test(text) || /[^!-~]/.test(text)) return false;
    if (!URL.canParse(text)) return false;
    const { hostname, port } = new URL(text);
    if (port === '0' || hostname.includes('%')) return false;
    if (isIPv4(hostname)) return !/^(0|169\.254|22[4-9]|2[3-5]\d)\./.test(hostname);
    const six = hostname.replace(/[[\]]/g, '');
    if (isIPv6(six)) return !/^(::|::ffff:.*|fe[89ab].:.*|ff..:.*)$/i.test(six);
    return /^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$/i.test(hostname);
  }

  async authenticated(request, then) {
    try {
      return await then(await this.claims(request));
    } catch (error) {
      if (error.status === 401) this.log.say('WARNING', 'a request was refused', { status: 401, why: error.why });
      throw error;
    }
  }

  async claims(request) {
    const refuse = (why) => Object.assign(new HttpError(401, 'Not authenticated', { 'www-authenticate': 'Bearer' }), { why });
    const lines = request.headersDistinct.authorization ?? [];
    const match = lines.length === 1 && /^[ \t]*bearer[ \t]+([\w-]+\.[\w-]+\.[\w-]+)[ \t]*$/i.exec(lines[0]);
    if (!match) throw refuse('no bearer token');
    let header;
    try {
      header = decodeProtectedHeader(match[1]);
    } catch {
      throw refuse('unreadable token');
    }
    if (header.alg !== 'RS256') throw refuse('not RS256');
    let key = await this.keys.current();
    if (!key) throw new HttpError(503, 'The public key is not available', { 'retry-after': '5' });
    let claims;
    while (!claims) {
      try {
        claims = (await jwtVerify(match[1], key, { algorithms: ['RS256'], requiredClaims: ['exp', 'service_id', 'service_name'] })).payload;
      } catch (error) {
        key = error instanceof errors.JWSSignatureVerificationFailed ? await this.keys.other(key) : undefined;
        if (!key) throw refuse(error.code ?? 'unverifiable');
      }
    }
    if (!Number.isFinite(claims.exp)) throw refuse('exp');
    if (!Number.isInteger(claims.service_id)) throw refuse('service_id');
    if (typeof claims.service_name !== 'string' || claims.service_name === '') throw refuse('service_name');
    return claims;
  }

  // ---- HTTP

  async handle(request, response) {
    const began = performance.now();
    let outcome;
    try {
      const body = await Droplet.read(request);
      outcome = { status: 200, headers: {}, data: await this.dispatch(request, body) };
    } catch (error) {
      if (request.destroyed && !request.complete) return;
      const known = error instanceof HttpError ? error : new HttpError(500, 'Internal Server Error');
      if (known !== error) this.log.say('ERROR', 'bug', { stack: error?.stack });
      outcome = { status: known.status, headers: known.headers, data: { detail: known.detail } };
    }
    this.stats.record(performance.now() - began, outcome.status >= 500);
    const text = JSON.stringify(outcome.data);
    response.writeHead(outcome.status, {
      'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'DENY',
      'X-XSS-Protection': '1; mode=block',
      ...outcome.headers,
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Length': Buffer.byteLength(text),
    });
    response.end(request.method === 'HEAD' ? '' : text);
  }

  dispatch(request, body) {
    const path = request.url.replace(/^https?:\/\/[^/?#]*/i, '').split('?', 1)[0];
    const entry = this.table.get(path);
    if (!entry) throw new HttpError(404, 'Not Found');
    const [method, action] = entry;
    if (request.method !== method && !(request.method === 'HEAD' && method === 'GET')) {
      throw new HttpError(405, 'Method Not Allowed', { allow: method });
    }
    return action(request, body);
  }

  static async read(request) {
    const chunks = [];
    let length = 0;
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      length += chunk.length;
      if (length <= BODY_LIMIT) chunks.push(chunk);
      if (length > 16 * BODY_LIMIT) break;
    }
    if (length > BODY_LIMIT) throw new HttpError(413, 'Payload Too Large', { connection: 'close' });
    return Buffer.concat(chunks);
  }

  start() {
    const server = http.createServer({ maxHeaderSize: 12 * 1024 }, (request, response) => {
      this.handle(request, response).catch((error) => this.log.say('ERROR', 'answer lost', { error: reason(error) }));
    });
    server.listen(this.config.port, '127.0.0.1', () => {
      this.log.say('INFO', 'listening', { port: this.config.port });
      this.membership.live();
    });
    process.once('SIGTERM', () => process.exit(0));
    process.once('SIGINT', () => process.exit(0));
  }
}

new Droplet(new Config(process.env, process.argv[2])).start();
