import { createHash } from "node:crypto";
import { percent } from "../../operate/figures.js";
import type {
  AcceptedProblem,
  Health,
  HealthLevel,
  HealthProblem,
  SequenceHealth,
  SequenceRate,
} from "../../operate/index.js";
import { sequenceKeyOf, titleOf } from "../../server/names.js";
import { daysLeft } from "../report/days-left.js";
import { inFlags } from "../terminal/flag-names.js";
import { chart, type Point } from "./chart.js";
import { type Content, Html, html, isShownAsIs } from "./html.js";
import { SCRIPT } from "./script.js";
import { STYLE } from "./style.js";

/** What a page shows. */
export interface PageContent {
  readonly health: Health;
  /** The sequences that have an entry of their own. The totals count all. */
  readonly shown: readonly SequenceHealth[];
  /** The rates, if there is an earlier sample. */
  readonly rates?: readonly SequenceRate[] | undefined;
  /** Returns how the used share of a sequence has changed, in the order of time. */
  readonly pointsOf?: (sequence: SequenceHealth) => readonly Point[];
  /** How often the page replaces itself, in seconds. Default: never. */
  readonly intervalS?: number;
  /** Why the status could not be read, if it could not: `health` is then that of an earlier time. */
  readonly problem?: string | undefined;
}

const LEVELS: readonly HealthLevel[] = ["critical", "warning", "ok"];

