import { readdirSync, readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";

// The checks of files run in Node's own Blob and DecompressionStream; a test that needs a page names happy-dom itself.
// The tests of Python hand over files with what the annotator says of them: tests/unit/frontend/test_scripts.py.
const { GAS_CASES } = process.env;
const tables = new URL("tests/variants/tables/", import.meta.url);

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    provide: {
      cases: GAS_CASES === undefined ? null : JSON.parse(readFileSync(GAS_CASES, "utf8")),
      tables: Object.fromEntries(readdirSync(tables).map((name) => [name, readFileSync(new URL(name, tables), "base64")])),
    },
    coverage: { include: ["src/scripts/**/*.ts"], reporter: ["text"] },
  },
});
