"""The web function of GAS: a Chalice app with the routes of `chalicelib.web.routes`."""
from __future__ import annotations

from chalice import Chalice

from chalicelib.web.http import middleware, routing
from chalicelib.web.routes import (
    account,
    auth,
    docs,
    health,
    home,
    job_list,
    profile,
    sample,
    static,
    subscription,
    uploads,
)
from chalicelib.web.routes import annotations as jobs

app = Chalice(app_name="gas", configure_logs=False)
# Every body may be binary: pages leave compressed, and only with this does API Gateway hand them on as they are.
app.api.binary_types = ["*/*"]
app.register_middleware(middleware.answer, "http")
for routes in (home, docs, sample, auth, uploads, job_list, jobs, profile, account, subscription, static, health):
    app.register_blueprint(routes.blueprint)
routing.register_missing_methods(app)
