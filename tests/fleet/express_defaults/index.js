'use strict';
/*
 * A right droplet on Express 5 and jsonwebtoken.
 *
 * Legal differences are what Express does when nobody tells it otherwise: paths match in any case and
 * with a slash at their end (and stay guarded in every spelling), answers carry an ETag and the banner
 * X-Powered-By, and their media type names its charset. A message with a reply_to that belongs to its
 * sender, the Registry or the Orchestrator is called back; one with a stranger's is refused.
 *
 * Run: node index.js [PORT]
 */

const { createPublicKey } = require('node:crypto');
const express = require('express');
const jwt = require('jsonwebtoken');

const { version } = require('./package.json');

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const now = () => performance.now();
const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

/* --- configuration --- */

function readConfig(env, argument) {
  const trim = (url) => url.trim().replace(/\/+$/, '');
  const integer = (text, otherwise) => (/^[1-9]\d{0,8}$/.test(text || '') ? parseInt(text, 10) : otherwise);
  const levels = ['DEBUG', 'INFO', 'WARNING', 'ERROR'];
  const level = levels.indexOf((env.LOG_LEVEL || '').toUpperCase());
  return {
    registry: trim(env.REGISTRY_URL || 'http://registry:8000'),
    orchestrator: trim(env.ORCHESTRATOR_URL || 'http://orchestrator:8001'),
    serviceName: env.SERVICE_NAME || 'express-defaults',
    dropletId: integer(env.DROPLET_ID, 51),
    port: integer(argument || env.SERVICE_PORT, 8051),
    mode: env.ENVIRONMENT === 'development' ? 'development' : 'production',
    speaks: (name) => levels.indexOf(name) >= (level < 0 ? 1 : level),
  };
}

const config = readConfig(process.env, process.argv[2]);

function say(level, event, more) {
  if (!config.speaks(level)) return;
  console.log(JSON.stringify({ time: new Date(), level, service: config.serviceName, event, ...more }));
}

/* --- outgoing requests --- */

async function send(method, url, { token, json, limit }) {
  const headers = { accept: 'application/json' };
  if (token) headers.authorization = `Bearer ${token}`;
  if (json) headers['content-type'] = 'application/json';
  const response = await fetch(url, {
    method,
    headers,
    body: json ? JSON.stringify(json) : undefined,
    redirect: 'manual',
    signal: AbortSignal.timeout(limit),
  });
  const text = await response.text();
  let data = null;
  try { data = JSON.parse(text); } catch { /* an answer that is no JSON has no data */ }
  return { status: response.status, data };
}

const reasonOf = (error) => (error.cause && error.cause.code) || error.name || 'Error';

/* --- membership: the token of this droplet --- */

class Membership {
  constructor() {
    this.token = null;
    this.serviceId = null;
    this.renewAt = 0;
    this.endsAt = 0;
    this.pending = null;
  }

  get joined() { return this.token !== null; }

  join() {
    if (!this.pending) this.pending = this.ask().finally(() => { this.pending = null; });
    return this.pending;
  }

  async ask() {
    const { status, data } = await send('POST', `${config.registry}/register`, {
      limit: 10 * SECOND,
      json: {
        name: config.serviceName,
        droplet_id: config.dropletId,
        port: config.port,
        health_endpoint: '/health',
        capabilities: ['echo'],
        version,
        udc_compliant: true,
      },
    });
    const good = status === 201 && data && typeof data.token === 'string' && Number.isInteger(data.service_id);
    if (!good) throw Object.assign(new Error(), { name: `RegistryAnswered${status}` });
    const claims = jwt.decode(data.token);
    const lasts = claims && Number.isFinite(claims.exp) ? claims.exp * SECOND - Date.now() : 24 * 60 * MINUTE;
    Object.assign(this, {
      token: data.token,
      serviceId: data.service_id,
      endsAt: Date.now() + lasts,
      renewAt: Date.now() + lasts - Math.min(MINUTE, lasts / 4),
    });
    say('INFO', 'registered', { service_id: this.serviceId });
  }

  /** Resolves once there is a token that holds. */
  async hold() {
    let wait = SECOND;
    while (Date.now() >= this.renewAt) {
      try {
        await this.join();
      } catch (error) {
        say('WARNING', 'registration failed', { operation: 'POST /register', error: reasonOf(error), retry_in_ms: wait });
        if (Date.now() < this.endsAt - SECOND) return;
        await pause(wait);
        wait = Math.min(wait * 2, 10 * SECOND);
      }
    }
  }

  /** Asks with the token; where it is refused, registers and asks once more. */
  async send(method, url, options) {
    await this.hold();
    const used = this.token;
    const answer = await send(method, url, { ...options, token: used });
    if (answer.status !== 401) return answer;
    say('WARNING', 'token refused, registering again', { operation: method });
    if (this.token === used) await this.join();
    return send(method, url, { ...options, token: this.token });
  }
}

const membership = new Membership();

/* --- statistics --- */

