import htmx from "htmx.org";
import { keepChosen, tellZone } from "./choosing";
import { offerCopying } from "./copy";
import { keepLive } from "./live";
import { loadModules } from "./modules";
import { localiseTimes } from "./times";

// htmx calls this for the whole page once, and for every part of it that is put in later.
htmx.onLoad((part) => {
  const root = part instanceof Element ? part : document.body;
  localiseTimes(root);
  offerCopying(root);
  loadModules(root);
});
keepLive();
keepChosen();
tellZone();
