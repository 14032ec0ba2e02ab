import { MikroORM } from "@mikro-orm/postgresql";
import createKnex, { type Knex } from "knex";
import { bind, bindTransaction } from "nextval/host";
import { bind as bindKnex } from "nextval/knex";
import { Model } from "objection";
import pgPromise from "pg-promise";
import { QueryTypes, Sequelize, type Transaction } from "sequelize";
import { DataSource } from "typeorm";
import { testHostHandle } from "../../support/hosts/host-handle.js";

testHostHandle("Objection", (url) => {
  const knex = createKnex({ client: "pg", connection: url });
  return {
    db: bindKnex(knex),
    transaction: (work) => Model.transaction(knex, (trx) => work(bindKnex(trx))),
    close: () => knex.destroy(),
  };
});

testHostHandle("MikroORM", async (url) => {
  const orm = await MikroORM.init({ clientUrl: url, entities: [], discovery: { warnWhenNoEntities: false } });
  // It is another version of Knex here than the tests have.
  return {
    db: bindKnex(orm.em.getKnex() as unknown as Knex),
    transaction: (work) =>
      orm.em.transactional((em) => work(bindKnex(em.getTransactionContext<Knex.Transaction>() as Knex.Transaction))),
    close: () => orm.close(),
  };
});

testHostHandle("TypeORM", async (url) => {
  const source = await new DataSource({ type: "postgres", url }).initialize();
  return {
    db: bind((text, values) => source.query(text, values)),
    transaction: (work) =>
      source.transaction(({ queryRunner }) =>
        work(bindTransaction(async (text, values) => queryRunner?.query(text, values))),
      ),
    close: () => source.destroy(),
  };
});

testHostHandle("Sequelize", (url) => {
  const sequelize = new Sequelize(url, { logging: false });
  const run = (transaction?: Transaction) => (text: string, values: unknown[]) =>
    sequelize.query(text, {
      type: QueryTypes.SELECT,
      ...(values.length > 0 && { bind: values }),
      ...(transaction && { transaction }),
    });
  return {
    db: bind(run()),
    transaction: (work) => sequelize.transaction((transaction) => work(bindTransaction(run(transaction)))),
    close: () => sequelize.close(),
  };
});

const connect = pgPromise({ noWarnings: true });

testHostHandle("pg-promise", (url) => {
  const db = connect(url);
  return {
    db: bind((text, values) => db.any({ text, values })),
    transaction: (work) => db.tx((tx) => work(bindTransaction((text, values) => tx.any({ text, values })))),
    close: () => db.$pool.end(),
  };
});