const statistics = {
  seen: [],
  record(took, bad) {
    this.seen.push({ at: now(), took, bad });
    if (this.seen.length > 100000) this.seen = this.seen.slice(-50000);
  },
  summary() {
    this.seen = this.seen.filter(({ at }) => now() - at < MINUTE);
    const count = this.seen.length;
    const share = (sum) => (count ? Number((sum / count).toFixed(3)) : 0);
    return {
      requests_per_minute: count,
      average_response_time_ms: share(this.seen.reduce((sum, { took }) => sum + took, 0)),
      error_rate_percent: share(100 * this.seen.filter(({ bad }) => bad).length),
    };
  },
};

/* --- heartbeat --- */

async function pulse() {
  for (let turn = now(); ; await pause(Math.max(0, turn - now()))) {
    try {
      await membership.hold();
      if (now() - turn > 2 * SECOND) turn = now();
      const { requests_per_minute, error_rate_percent } = statistics.summary();
      const { status } = await membership.send('POST', `${config.orchestrator}/heartbeat`, {
        limit: 5 * SECOND,
        json: {
          service_id: membership.serviceId,
          service_name: config.serviceName,
          status: 'active',
          metrics: {
            requests_per_minute,
            error_rate: error_rate_percent,
            memory_mb: Math.round(process.memoryUsage.rss() / 1e6),
          },
        },
      });
      if (status < 200 || status > 299) throw Object.assign(new Error(), { name: `OrchestratorAnswered${status}` });
      say('DEBUG', 'beat');
    } catch (error) {
      say('ERROR', 'heartbeat failed', { operation: 'POST /heartbeat', error: reasonOf(error) });
    }
    turn += MINUTE;
  }
}

/* --- verification of callers --- */

const registryKey = {
  object: null,
  at: -Infinity,
  tried: [],
  loading: null,

  load() {
    this.tried = [...this.tried.slice(-2), now()];
    this.loading ||= send('GET', `${config.registry}/auth/public-key`, { limit: 5 * SECOND })
      .then(({ data }) => {
        this.object = createPublicKey(data.public_key);
        this.at = now();
      })
      .catch((error) => {
        say('ERROR', 'public key not fetched', { operation: 'GET /auth/public-key', error: reasonOf(error) });
      })
      .finally(() => { this.loading = null; });
    return this.loading;
  },

  // Three tries in half a minute, however many tokens ask for them.
  get mayLoad() { return this.loading || this.tried.length < 3 || now() - this.tried[0] > 30 * SECOND; },

  async get() {
    const last = this.tried.at(-1) ?? -Infinity;
    if (!this.object) {
      if (this.loading || now() - last > SECOND) await this.load();
    } else if (now() - this.at > 4 * MINUTE && now() - last > 10 * SECOND) await this.load();
    return this.object;
  },
};

class HttpError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const unauthorized = (reason) => Object.assign(new HttpError(401, 'UNAUTHORIZED', 'Give a valid bearer token'), { reason });

async function claimsOf(token) {
  const options = { algorithms: ['RS256'], complete: true };
  let key = await registryKey.get();
  if (!key) throw new HttpError(503, 'KEY_UNAVAILABLE', 'The Registry gives no key at the moment');
  try {
    return jwt.verify(token, key, options);
  } catch (error) {
    if (error.message !== 'invalid signature' || !registryKey.mayLoad) throw unauthorized(error.message);
  }
  await registryKey.load();
  key = registryKey.object;
  try {
    return jwt.verify(token, key, options);
  } catch (error) {
    throw unauthorized(error.message);
  }
}

async function guard(request, response, next) {
  const [scheme, token, ...more] = (request.get('authorization') || '').trim().split(/\s+/);
  if (!token || more.length || scheme.toLowerCase() !== 'bearer') throw unauthorized('no bearer token');
  if (token.length > 8000) throw unauthorized('too long');
  const { header, payload } = await claimsOf(token);
  const named = payload && typeof payload.service_name === 'string' && Number.isInteger(payload.service_id);
  if (!named || !Number.isFinite(payload.exp) || 'crit' in header) throw unauthorized('claims are missing');
  request.service = payload;
  next();
}

/* --- callbacks --- */

const hostOf = (url) => { try { return new URL(url).hostname; } catch { return null; } };
const homes = new Map();

/** The host at which the Registry knows a service; null where it does not say. */
async function homeOf(name) {
  const known = homes.get(name);
  if (known && now() - known.at < 4 * MINUTE) return known.host;
  try {
    const url = `${config.registry}/services/by-name/${encodeURIComponent(name)}`;
    const { status, data } = await membership.send('GET', url, { limit: 5 * SECOND });
    if (status !== 200 || typeof data?.host !== 'string') return null;
    if (homes.size > 1000) homes.clear();
    homes.set(name, { at: now(), host: data.host });
    return data.host;
  } catch (error) {
    say('ERROR', 'look-up failed', { operation: 'GET /services/by-name', error: reasonOf(error) });
    return undefined;
  }
}

