// Move a sequence past the rows of an import
import { applyResync, planResync } from "nextval/operate";
import { db } from "playground";

await db`drop table if exists orders`;
await db`create table orders (id bigserial primary key, note text)`;

// An import brings its own ids. The sequence does not notice.
await db`insert into orders values (1, 'imported'), (2, 'imported'), (500, 'imported')`;
await db`insert into orders (note) values ('new')`.catch(console.log);

const plan = await planResync(db);
for (const { from, to } of plan.moves) console.log(`next is ${from}, moves to ${to}`);
await applyResync(db, plan);

console.log(await db`insert into orders (note) values ('new') returning id`);
