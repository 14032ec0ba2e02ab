const LONGEST = 63;

/** Returns a name in one of ten styles: most are plain, some need quotes, and one is as long as the server allows. */
export function nameOf(kind: string, number: number, style: number): string {
  const plain = `${kind}${number}`;
  switch (style) {
    case 4:
      return `Upper ${plain}`;
    case 5:
      return `"quoted" it's ${plain}`;
    case 6:
      return `dotted.${plain}`;
    case 7:
      return `ünï ${plain} 订单`;
    case 8:
      return plain.padEnd(LONGEST, "_long");
    case 9:
      return `$1 \\${plain}; --`;
    default:
      return plain;
  }
}

/** Returns the name of a part of a table. */
export function partOf(table: string, part: string): string {
  return `${table.slice(0, 20)} ${part}`;
}

export function quoted(...parts: readonly string[]): string {
  return parts.map((part) => `"${part.replaceAll('"', '""')}"`).join(".");
}

export function literal(text: string): string {
  return `${text.includes("\\") ? " E" : ""}'${text.replaceAll("'", "''").replaceAll("\\", "\\\\")}'`;
}
