import { createHash } from 'node:crypto'

/** How the page looks: one column, no more than a phone needs, light and dark. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --ground: #eef1f5; --card: #fff; --line: #dde3ea; --ink: #18212b; --soft: #55616e; --accent: #1559b7; --on-accent: #fff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #10151b; --card: #1a2129; --line: #303a45; --ink: #e9eef3; --soft: #a3b0bd; --accent: #8fc0ff; --on-accent: #08203f;
  }
}
* { box-sizing: border-box; margin: 0; }
body {
  min-height: 100vh; display: grid; place-items: center; padding: 1rem;
  background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
main {
  width: 100%; max-width: 34rem; padding: clamp(1.25rem, 5vw, 2.25rem);
  background: var(--card); border: 1px solid var(--line); border-radius: 1rem;
  box-shadow: 0 1px 2px rgb(0 0 0 / .06), 0 12px 32px rgb(0 0 0 / .08);
}
header { display: flex; gap: .75rem; align-items: start; }
header svg { flex: none; width: 3rem; height: 3rem; margin-left: -.5rem; color: var(--accent); }
header div { min-width: 0; }
h1 { font-size: 1.25rem; line-height: 1.3; font-weight: 650; overflow-wrap: anywhere; }
.soft { color: var(--soft); }
.preview { margin-top: 1.5rem; border: 1px solid var(--line); border-radius: .75rem; overflow: hidden; background: var(--ground); }
.preview img { display: block; max-width: 100%; max-height: 45vh; margin: 0 auto; }
.button {
  display: block; margin: 1.5rem 0; padding: .85rem 1rem; border-radius: .75rem;
  background: var(--accent); color: var(--on-accent); font-weight: 650; text-align: center; text-decoration: none;
}
.button:hover { filter: brightness(1.08); }
.button:focus-visible { outline: 3px solid var(--ink); outline-offset: 2px; }
dl { display: grid; gap: .75rem; padding-top: 1.25rem; border-top: 1px solid var(--line); }
dt { color: var(--soft); font-size: .875rem; }
dd { overflow-wrap: anywhere; }
code { font: .875rem/1.6 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; user-select: all; }
footer { margin-top: 1.25rem; color: var(--soft); font-size: .875rem; }
header + p { margin-top: 1rem; }
`

const hash = createHash('sha256').update(pageStyle).digest('base64')

/** What the page may do: have this style, and show pictures of its own origin or its own text. Nothing else, and no script at all. */
export const pagePolicy = `default-src 'none'; style-src 'sha256-${hash}'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
