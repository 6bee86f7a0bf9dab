/** Parameters by which a form's answer tells the next page what was done. */
const OUTCOME = ["done", "deleted", "moving"];

/** Takes what was done out of the address once the page shows it: it is not said again after a reload, or by a bookmark. */
export function forgetOutcome(): void {
  const query = new URLSearchParams(window.location.search);
  if (!query.has("done") || query.get("done") === "paid") return; // a payment is waited for by reloading
  for (const name of OUTCOME) query.delete(name);
  const rest = query.toString();
  window.history.replaceState(window.history.state, "", window.location.pathname + (rest === "" ? "" : `?${rest}`) + window.location.hash);
}
