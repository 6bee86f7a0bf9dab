"""GAS's web function: the Chalice app, put together. What it does lives in `chalicelib.web`."""
from __future__ import annotations

from chalice import Chalice

from chalicelib.web import (
    account,
    auth,
    docs,
    health,
    home,
    job_list,
    middleware,
    profile,
    routing,
    sample,
    static,
    subscription,
    uploads,
)
from chalicelib.web import annotations as jobs

app = Chalice(app_name="gas", configure_logs=False)
# Every body may be binary: pages leave compressed, and only with this does API Gateway hand them on as they are.
app.api.binary_types = ["*/*"]
app.register_middleware(middleware.answer, "http")
for room in (home, docs, sample, auth, uploads, job_list, jobs, profile, account, subscription, static, health):
    app.register_blueprint(room.blueprint)
routing.register_missing_methods(app)
