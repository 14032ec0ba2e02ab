import { styleText } from "node:util";
import { type Shown, ShownText } from "./shown-text.js";

const { NO_COLOR, TERM } = process.env;
const isShown = process.stdout.isTTY === true && !NO_COLOR && TERM !== "dumb";

/** Colors for standard output. Without a terminal that shows them, and with `NO_COLOR`, the text stays unchanged. */
export const color = {
  bold: styled("bold"),
  cyan: styled("cyan"),
  dim: styled("dim"),
  green: styled("green"),
  red: styled("red"),
  yellow: styled("yellow"),
};

function styled(format: Parameters<typeof styleText>[0]): (shown: Shown) => ShownText {
  // Later versions of Node.js would check the terminal again, by their own rules.
  const paint = (text: string) => (isShown ? styleText(format, text, { validateStream: false }) : text);
  return (shown) => ShownText.between(paint, shown);
}
