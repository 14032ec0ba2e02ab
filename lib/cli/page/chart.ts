import { type Html, html } from "./html.js";

/** What a chart shows of a sequence: its used share at a time in milliseconds since 1970. */
export interface Point {
  readonly at: number;
  readonly used: number;
}

const WIDTH = 240;
const HEIGHT = 48;

/** Draws how the used share of a sequence changed, as a line. The scale goes from the least to the greatest share. */
export function chart(points: readonly Point[]): Html | undefined {
  const [first] = points;
  const last = points.at(-1);
  if (first === undefined || last === undefined || last.at <= first.at) return undefined;
  const shares = points.map(({ used }) => used);
  const least = Math.min(...shares);
  const greatest = Math.max(...shares);
  const x = (at: number) => ((at - first.at) / (last.at - first.at)) * WIDTH;
  // A line without change is in the middle.
  const y = (used: number) =>
    greatest === least ? HEIGHT / 2 : HEIGHT - 2 - ((used - least) / (greatest - least)) * (HEIGHT - 4);
  const path = points.map(({ at, used }) => `${x(at).toFixed(1)},${y(used).toFixed(1)}`).join(" ");
  const change = `${share(first.used)} to ${share(last.used)}`;
  const label = `Use from ${change} since ${new Date(first.at).toISOString()}`;
  return html`<figure class="chart">
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${label}">
      <polyline points="${path}" />
    </svg>
    <figcaption>from ${change} since ${time(first.at)}</figcaption>
  </figure>`;
}

/** Formats a share with the digits in which a slow change shows, and rounds it down as the list does. */
function share(value: number): string {
  return `${(Math.floor(value * 1e6 + 1e-7) / 1e4).toFixed(4)} %`;
}

function time(at: number): Html {
  const text = new Date(at).toISOString();
  return html`<time datetime="${text}">${text.slice(0, 16).replace("T", " ")} UTC</time>`;
}
