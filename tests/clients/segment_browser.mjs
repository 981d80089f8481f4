// @segment/analytics-next in a page, through a failing network. Only `cdnURL` is set: the settings that the server
// answers there must lead the SDK back to it. jsdom enforces CORS, so a real browser's preflight is part of this.

import { JSDOM } from "jsdom";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { addSource, deliveries, expectFaults, expectOnce, expectPurchase, faultProxy, order } from "./acquaint.mjs";

const userId = "segment-browser-1";
const proxy = await faultProxy();
const bundle = new URL("node_modules/@segment/analytics-next/dist/umd/index.js", import.meta.url);
const page = new JSDOM("<!doctype html><title>Kettles</title>", {
  url: "http://shop.example/kettles?utm_source=news",
  referrer: "http://search.example/",
  runScripts: "outside-only",
  pretendToBeVisual: true,
});
page.window.eval(readFileSync(fileURLToPath(bundle), "utf8"));
const { AnalyticsBrowser } = page.window.AnalyticsNext;
const analytics = AnalyticsBrowser.load({ writeKey: addSource("segment-browser"), cdnURL: proxy });

// The first page is seen before anyone is known; the anonymous id ties it to the customer.
await analytics.page("Docs", "Kettles");
await analytics.identify(userId, { email: "ada@segment-browser.example", name: "Ada Byron" });
await analytics.track("Order Completed", order("SB-1"));
await analytics.screen("App", "Basket");
await analytics.group("acme", { name: "Acme" });
await analytics.alias(userId, "segment-browser-visitor");

// There is no flush: it is done when every message was answered 200. `run` bounds the wait.
let log = [];
process.on("SIGTERM", () => {
  console.error("not all messages were accepted:", log);
  process.exit(1);
});
while (log.filter((entry) => entry.answered === 200).length < 6) {
  await new Promise((resolve) => setTimeout(resolve, 100));
  log = await deliveries(proxy).catch(() => log);
}

await expectFaults(proxy);
await expectOnce(`user_id:${userId}`, "segment-browser", [
  ["page", "Kettles"],
  ["identify", ""],
  ["track", "Order Completed"],
  ["screen", "Basket"],
  ["group", ""],
  ["alias", ""],
]);
await expectPurchase(`user_id:${userId}`, "SB-1");
process.exit(0);
