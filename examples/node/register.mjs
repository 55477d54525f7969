// A droplet's registration tested from Node: real fakes over HTTP, and their control API.
// Run it while `udckit fakes up` is up:  REGISTRY_URL=… node --test examples/node/register.mjs

import assert from "node:assert/strict";
import { test } from "node:test";

const registry = process.env.REGISTRY_URL;

const control = async (method, path, body) => {
  const answer = await fetch(`${registry}/__udckit__/${path}`, {
    method,
    headers: body ? { "content-type": "application/json" } : {},
    body: body && JSON.stringify(body),
  });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
  return answer.json();
};

// What stands for the droplet's own code.
async function register() {
  const answer = await fetch(`${registry}/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      name: "from-node",
      droplet_id: 77,
      port: 8077,
      health_endpoint: "/health",
      capabilities: ["task_processing"],
      version: "1.0.0",
      udc_compliant: true,
    }),
  });
  if (answer.status !== 201) throw new Error(`not registered: ${answer.status}`);
  return answer.json();
}

test("it registers, and the Registry saw a body without a fault", async () => {
  await control("POST", "reset", {});
  const { token, service_id } = await register();

  assert.equal(typeof service_id, "number");
  assert.equal(token.split(".").length, 3);
  const { entries, client_faults } = await control("GET", "journal");
  assert.equal(entries.filter((entry) => entry.path === "/register").length, 1);
  assert.deepEqual(client_faults, []);
});

test("it notices that the Registry is down", async () => {
  await control("POST", "faults", { kind: "status", params: { status: 503 }, route: "POST /register", times: 1 });
  await assert.rejects(register, /503/);
  await register();
});
