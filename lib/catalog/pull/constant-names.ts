/** The name of a sequence for which a constant is named. */
interface Place {
  readonly schema: string;
  readonly seqName: string;
}

export interface Identifiers<Sequence extends Place> {
  readonly ofSequence: ReadonlyMap<Sequence, string>;
  /** Names by schema. The default schema needs none. */
  readonly ofSchema: ReadonlyMap<string, string>;
}

/**
 * Names the constants, each name only once. `order_seq` becomes `orderSeq`, or `billingOrderSeq` if another schema also
 * has an `order_seq`. A name that is still taken gets a number.
 */
export function identifiersOf<Sequence extends Place>(
  sequences: readonly Sequence[],
  defaultSchema: string | null,
): Identifiers<Sequence> {
  const plain = new Map(sequences.map((sequence) => [sequence, identifierOf(sequence.seqName, "seq")]));
  const schemasOf = new Map<string, Set<string>>();
  for (const [{ schema }, identifier] of plain) {
    schemasOf.set(identifier, (schemasOf.get(identifier) ?? new Set()).add(schema));
  }
  const wanted = [...plain]
    .map(([sequence, identifier]): [Sequence, string] =>
      sequence.schema === defaultSchema || schemasOf.get(identifier)?.size === 1
        ? [sequence, identifier]
        : [sequence, identifierOf(`${sequence.schema}_${sequence.seqName}`, "seq")],
    )
    .sort(([a], [b]) => Number(needsQuotes(a)) - Number(needsQuotes(b)));

  const reserved = new Set(wanted.map(([, identifier]) => identifier));
  const taken = new Set<string>();
  const ofSequence = new Map(
    wanted.map(([sequence, identifier]) => [sequence, claimName(identifier, taken, reserved)]),
  );
  const schemas = new Set(sequences.map(({ schema }) => schema).filter((schema) => schema !== defaultSchema));
  const ofSchema = new Map(
    [...schemas].map((schema) => {
      const identifier = identifierOf(schema, "schema");
      return [schema, claimName(taken.has(identifier) ? `${identifier}Schema` : identifier, taken, taken)];
    }),
  );
  return { ofSequence, ofSchema };
}

/** Whether a name needs quotes in SQL. Unquoted names get the better constant names. */
function needsQuotes({ seqName }: Place): boolean {
  return !/^[a-z_][a-z0-9_]*$/.test(seqName);
}

function claimName(identifier: string, taken: Set<string>, reserved: ReadonlySet<string>): string {
  let free = identifier;
  for (let number = 2; taken.has(free) || (free !== identifier && reserved.has(free)); number++) {
    free = `${identifier}${number}`;
  }
  taken.add(free);
  return free;
}

/**
 * Turns a name into an identifier: `orderSeq` for `order_seq`, `ORDER SEQ` or `OrderSeq`. Names that are no identifiers
 * get a word before or after: `seq2024` for `2024`, `classSeq` for `class`.
 */
function identifierOf(name: string, word: "seq" | "schema"): string {
  const [first = "", ...others] = name.normalize("NFC").match(WORD) ?? [];
  const identifier = [uncapitalized(first), ...others.map(capitalized)].join("");
  if (identifier === "") return word === "seq" ? "sequence" : word;
  if (!/^\p{ID_Start}/u.test(identifier)) return `${word}${identifier}`;
  return RESERVED.has(identifier) ? `${identifier}${capitalized(word)}` : identifier;
}

/**
 * Scripts whose letters every compiler knows: Latin, Greek, Cyrillic, Kana, Han, Hangul. Other letters are left out.
 */
const WORD =
  /(?:(?=[0-9A-Za-z\u00c0-\u024f\u0388-\u04ff\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fa5\uac00-\ud7a3])\p{ID_Continue})+/gu;

function uncapitalized(word: string): string {
  return word.replace(/^(?:\p{Lu}+(?=\p{Lu}\p{Ll})|\p{Lu}+)/u, (capitals) => capitals.toLowerCase());
}

function capitalized(word: string): string {
  const rest = /\p{Ll}/u.test(word) ? word.slice(1) : word.slice(1).toLowerCase();
  const first = word.slice(0, 1);
  const capital = first.toUpperCase();
  // Newer Unicode versions add capitals for small letters, and compilers learn of them later.
  return (capital.match(WORD)?.[0] === capital ? capital : first) + rest;
}

/** Reserved words, names that CommonJS has at the top of a file, and names that the source imports. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    "arguments await break case catch class const continue debugger default delete do else enum eval export exports " +
    "extends false finally for function globalThis if implements import in instanceof interface let module new null " +
    "package pgSchema pgSequence private protected public require return static super switch this throw true try " +
    "typeof undefined var void while with yield"
  ).split(" "),
);
