// @rudderstack/rudder-sdk-node through a failing network: gzip bodies that are called form data.

import RudderAnalytics from "@rudderstack/rudder-sdk-node";
import { addSource, expectFaults, expectOnce, expectPurchase, faultProxy, order } from "./acquaint.mjs";

const userId = "rudder-node-1";
const proxy = await faultProxy();
const analytics = new RudderAnalytics(addSource("rudder-node"), { dataPlaneUrl: proxy, logLevel: "silent" });

// It sends the first message at once and keeps the rest; a flush waits for what is under way and throws if that fails.
analytics.identify({ userId, traits: { email: "ada@rudder-node.example", name: "Ada Byron" } });
analytics.track({ userId, event: "Order Completed", properties: order("RN-1") });
analytics.page({ userId, category: "Docs", name: "Returns" });
analytics.screen({ userId, category: "App", name: "Basket" });
analytics.group({ userId, groupId: "acme", traits: { name: "Acme" } });
analytics.alias({ userId, previousId: "rudder-node-visitor" });
await analytics.flush();

await expectFaults(proxy);
await expectOnce(`user_id:${userId}`, "rudder-node", [
  ["identify", ""],
  ["track", "Order Completed"],
  ["page", "Returns"],
  ["screen", "Basket"],
  ["group", ""],
  ["alias", ""],
]);
await expectPurchase(`user_id:${userId}`, "RN-1");
