import htmx from "htmx.org";
import { showCopyButtons } from "./copy";
import { keepSelection, sendTimeZone } from "./job-selection";
import { loadModules } from "./modules";
import { forgetOutcome } from "./outcome";
import { startPolling } from "./polling";
import { localiseTimes } from "./times";

// htmx calls this once for the whole page, and for every part that is inserted later.
htmx.onLoad((part) => {
  const root = part instanceof Element ? part : document.body;
  localiseTimes(root);
  showCopyButtons(root);
  loadModules(root);
});
forgetOutcome();
startPolling();
keepSelection();
sendTimeZone();
