"""rudder-sdk-python through a failing network: gzip bodies, no write key in the body, only a plain 200 is success."""

import rudderstack.analytics as rudder

import acquaint

USER = "rudder-python-1"

with acquaint.fault_proxy() as proxy:
    errors = []
    rudder.write_key = acquaint.add_source("rudder-python")
    rudder.dataPlaneUrl = proxy
    rudder.on_error = lambda error, _: errors.append(error)

    rudder.identify(USER, {"email": "ada@rudder-python.example", "name": "Ada Byron"})
    rudder.track(USER, "Order Completed", acquaint.order("RP-1"))
    rudder.page(USER, "Docs", "Returns", {"url": "https://shop.example/returns"})
    rudder.screen(USER, "App", "Basket")
    rudder.group(USER, "acme", {"name": "Acme"})
    rudder.alias("rudder-python-visitor", USER)
    rudder.shutdown()

    assert not errors, errors
    acquaint.expect_faults(proxy)

customer = f"user_id:{USER}"
acquaint.expect_once(
    customer,
    "rudder-python",
    [
        ("identify", ""),
        ("track", "Order Completed"),
        ("page", "Returns"),
        ("screen", "Basket"),
        ("group", ""),
        ("alias", ""),
    ],
)
acquaint.expect_purchase(customer, "RP-1")
