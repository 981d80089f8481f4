// The server under test as its users meet it, for JavaScript; acquaint.py is the same for Python.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const { ACQUAINT_BIN, PYTHON = "python3", SERVER_DATABASE, SERVER_URL, STAFF_KEY } = process.env;
const FAULTS = ["503-before", "503-after", "429"];

const PRODUCTS = [
  { product_id: "p-1", sku: "KTL-1", name: "Enamel kettle", quantity: 1, price: 39.5 },
  { product_id: "p-2", sku: "CUP-4", name: "Stoneware cup", quantity: 2, price: 7.5 },
];

/** Properties of an `Order Completed` for the products above. */
export const order = (orderId) => ({ order_id: orderId, total: 54.5, currency: "EUR", products: PRODUCTS });

/** Adds a source and returns its write key. */
export function addSource(name) {
  const command = ["source", "add", name, "--kind", "segment", "--database", SERVER_DATABASE, "--json"];
  return JSON.parse(execFileSync(ACQUAINT_BIN, command, { encoding: "utf8", timeout: 30_000 })).write_key;
}

/** The URL of a proxy that fails the first three requests with events, each in another way. Ends with this process. */
export async function faultProxy() {
  const script = fileURLToPath(new URL("fault_proxy.py", import.meta.url));
  const proxy = spawn(PYTHON, [script, "--upstream", SERVER_URL, "--faults", FAULTS.join()], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  process.on("exit", () => proxy.kill());
  const [url] = await once(createInterface(proxy.stdout), "line");
  proxy.unref();
  proxy.stdout.unref();
  return url;
}

/** What the proxy did with each request that carried events, oldest first. */
export async function deliveries(proxy) {
  const log = await (await fetch(`${proxy}/fault-proxy/log`)).json();
  return log.filter((entry) => entry.method === "POST" && !entry.path.endsWith("/m"));
}

/** Every fault happened, and the request that was stored and then failed was accepted in full. */
export async function expectFaults(proxy) {
  const log = await deliveries(proxy);
  assert.deepEqual(log.map((entry) => entry.fault).filter(Boolean), FAULTS);
  const reached = log.filter((entry) => entry.fault === null || entry.fault === "503-after");
  assert.ok(reached.every((entry) => entry.stored === 200), JSON.stringify(log));
  assert.equal(log.at(-1).answered, 200);
}

async function staff(method, path, body) {
  const headers = { authorization: `Bearer ${STAFF_KEY}`, "content-type": "application/json" };
  const response = await fetch(SERVER_URL + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path} answered ${response.status}: ${text}`);
  return JSON.parse(text);
}

/** The customer's events are exactly the expected [type, name] pairs, each stored once, all from the source. */
export async function expectOnce(customer, source, expected) {
  const page = await staff("GET", `/v1/profiles/${customer}/events?limit=100`);
  const stored = page.data.map((event) => [event.type, event.name ?? ""]);
  assert.deepEqual(stored.sort(), expected.sort());
  assert.equal(new Set(page.data.map((event) => event.message_id)).size, expected.length);
  assert.deepEqual([...new Set(page.data.map((event) => event.source))], [source]);
  assert.ok(!page.next_cursor);
}

/** `recent_purchases` shows the order once, with what was bought and what it cost. */
export async function expectPurchase(customer, orderId) {
  const envelope = await staff("POST", "/v1/tools/recent_purchases", { customer });
  const found = [...objects(envelope.data)].filter((entry) => entry.order_id === orderId);
  assert.equal(found.length, 1, JSON.stringify(envelope));
  const text = JSON.stringify(found[0]);
  for (const product of PRODUCTS) assert.ok(text.includes(product.name), text);
  assert.match(text, /\b(5450|54\.50?)\b/);
  assert.match(text, /EUR/);
}

function* objects(value) {
  if (value === null || typeof value !== "object") return;
  if (!Array.isArray(value)) yield value;
  for (const inner of Object.values(value)) yield* objects(inner);
}
