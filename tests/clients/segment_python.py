"""segment-analytics-python through a failing network."""

import segment.analytics as analytics

import acquaint

USER = "segment-python-1"

with acquaint.fault_proxy() as proxy:
    errors = []
    analytics.write_key = acquaint.add_source("segment-python")
    analytics.host = proxy
    analytics.on_error = lambda error, _: errors.append(error)

    analytics.identify(USER, {"email": "ada@segment-python.example", "name": "Ada Byron"})
    analytics.track(USER, "Order Completed", acquaint.order("SP-1"))
    analytics.page(USER, "Docs", "Returns", {"url": "https://shop.example/returns"})
    analytics.screen(USER, "App", "Basket")
    analytics.group(USER, "acme", {"name": "Acme"})
    analytics.alias("segment-python-visitor", USER)
    analytics.shutdown()

    assert not errors, errors
    acquaint.expect_faults(proxy)

customer = f"user_id:{USER}"
acquaint.expect_once(
    customer,
    "segment-python",
    [
        ("identify", ""),
        ("track", "Order Completed"),
        ("page", "Returns"),
        ("screen", "Basket"),
        ("group", ""),
        ("alias", ""),
    ],
)
acquaint.expect_purchase(customer, "SP-1")
