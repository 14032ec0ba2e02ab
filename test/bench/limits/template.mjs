// How close a template can come to `{ text, values }` written by hand, if its tag checks nothing: it keeps the values,
// and copies them when they are read, so no reader can change them. Run it with node, and compare with "3 scalars".
class Fragment {
  own;
  constructor(values) {
    this.own = values;
  }
  get text() {
    return TEXT;
  }
  get values() {
    return this.own.slice();
  }
}
const TEXT = "select id, name from users where org_id = $1 and age > $2 and name = $3";
const tag = (_strings, ...values) => new Fragment(values);
const byHand = (id) => ({ text: TEXT, values: [id, id + 1, "x"] });
const byTag = (id) => tag`select id, name from users where org_id = ${id} and age > ${id + 1} and name = ${"x"}`;

/** Keeps what was read, so nothing can be optimized away. */
const sink = {};
const ways = {
  byHand(id) {
    const query = byHand(id);
    sink.query = query;
    sink.text = query.text;
    sink.values = query.values;
  },
  byTag(id) {
    const query = byTag(id);
    sink.query = query;
    sink.text = query.text;
    sink.values = query.values;
  },
};
const times = { byHand: [], byTag: [] };
for (let round = -5; round < 25; round++) {
  for (const [name, run] of Object.entries(ways)) {
    const { user, system } = process.cpuUsage();
    for (let id = 0; id < 200_000; id++) run(id);
    const end = process.cpuUsage();
    if (round >= 0) times[name].push(end.user + end.system - user - system);
  }
}
const [hand, tagged] = Object.values(times).map((all) => all.sort((one, other) => one - other)[all.length >> 1]);
console.log(`a tag that checks nothing: ${(tagged / hand).toFixed(2)} times by hand`);
