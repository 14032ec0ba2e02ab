/** The style of the page. It follows the light or dark scheme of the reader, and one column is enough for it. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --back: #fff; --panel: #f6f7f9; --line: #d5d9e0; --text: #16191f; --soft: #4d5562;
  --ok: #1a6b3c; --warning: #8a5300; --critical: #b3261e; --fill: #5b7fb5; --link: #1d4f91;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #14171c; --panel: #1d2128; --line: #3a414d; --text: #e8eaee; --soft: #aab2bf;
    --ok: #6fcf97; --warning: #f2b654; --critical: #ff8a80; --fill: #6f94cc; --link: #9cc0f5;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 72rem; background: var(--back); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; line-height: 1.2; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; font-family: ui-monospace, monospace; }
p { margin: .25rem 0; }
.soft, figcaption, dt { color: var(--soft); }
.notice { border: 1px solid var(--critical); border-radius: .5rem; padding: .5rem 1rem; margin: 1rem 0; }
.totals { display: flex; flex-wrap: wrap; gap: .5rem; list-style: none; padding: 0; margin: .75rem 0; }
.level { border: 1px solid currentColor; border-radius: 1rem; padding: 0 .6rem; font-size: .875rem; font-weight: 600;
  white-space: nowrap; }
.ok { color: var(--ok); } .warning { color: var(--warning); } .critical { color: var(--critical); }
form { display: flex; flex-wrap: wrap; gap: .75rem 1.5rem; align-items: end; margin: 1rem 0; }
form[hidden] { display: none; }
fieldset { border: 0; padding: 0; margin: 0; display: flex; flex-wrap: wrap; gap: .25rem 1rem; }
legend, .label { font-size: .875rem; color: var(--soft); padding: 0; display: block; }
input, select, button { font: inherit; color: inherit; background: var(--back); border: 1px solid var(--soft);
  border-radius: .375rem; padding: .25rem .5rem; max-width: 100%; }
input[type=checkbox] { width: 1.1rem; height: 1.1rem; vertical-align: -.2rem; }
button { cursor: pointer; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
ol.sequences { list-style: none; margin: 0; padding: 0; display: grid; gap: .75rem; }
ol.sequences > li { background: var(--panel); border: 1px solid var(--line); border-left: .375rem solid var(--ok);
  border-radius: .5rem; padding: .75rem 1rem; }
ol.sequences > li[data-level=warning] { border-left-color: var(--warning); }
ol.sequences > li[data-level=critical] { border-left-color: var(--critical); }
ol.sequences > li[hidden] { display: none; }
.head { display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: baseline; }
.bar { height: .75rem; border: 1px solid var(--soft); border-radius: .375rem; overflow: hidden; margin: .5rem 0; }
.bar > svg { display: block; width: 100%; height: 100%; fill: var(--fill); }
.critical-bar > svg { fill: var(--critical); } .warning-bar > svg { fill: var(--warning); }
dl { display: flex; flex-wrap: wrap; gap: .25rem 2rem; margin: 0; }
dl > div { min-width: 0; } dt { font-size: .8125rem; } dd { margin: 0; font-variant-numeric: tabular-nums;
  overflow-wrap: anywhere; }
.problems { list-style: none; margin: .5rem 0 0; padding: 0; }
.problems > li { border-top: 1px solid var(--line); padding: .5rem 0; }
.code { font: 600 .875rem ui-monospace, monospace; }
.message { overflow-wrap: anywhere; }
.fix { display: flex; gap: .5rem; align-items: flex-start; margin: .25rem 0; }
pre { flex: 1; min-width: 0; margin: 0; padding: .4rem .6rem; background: var(--back); border: 1px solid var(--line);
  border-radius: .375rem; white-space: pre-wrap; overflow-wrap: anywhere; font: .875rem/1.4 ui-monospace, monospace; }
summary { cursor: pointer; color: var(--link); }
table { border-collapse: collapse; font-size: .875rem; } th, td { text-align: left; padding: .15rem .75rem .15rem 0;
  vertical-align: top; overflow-wrap: anywhere; } .scroll { overflow-x: auto; }
.chart { margin: .5rem 0 0; } .chart svg { width: 100%; max-width: 30rem; height: 3rem; display: block; }
.chart polyline { fill: none; stroke: var(--fill); stroke-width: 2; vector-effect: non-scaling-stroke; }
figcaption { font-size: .8125rem; }
footer { margin-top: 2rem; font-size: .875rem; color: var(--soft); }
`;