/**
 * The page may load nothing and run only its own script, whatever a name in the database contains. A page that is
 * served also sends these rules as a header.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src '${hashOf(STYLE)}'`,
  `script-src '${hashOf(SCRIPT)}'`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

/** Makes a page of the health of sequences, in one file that needs no other. */
export function statusPage(content: PageContent): string {
  const { health, shown, rates = [], pointsOf = () => [], intervalS = 0, problem } = content;
  const rateOf = new Map(rates.map((rate) => [sequenceKeyOf(rate.sequence), rate]));
  const countOf = (level: HealthLevel) => health.sequences.filter((each) => each.level === level).length;
  const sampled = health.sampledAt.toISOString();
  const hidden = health.sequences.length - shown.length;
  const title = `${countOf("critical")} critical, ${countOf("warning")} warning: sequences of ${health.database}`;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${CONTENT_SECURITY_POLICY}" />
        <meta name="referrer" content="no-referrer" />
        ${intervalS > 0 && html`<noscript><meta http-equiv="refresh" content="${intervalS}" /></noscript>`}
        <title>${title}</title>
        ${Html.own(`<style>${STYLE}</style>`)}
      </head>
      <body data-interval="${intervalS}">
        <header>
          <h1>Sequences of ${health.database}</h1>
          <p class="soft">As of <time datetime="${sampled}">${sampled.slice(0, 19).replace("T", " ")} UTC</time></p>
          ${problem !== undefined && html`<p class="notice" role="alert">Nothing could be read since: ${problem}</p>`}
          <ul class="totals" aria-label="Number of sequences by level">
            ${LEVELS.map((level) => html`<li class="level ${level}">${countOf(level)} ${level}</li>`)}
          </ul>
        </header>
        ${form(shown)}
        <main>
          ${shown.length === 0 && html`<p>There are no sequences to show.</p>`}
          <ol class="sequences">
            ${shown.map((each, rank) => entry(each, rank, rateOf.get(sequenceKeyOf(each.sequence)), pointsOf(each)))}
          </ol>
          ${hidden > 0 && html`<p>${hidden} more are not shown.</p>`}
        </main>
        <footer>Made by nextval status. A fix is SQL: read it before you run it.</footer>
        ${Html.own(`<script>${SCRIPT}</script>`)}
      </body>
    </html> `;
  return page.toString();
}

function checkbox(level: HealthLevel): Html {
  return html`<label><input type="checkbox" name="level" value="${level}" checked /> ${level}</label> `;
}

/** What filters and sorts. It is hidden until the script has started, because it does nothing without it. */
function form(shown: readonly SequenceHealth[]): Html {
  return html`<form role="search" aria-label="Filter and sort" hidden>
    <div><label class="label" for="text">Name contains</label><input id="text" name="text" type="search" /></div>
    <fieldset>
      <legend>Levels</legend>
      ${LEVELS.map((level) => checkbox(level))}
    </fieldset>
    <div>
      <label class="label" for="sort">Sort by</label
      ><select id="sort" name="sort">
        <option value="worst">worst first</option>
        <option value="used">fullest first</option>
        <option value="days">fewest days left</option>
        <option value="name">name</option>
      </select>
    </div>
    <div id="state" role="status" class="soft">${shown.length} shown</div>
  </form>`;
}

function entry(health: SequenceHealth, rank: number, rate: SequenceRate | undefined, points: readonly Point[]): Html {
  const { level, used, left, end, lastValue, cycles, increment, cache, columns, problems, accepted } = health;
  const name = titleOf(health.sequence);
  const days = rate?.daysLeft ?? null;
  const facts: (readonly [term: string, value: Content])[] = [
    ["used", used === null ? "unknown" : percent(used)],
    ["values left", left === null ? "unknown" : grouped(left)],
    ...(days === null ? [] : [["lasts for", daysLeft(days)] as const]),
    ...(rate === undefined || rate.perDay === null ? [] : [["a day", grouped(Math.round(rate.perDay))] as const]),
    ...(rate === undefined || rate.burned === null ? [] : [["of it burned", percent(rate.burned)] as const]),
    ["last value", lastValue === null ? "unknown" : grouped(lastValue)],
    [cycles ? "starts over after" : "ends at", grouped(end)],
    ...(increment === 1n ? [] : [["increment", grouped(increment)] as const]),
    ...(cache === 1n ? [] : [["cache", grouped(cache)] as const]),
  ];
  return html`<li
    data-level="${level}"
    data-name="${name}"
    data-rank="${rank}"
    data-free="${used === null ? "" : 1 - used}"
    data-days="${days ?? ""}"
  >
    <div class="head">
      <h2>${name}</h2>
      <span class="level ${level}">${level}</span>
    </div>
    ${used !== null && barOf(used, level)}
    <dl>
      ${facts.map(
        ([term, value]) =>
          html`<div>
            <dt>${term}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
    ${chart(points)} ${problemList(problems.filter((each) => each.level !== "ok"))} ${columnsOf(name, columns)}
    ${folded(
      "information",
      problems.filter((each) => each.level === "ok"),
    )}
    ${folded("accepted", accepted)}
  </li> `;
}

function problemList(problems: readonly (HealthProblem | AcceptedProblem)[]): Content {
  if (problems.length === 0) return undefined;
  return html`<ul class="problems">
    ${problems.map((each) => problemOf(each))}
  </ul>`;
}

/** Lists what is no reason to act, behind a line that opens it. */
function folded(title: string, problems: readonly (HealthProblem | AcceptedProblem)[]): Content {
  if (problems.length === 0) return undefined;
  return html`<details>
    <summary>${problems.length} ${title}</summary>
    ${problemList(problems)}
  </details>`;
}

function barOf(used: number, level: HealthLevel): Html {
  // As in the terminal, a share above 0 shows, and only 1 is full.
  const width = used >= 1 ? 100 : Math.min(99, Math.max(used > 0 ? 1 : 0, used * 100));
  return html`<div class="bar ${level}-bar">
    <svg viewBox="0 0 100 1" preserveAspectRatio="none" role="img" aria-label="${percent(used)} used">
      <rect width="${width.toFixed(2)}" height="1"></rect>
    </svg>
  </div>`;
}

function problemOf(problem: HealthProblem | AcceptedProblem): Html {
  const { code, level, message, hint, fix } = problem;
  return html`<li>
    <span class="code ${level}">${code}</span> <span class="message">${inFlags(message)}</span>
    ${"reason" in problem && html`<p>Accepted: ${problem.reason}</p>`}
    ${hint !== undefined && html`<p><strong>Hint:</strong> ${inFlags(hint)}</p>`}
    ${
      fix !== undefined &&
      html`<div class="fix">
        <pre>${fix};</pre>
        ${isShownAsIs(fix) && html`<button type="button" class="copy" hidden>Copy</button>`}
      </div>`
    }
  </li>`;
}

function columnsOf(name: string, columns: SequenceHealth["columns"]): Content {
  if (columns.length === 0) return undefined;
  return html`<details>
    <summary>Feeds ${columns.length === 1 ? "one column" : `${columns.length} columns`}</summary>
    <div class="scroll" tabindex="0" role="region" aria-label="Columns of ${name}">
      <table>
        <thead>
          <tr>
            <th scope="col">column</th>
            <th scope="col">type</th>
            <th scope="col">key</th>
            <th scope="col">goes to</th>
          </tr>
        </thead>
        <tbody>
          ${columns.map(
            ({ schema, table, column, type, unique, extreme, notCompared }) =>
              html`<tr>
                <td>${schema}.${table}.${column}</td>
                <td>${type}</td>
                <td>${unique ? "unique" : ""}</td>
                <td>
                  ${
                    notCompared === null
                      ? extreme === null
                        ? "no rows"
                        : grouped(extreme)
                      : `not compared: ${notCompared}`
                  }
                </td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}

function grouped(value: bigint | number): string {
  return value.toLocaleString("en-US");
}
