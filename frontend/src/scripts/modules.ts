/** What a script for only some pages exports. */
interface Module { mount(root: HTMLElement): void }

/** Loads the scripts that only some pages need: an element names its own in `data-module`. Each is mounted once. */
export function loadModules(root: Element): void {
  const marked = [...root.querySelectorAll<HTMLElement>("[data-module]")];
  if (root instanceof HTMLElement && root.dataset["module"] !== undefined) marked.push(root);
  for (const element of marked) {
    const address = element.dataset["module"];
    if (address === undefined || element.dataset["mounted"] !== undefined) continue;
    element.dataset["mounted"] = "";
    void (import(address) as Promise<Module>).then((module) => module.mount(element));
  }
}
