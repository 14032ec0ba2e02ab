/**
 * The program of the page: it filters, sorts and copies. If the page has an interval, it also replaces the list by that
 * of a new page. Everything else works without it.
 */
export const SCRIPT = `
"use strict";
const form = document.querySelector("form");
const state = document.querySelector("#state");
const interval = Number(document.body.dataset.interval);
const number = (item, key) => (item.dataset[key] === "" ? Infinity : Number(item.dataset[key]));
const orders = {
  worst: (one, other) => number(one, "rank") - number(other, "rank"),
  used: (one, other) => number(one, "free") - number(other, "free"),
  days: (one, other) => number(one, "days") - number(other, "days"),
  name: (one, other) => (one.dataset.name < other.dataset.name ? -1 : 1),
};
function show() {
  const data = new FormData(form);
  const text = String(data.get("text")).toLowerCase();
  const levels = data.getAll("level");
  const list = document.querySelector("ol.sequences");
  const items = [...list.children].sort(
    (one, other) => orders[data.get("sort")](one, other) || orders.worst(one, other));
  for (const button of list.querySelectorAll("button.copy")) button.hidden = false;
  let shown = 0;
  for (const item of items) {
    item.hidden = !(levels.includes(item.dataset.level) && item.dataset.name.toLowerCase().includes(text));
    if (!item.hidden) shown += 1;
  }
  list.append(...items);
  state.textContent = shown + " of " + items.length + " shown";
}
async function copy(button) {
  const text = button.parentElement.querySelector("pre").textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // A page that was opened as a file may not have a clipboard.
    const range = document.createRange();
    range.selectNodeContents(button.parentElement.querySelector("pre"));
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    if (!document.execCommand("copy")) return void (button.textContent = "Selected");
  }
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = "Copy"), 2000);
}
const controls = (item) => [...item.querySelectorAll("summary, button")];
async function refresh() {
  const old = document.querySelector("main");
  try {
    const response = await fetch(location.href, { cache: "no-store" });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    // Closing what the reader has opened, taking away the focus or what is selected would disturb.
    const open = new Set([...document.querySelectorAll("li:has(details[open])")].map((item) => item.dataset.name));
    if (getSelection().isCollapsed) {
      const focused = document.activeElement?.closest?.("main li[data-name]");
      const place = focused ? controls(focused).indexOf(document.activeElement) : -1;
      const next = page.querySelector("main");
      for (const item of next.querySelectorAll("li[data-name]")) {
        if (open.has(item.dataset.name)) for (const each of item.querySelectorAll("details")) each.open = true;
      }
      old.replaceWith(document.adoptNode(next));
      document.title = page.title;
      document.querySelector("header").replaceWith(document.adoptNode(page.querySelector("header")));
      show();
      if (place >= 0) {
        const same = [...next.querySelectorAll("li[data-name]")].find(
          (item) => item.dataset.name === focused.dataset.name);
        if (same) controls(same)[place]?.focus({ preventScroll: true });
      }
    }
  } catch {
    state.textContent = "nextval status does not answer";
  }
}
form.hidden = false;
form.addEventListener("input", show);
form.addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button.copy");
  if (button) void copy(button);
});
if (interval > 0) setInterval(refresh, interval * 1000);
show();
`;