async function callBack(url, body) {
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    let trouble;
    try {
      const { status } = await membership.send('POST', url, { json: body, limit: 10 * SECOND });
      if (status < 500 && status !== 408 && status !== 429) {
        if (status > 299) say('ERROR', 'callback refused', { operation: 'POST reply_to', status });
        return;
      }
      trouble = status;
    } catch (error) {
      trouble = reasonOf(error);
    }
    say('WARNING', 'callback failed', { operation: 'POST reply_to', attempt, error: trouble });
    if (attempt < 3) await pause(2 ** (attempt - 1) * SECOND);
  }
}

/* --- the application --- */

const app = express();
let served = 0;

app.use((request, response, next) => {
  const began = now();
  response.set({
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'X-XSS-Protection': '1; mode=block',
  });
  response.on('finish', () => statistics.record(now() - began, response.statusCode >= 500));
  next();
});

const only = (method) => (request, response) => {
  response.set('Allow', method);
  throw new HttpError(405, 'METHOD_NOT_ALLOWED', `Only ${method} is served here`);
};

app.route('/health').get((request, response) => {
  response.json({
    status: membership.joined ? 'healthy' : 'degraded',
    timestamp: new Date().toISOString(),
    uptime_seconds: Math.floor(process.uptime()),
    version,
    checks: {},
  });
}).all(only('GET'));

app.route('/capabilities').get((request, response) => {
  response.json({
    service_name: config.serviceName,
    droplet_id: config.dropletId,
    capabilities: ['echo'],
    supported_operations: ['echo'],
    integration_endpoints: [],
    version,
  });
}).all(only('GET'));

app.route('/state').get(guard, (request, response) => {
  response.json({
    status: membership.joined ? 'active' : 'inactive',
    mode: config.mode,
    metrics: statistics.summary(),
    active_connections: 1,
  });
}).all(only('GET'));

app.route('/dependencies').get(guard, (request, response) => {
  response.json({ required_services: [], optional_services: [], external_apis: [] });
}).all(only('GET'));

const parseBody = express.json({ limit: '1mb', type: () => true });

app.route('/message').post(guard, parseBody, async (request, response) => {
  const { from_service: from, message_type: type, payload, reply_to: replyTo } = request.body ?? {};
  const wrong = (what) => new HttpError(400, 'INVALID_MESSAGE', what);
  if (typeof from !== 'string' || from === '') throw wrong('from_service is a string');
  if (!['task_assignment', 'status_update', 'query'].includes(type)) throw wrong('message_type is not known');
  if (payload === null || typeof payload !== 'object' || Array.isArray(payload)) throw wrong('payload is an object');
  if (from !== request.service.service_name) throw new HttpError(403, 'FORBIDDEN', 'from_service is the owner of the token');
  const called = replyTo === undefined || replyTo === null ? null : await checkedReply(replyTo, from);
  served += 1;
  const message_id = `exp-${process.pid}-${Date.now().toString(36)}-${served}`;
  const result = { echo: payload };
  if (!called) return response.json({ received: true, message_id, status: 'completed', result });
  response.json({ received: true, message_id, status: 'processing' });
  return callBack(called, { message_id, status: 'completed', result, from_service: config.serviceName });
}).all(only('POST'));

/** The URL to call back, or null where nobody can say now whether it may be called. */
async function checkedReply(url, from) {
  const refuse = () => new HttpError(400, 'INVALID_REPLY_TO', 'reply_to is an http or https URL of the sender');
  if (typeof url !== 'string' || url.length > 2048 || !/^https?:\/\/[^/?#@\s\\]+([/?][^\s\\]*)?$/i.test(url)) throw refuse();
  const host = hostOf(url);
  if (!host) throw refuse();
  if ([config.registry, config.orchestrator].map(hostOf).includes(host)) return url;
  const home = await homeOf(from);
  if (home === undefined) return null;
  if (home !== host) throw refuse();
  return url;
}

app.use((request) => {
  throw new HttpError(404, 'NOT_FOUND', `Nothing is served at this path with ${request.method}`);
});

// Express knows an error's handler by its four parameters.
app.use((error, request, response, next) => {
  if (response.headersSent) return next(error);
  // What is nested too deep to be written again (V8 says so by a RangeError) is its sender's mistake.
  const usual = error instanceof RangeError ? 400 : 500;
  const status = Number.isInteger(error.status) && error.status >= 400 ? error.status : usual;
  if (status === 401) {
    response.set('WWW-Authenticate', 'Bearer');
    say('WARNING', 'request refused', { reason: error.reason, path: request.path });
  }
  if (status === 503) response.set('Retry-After', '5');
  if (status >= 500 && status !== 503) say('ERROR', 'request failed', { error: error.name });
  const own = error instanceof HttpError;
  const code = own ? error.code : status < 500 ? 'BAD_REQUEST' : 'INTERNAL_ERROR';
  const message = own ? error.message : status < 500 ? 'The request cannot be read' : 'Something failed inside';
  return response.status(status).json({ error: { code, message } });
});

const server = app.listen(config.port, '127.0.0.1', () => say('INFO', 'listening', { port: config.port }));
pulse();

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    say('INFO', 'stopping', { signal });
    server.close();
    process.exit(0);
  });
}
