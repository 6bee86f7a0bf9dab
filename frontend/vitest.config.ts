import { defineConfig } from "vitest/config";

// The checks of files run in Node's own Blob and DecompressionStream; a test that needs a page names happy-dom itself.
export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    coverage: { include: ["src/scripts/**/*.ts"], reporter: ["text"] },
  },
});
