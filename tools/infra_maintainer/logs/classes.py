"""Which requests are none of users, by their route and by what their program calls itself; and what an id in a path is.

One place for files, ClickHouse and Loki. The syntax is what RE2, Go and Rust share, without a back quote, with which
LogQL quotes.
"""

# Identifiers in a path become `:id`: numbers, with the words that a shop hangs on them (`17-blue-hat`), long
# hexadecimal words, and words that hold three digits (UUIDs, tokens). A `\b` behind it ends the word without taking the
# slash, which the next one needs.
IDENTIFIER = r"/(?:[0-9]+(?:-[A-Za-z0-9_%-]*)?|[0-9a-fA-F]{12,}|(?:[A-Za-z_-]*[0-9]){3}[A-Za-z0-9_-]*)"
# The parts of a page. A document that a person asks for (an invoice, an archive, an export, a feed) is a request.
STATIC = r"\.(?:css|js|mjs|map|png|jpe?g|gif|svg|webp|avif|ico|woff2?|ttf|otf|eot|mp4|webm|mp3)$"
HEALTH = (
    r"^\S+ /+(?:(?:api/+)?(?:health|healthz|healthcheck|health-check|livez|readyz|ready|live|liveness|readiness|ping|"
    r"status|up)|nginx_status|stub_status|server-status|metrics)/?$"
)
PROBE = r"(?i)kube-probe|elb-healthchecker|googlehc|haproxy|consul health|prometheus|blackbox|envoy/hc|health"
MACHINE = (
    r"(?i)bot\b|bot[/;]|crawl|spider|slurp|scan|monitor|uptime|pingdom|curl/|wget|python-requests|python-urllib|"
    r"go-http-client|java/|libwww|headless|lighthouse|facebookexternal|preview|feed|https?://|@"
)
# What stands for no user agent: nothing, and what Traefik writes in place of a header that it redacts. A log without
# any other does not tell programs from users.
NO_AGENT = ("", "-", "REDACTED")
# A request, with its method where the log has one. What else stands in its place (TLS sent to a plain port, another
# protocol, nothing at all) was asked by nobody; servers give it few statuses.
REQUEST = r"^(?:[A-Z][A-Z_-]*)? *(?:/|\*|[A-Za-z][A-Za-z0-9+.-]*://|[A-Za-z0-9_.-]+:[0-9])"
WITHOUT_REQUEST = (-1, 0, 400, 408, 501, 505)
# A path that only ever got these never existed for anyone: a scanner's word, not a route of the service.
NEVER_THERE = (400, 403, 404, 405, 410, 414)
STRAY = "(no such path)"
