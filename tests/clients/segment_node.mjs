// @segment/analytics-node through a failing network.

import { Analytics } from "@segment/analytics-node";
import assert from "node:assert/strict";
import { addSource, expectFaults, expectOnce, expectPurchase, faultProxy, order } from "./acquaint.mjs";

const userId = "segment-node-1";
const proxy = await faultProxy();
const analytics = new Analytics({ writeKey: addSource("segment-node"), host: proxy });
const errors = [];
analytics.on("error", (error) => errors.push(error));

analytics.identify({ userId, traits: { email: "ada@segment-node.example", name: "Ada Byron" } });
analytics.track({ userId, event: "Order Completed", properties: order("SN-1") });
analytics.page({ userId, category: "Docs", name: "Returns" });
analytics.screen({ userId, category: "App", name: "Basket" });
analytics.group({ userId, groupId: "acme", traits: { name: "Acme" } });
analytics.alias({ userId, previousId: "segment-node-visitor" });
await analytics.closeAndFlush({ timeout: 60_000 });

assert.deepEqual(errors, []);
await expectFaults(proxy);
await expectOnce(`user_id:${userId}`, "segment-node", [
  ["identify", ""],
  ["track", "Order Completed"],
  ["page", "Returns"],
  ["screen", "Basket"],
  ["group", ""],
  ["alias", ""],
]);
await expectPurchase(`user_id:${userId}`, "SN-1");
